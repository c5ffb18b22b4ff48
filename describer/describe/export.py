"""The descriptions that a search finds, as a table for other programs.

    made = write(db, workspace.reports, subject="resnet18", method="milan")

Of each unit and method the newest description. The columns are those of `app.py describe`, with
network and method beside them: `app.py audit` and `app.py add descriptions` read the table of one
network and method.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db import tables
from db.describe import descriptions
from db.describe.descriptions import Description
from describer.methods.options import MILAN

COLUMNS = (
    "subject",
    "layer",
    "unit",
    "method",
    "description",
    "score",
    "log_p_given_e",
    "log_p",
)


@dataclass(frozen=True)
class Made:
    """A file in the folder, and how many descriptions it holds."""

    file: str
    rows: int


def write(
    db: Database,
    folder: Path,
    *,
    subject: str | None = None,
    layer: str | None = None,
    method: str | None = None,
    search: str = "",
) -> Made:
    """Write `descriptions-HASH.csv` into a folder; the same descriptions make the same file."""
    # Another search, or other exemplars of the layer, described a unit again.
    newest: dict[tuple[str, str, int, str], Description] = {}
    for each in descriptions.every(db, subject=subject, layer=layer, method=method, search=search):
        place = (each.subject, each.layer, each.unit, each.method)
        if place not in newest or newest[place].description_id < each.description_id:
            newest[place] = each
    content = "".join(tables.lines(COLUMNS, map(_cells, newest.values()))).encode()
    name = f"descriptions-{hashlib.sha256(content).hexdigest()[:12]}.csv"
    (folder / name).write_bytes(content)
    return Made(name, len(newest))


def _cells(each: Description) -> list[object]:
    mine = each.candidates if each.method == MILAN else ()
    logs = next((tail for text, *tail in mine if text == each.text), ["", ""])
    return [each.subject, each.layer, each.unit, each.method, each.text, each.score, *logs]
