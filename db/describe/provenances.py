"""What descriptions were made of: a method's models, prompts, seeds and options, once a hash.

    provenances.add(db, "dnd", model_hash, {"captioner": "…", "seed": 0})
    provenances.of(db, "dnd", model_hash)

Descriptions name their method and the hash; what the hash stands for is kept here, unchanged.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from db.workspace import now


def add(db: Database, method: str, model_hash: str, values: Mapping[str, Any]) -> None:
    """Keep what a hash stands for; what is kept already stays."""
    with db.atomic():
        db.execute(
            """
            insert or ignore into provenances (method, model_hash, provenance_json, created_utc)
            values (?, ?, ?, ?)
            """,
            [method, model_hash, json.dumps(dict(values), sort_keys=True), now()],
        )


def of(db: Database, method: str, model_hash: str) -> dict[str, Any]:
    """What a hash stands for; empty where nothing was kept, as of sentences from a table."""
    rows = db.execute(
        "select provenance_json from provenances where method = ? and model_hash = ?",
        [method, model_hash],
    )
    for (text,) in rows:
        found: dict[str, Any] = json.loads(text)
        return found
    return {}
