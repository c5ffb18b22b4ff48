"""The sets of concepts that a workspace knows: where they lie, in which format, and their hash.

    concept_sets.add(db, "things", format="coco", place=path, concepts=80, hash=…)
    concept_sets.get(db, "things")

Reading them is the describer's business.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from db.errors import BadInput, NotFound
from db.workspace import now


@dataclass(frozen=True)
class ConceptSetRow:
    """A set of concepts.

    Attributes:
        format, place: how it is written and where it lies; colours lie nowhere.
        names_file: where its names come from, if not from its place.
        concepts: how many there are.
        hash: identity of the set with all its labels.
    """

    concept_set_id: int
    name: str
    format: str
    place: str
    names_file: str
    concepts: int
    hash: str
    created_utc: str


def add(
    db: Database,
    name: str,
    *,
    format: str,
    place: str,
    concepts: int,
    hash: str,
    names_file: str = "",
) -> ConceptSetRow:
    """Enter a set of concepts, or refresh where the one of the same name and content lies.

    Raises:
        BadInput: the name belongs to a set with another content.
    """
    if not name.strip():
        raise BadInput("expected a name for the concepts, got none")
    with db.atomic():
        cursor = db.execute(
            """
            insert into concept_sets
                (name, format, place, names_file, concepts, hash, created_utc)
            values (:name, :format, :place, :names, :concepts, :hash, :now)
            on conflict (name) do update
                set format = :format, place = :place, names_file = :names
            where hash = :hash
            """,
            {
                "name": name,
                "format": format,
                "place": place,
                "names": names_file,
                "concepts": concepts,
                "hash": hash,
                "now": now(),
            },
        )
    if not cursor.rowcount:
        raise BadInput(
            f"expected a name that no other concepts have, got {name!r}, which this workspace "
            "knows with other labels"
        )
    return get(db, name)


def get(db: Database, name: str) -> ConceptSetRow:
    """The set of that name.

    Raises:
        NotFound: there is none.
    """
    for row in db.query("select * from concept_sets where name = ?", [name]):
        return ConceptSetRow(**row)
    known = ", ".join(row.name for row in every(db)) or "none yet"
    raise NotFound(f"expected the name of concepts of this workspace ({known}), got {name!r}")


def every(db: Database) -> list[ConceptSetRow]:
    """All sets, by name."""
    return [ConceptSetRow(**row) for row in db.query("select * from concept_sets order by name")]
