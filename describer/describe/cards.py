"""What a MILAN checkpoint learned from, and whether network and images are of another kind.

    caution(db, checkpoint, images)             # "" where they are of the kind it knows
    card(checkpoint).words

The demo's checkpoint knows the drawn world alone, published ones photographs (a file of their
format is taken for one of them, which is said); one that was trained here knows the exemplars that
people described for it. Of others nothing is known, and that is said.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.describe import exemplars
from db.describe.subjects import CheckpointRow, ProbingSetRow

DEMO = "demo"
DRAWN = "pictures of the demo's drawn world"
PHOTOGRAPHS = "photographs, if it is a published one (networks on ImageNet and Places365)"


@dataclass(frozen=True)
class Card:
    """What is known of a checkpoint's training.

    Attributes:
        domain: what its pictures were of; "" where nothing tells.
        encoder: what sees for it; "" where nothing tells.
        annotations: how many units people described for it; None where nothing tells.
        exemplars: hashes of the exemplars that it learned from; none where nothing tells.
        licence: of its sentences; "" where nothing tells.
    """

    domain: str
    encoder: str = ""
    annotations: int | None = None
    exemplars: frozenset[str] = frozenset()
    licence: str = ""

    @property
    def words(self) -> str:
        """The card in one line."""
        count = f"{self.annotations:,} described units" if self.annotations else ""
        parts = (self.domain or "its training is not known", count, self.encoder, self.licence)
        return " · ".join(part for part in parts if part)


def card(row: CheckpointRow) -> Card:
    """What is known of a checkpoint; nothing is loaded."""
    if row.source == DEMO:
        return Card(DRAWN, "the demo's own encoder", licence="as this workbench")
    path = Path(row.source)
    if path.suffix == ".pth":
        return Card(PHOTOGRAPHS, "ResNet-101 unless its file says otherwise")
    return _of_folder(path / "checkpoint.json")


def caution(db: Database, row: CheckpointRow, images: ProbingSetRow) -> str:
    """Why a checkpoint's sentences may say little about such images; "" where nothing speaks so."""
    known = card(row)
    drawn = images.origin == DEMO
    if known.domain == DRAWN and not drawn:
        return (
            f"{row.name} was trained on {DRAWN} and knows no other words: of {images.name} its "
            "sentences say little"
        )
    if known.domain == PHOTOGRAPHS and drawn:
        return f"{row.name} was trained on {PHOTOGRAPHS}; {images.name} is drawn"
    if known.exemplars:
        sets = [each for each in exemplars.sets(db) if each.hash in known.exemplars]
        seen = sorted({each.probing_set for each in sets if each.probing_set})
        if seen and images.name not in seen:
            return (
                f"{row.name} was trained on exemplars from {', '.join(seen)}, not from "
                f"{images.name}: where these differ in kind, its sentences say little"
            )
        return ""
    return "" if known.domain else f"what {row.name} was trained on is not known"


def _of_folder(path: Path) -> Card:
    try:
        moment = path.stat().st_mtime_ns
    except OSError:
        return Card("")
    return _read(path, moment)


@lru_cache(maxsize=32)
def _read(path: Path, _moment: int) -> Card:
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return Card("")
    training = values.get("training") or {}
    seen = [one for each in training.get("exemplars") or [] for one in dict(each).values()]
    encoder = str((values.get("encoder") or {}).get("name") or "")
    return Card(
        "annotations of exemplars, trained with this workbench" if seen else "",
        encoder,
        training.get("training_units"),
        frozenset(seen),
        str(training.get("licence") or ""),
    )
