"""What a job of kind `describe` found, as its row keeps it.

Result(exemplar_sets=(1, 2), …).to_json()
Result.from_json(job.result)
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

VERSION = 2


@dataclass(frozen=True)
class Result:
    """What was done, and how fast.

    Attributes:
        exemplar_sets: the ids of the layers' exemplars.
        skipped: of each image that could not be read its path and why.
        described: how many sentences were looked for; those that were there are not counted.
        images_per_s: of the pass over the images; None where none was measured.
        units_per_s: of MILAN's sentences; None where there were none to find.
        by_method: of each method that ran its name, how many units it looked at, and how many a
            second; None where there were none left.
        scored: how many sentences were scored on images that gave no exemplars; judge: by whom.
    """

    exemplar_sets: tuple[int, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    described: int = 0
    images_per_s: float | None = None
    units_per_s: float | None = None
    by_method: tuple[tuple[str, int, float | None], ...] = ()
    scored: int = 0
    judge: str = ""

    def rate_of(self, method: str) -> float | None:
        """Units a second of a method; results of before there were several tell MILAN's alone."""
        rates = [rate for name, _, rate in self.by_method if name == method and rate]
        if not self.by_method and method == "milan":
            return self.units_per_s
        return rates[0] if rates else None

    def to_json(self) -> dict[str, Any]:
        """The values that the job's row keeps."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Result":
        """What a row keeps; rows of before there were versions hold the same names."""
        return cls(
            exemplar_sets=tuple(kept.get("exemplar_sets", ())),
            skipped=tuple((path, reason) for path, reason in kept.get("skipped", ())),
            described=int(kept.get("described", 0)),
            images_per_s=kept.get("images_per_s"),
            units_per_s=kept.get("units_per_s"),
            by_method=tuple((name, count, rate) for name, count, rate in kept.get("by_method", ())),
            scored=int(kept.get("scored", 0)),
            judge=str(kept.get("judge", "")),
        )
