"""The networks, probing sets and checkpoints that a workspace knows.

    subject = subjects.add(db, "resnet18", source=path, weights_hash=…, layers=[…])
    subjects.every(db)

Rows hold names, hashes and where the files lie; reading the files is the describer's business.
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.errors import BadInput, NotFound
from db.workspace import now


@dataclass(frozen=True)
class LayerRow:
    """What is known of a layer without loading the network.

    Attributes:
        name: module path.
        kind: "map", "tokens" or "vector".
        units: how many units it has.
        listed: whether the subject's file names it as one to study.
    """

    name: str
    kind: str
    units: int
    listed: bool = True


@dataclass(frozen=True)
class SubjectRow:
    """A network under study: the file that describes it, and the hash of its weights.

    `code_hash` is that of the user's code that it is built and run by; "" where all code was
    installed, and for networks that were entered before it was kept.
    """

    subject_id: int
    name: str
    source: Path
    weights_hash: str
    layers: tuple[LayerRow, ...]
    origin: str
    created_utc: str
    code_hash: str = ""


@dataclass(frozen=True)
class ProbingSetRow:
    """A folder of images; `classes` is empty when its images have no labels."""

    probing_set_id: int
    name: str
    root: Path
    images: int
    classes: tuple[str, ...]
    origin: str
    created_utc: str


@dataclass(frozen=True)
class CheckpointRow:
    """A MILAN checkpoint: a published file, one of our folders, or the built-in `demo`."""

    checkpoint_id: int
    name: str
    source: str
    hash: str
    created_utc: str


def unknown_weights(name: str) -> str:
    """What stands for the hash of a network's weights that are not here."""
    return f"unknown weights of {name}"


def add(
    db: Database,
    name: str,
    *,
    source: Path,
    weights_hash: str,
    layers: Sequence[LayerRow],
    origin: str = "user",
    code_hash: str = "",
) -> SubjectRow:
    """Enter a network, or refresh where the file of the same name, weights and code lies.

    A network that was known by its name only, from imported sentences, gets its weights here.

    Raises:
        BadInput: the name belongs to a network with other weights or other code.
    """
    values = {
        "name": name,
        "source": str(source),
        "hash": weights_hash,
        "code": code_hash,
        "layers": json.dumps([astuple(layer) for layer in layers]),
        "origin": origin,
        "now": now(),
    }
    with db.atomic():
        cursor = db.execute(
            """
            insert into subjects
                (name, source, weights_hash, code_hash, layers_json, origin, created_utc)
            values (:name, :source, :hash, :code, :layers, :origin, :now)
            on conflict (name) do update
                set source = :source, weights_hash = :hash, code_hash = :code,
                    layers_json = :layers, origin = :origin
            where weights_hash in (:hash, :unknown) and code_hash in (:code, '')
            """,
            {**values, "unknown": unknown_weights(name)},
        )
    if not cursor.rowcount:
        what = "other weights" if get(db, name).weights_hash != weights_hash else "other code"
        raise BadInput(
            f"expected a name that no other network has, got {name!r}, "
            f"which this workspace knows with {what}; change `name` in the subject's file"
        )
    return get(db, name)


def get(db: Database, name: str) -> SubjectRow:
    """The network of that name.

    Raises:
        NotFound: there is none.
    """
    for row in db.query("select * from subjects where name = ?", [name]):
        return _subject(row)
    known = ", ".join(subject.name for subject in every(db)) or "none yet"
    raise NotFound(f"expected the name of a network of this workspace ({known}), got {name!r}")


def every(db: Database) -> list[SubjectRow]:
    """All networks, by name."""
    return [_subject(row) for row in db.query("select * from subjects order by name")]


def add_probing_set(
    db: Database,
    name: str,
    *,
    root: Path,
    images: int,
    classes: Sequence[str],
    origin: str = "user",
) -> ProbingSetRow:
    """Enter a folder of images, or refresh the entry of the same name and folder.

    Raises:
        BadInput: the name belongs to another folder.
    """
    with db.atomic():
        cursor = db.execute(
            """
            insert into probing_sets (name, root, images, classes_json, origin, created_utc)
            values (:name, :root, :images, :classes, :origin, :now)
            on conflict (name) do update set images = :images, classes_json = :classes
            where root = :root
            """,
            {
                "name": name,
                "root": str(root),
                "images": images,
                "classes": json.dumps(list(classes)),
                "origin": origin,
                "now": now(),
            },
        )
    if not cursor.rowcount:
        raise BadInput(f"expected a name that no other image folder has, got {name!r}")
    return get_probing_set(db, name)


def get_probing_set(db: Database, name: str) -> ProbingSetRow:
    """The probing set of that name.

    Raises:
        NotFound: there is none.
    """
    for row in db.query("select * from probing_sets where name = ?", [name]):
        return _probing_set(row)
    known = ", ".join(each.name for each in every_probing_set(db)) or "none yet"
    raise NotFound(f"expected the name of an image folder here ({known}), got {name!r}")


def every_probing_set(db: Database) -> list[ProbingSetRow]:
    """All probing sets, by name."""
    return [_probing_set(row) for row in db.query("select * from probing_sets order by name")]


def add_checkpoint(db: Database, name: str, *, source: str, hash: str) -> CheckpointRow:
    """Enter a MILAN checkpoint; entering the same one again changes nothing.

    Raises:
        BadInput: the name belongs to another checkpoint.
    """
    with db.atomic():
        cursor = db.execute(
            """
            insert into checkpoints (name, source, hash, created_utc)
            values (:name, :source, :hash, :now)
            on conflict (name) do update set source = :source where hash = :hash
            """,
            {"name": name, "source": source, "hash": hash, "now": now()},
        )
    if not cursor.rowcount:
        raise BadInput(f"expected a name that no other checkpoint has, got {name!r}")
    return get_checkpoint(db, name)


def get_checkpoint(db: Database, name: str) -> CheckpointRow:
    """The checkpoint of that name.

    Raises:
        NotFound: there is none.
    """
    for row in db.query("select * from checkpoints where name = ?", [name]):
        return CheckpointRow(**row)
    raise NotFound(f"expected the name of a checkpoint of this workspace, got {name!r}")


def every_checkpoint(db: Database) -> list[CheckpointRow]:
    """All checkpoints, by name."""
    return [CheckpointRow(**row) for row in db.query("select * from checkpoints order by name")]


def _subject(row: dict[str, Any]) -> SubjectRow:
    values = dict(row)
    layers = tuple(LayerRow(*layer) for layer in json.loads(values.pop("layers_json")))
    return SubjectRow(**{**values, "source": Path(values["source"])}, layers=layers)


def _probing_set(row: dict[str, Any]) -> ProbingSetRow:
    values = dict(row)
    classes = tuple(json.loads(values.pop("classes_json")))
    return ProbingSetRow(**{**values, "root": Path(values["root"])}, classes=classes)
