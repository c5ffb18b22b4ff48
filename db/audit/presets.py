"""Lists of words under a name: the papers' and one's own.

presets.save(db, "wheels", "wheel tyre spoke", person="ada")
presets.every(db)["wheels"]                     # ("wheel", "tyre", "spoke")
"""

import json

from sqlite_utils import Database

from db import log
from db.audit.words import PRESETS, parse
from db.errors import BadInput
from db.workspace import now


def every(db: Database) -> dict[str, tuple[str, ...]]:
    """All presets: those of the papers first, then one's own by name."""
    rows = db.query("select name, words_json from presets order by name")
    return {**PRESETS, **{row["name"]: tuple(json.loads(row["words_json"])) for row in rows}}


def save(db: Database, name: str, text: str, *, person: str) -> None:
    """Keep words under a name; one's own preset of that name is replaced.

    Raises:
        BadInput: no name, a name of the papers' presets, or anything but plain words.
    """
    name = " ".join(name.split()).casefold()
    if not name or name in PRESETS or len(name) > 64:
        raise BadInput(
            f"expected a name of 1 to 64 letters other than {', '.join(PRESETS)}, got {name!r}"
        )
    query = parse(text)
    if query.all or query.none:
        raise BadInput("A preset is a list of words, without + and -.")
    with db.atomic():
        db.execute(
            """
            insert into presets (name, words_json, person, created_utc) values (?, ?, ?, ?)
            on conflict (name) do update set words_json = excluded.words_json,
                person = excluded.person, created_utc = excluded.created_utc
            """,
            [name, json.dumps(list(query.any)), person, now()],
        )
        log.add(db, person, "saved preset", f"preset:{name}", words=list(query.any))
