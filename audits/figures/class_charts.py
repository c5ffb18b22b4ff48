"""Small multiples: one little curve a class, all to the same scale.

    svg = small_multiples(summary.class_curves, chosen=18)

Test accuracy is solid, validation dashed, the mean of random draws dotted, as in the large curve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from markupsafe import Markup

from audits.figures.chart import CONTROL, KEYWORD
from db import templates

_PARTS = templates.beside(__file__)

WIDE, TALL, HEAD, FOOT, SIDE = 180, 96, 18, 14, 26


class Curve(Protocol):
    """Accuracies over one class's images at each count; empty where they were not measured."""

    @property
    def test(self) -> Sequence[float]: ...
    @property
    def validation(self) -> Sequence[float]: ...
    @property
    def random(self) -> Sequence[float]: ...


class Curves(Protocol):
    """Curves by class; `left_out` says of how many classes there are none."""

    @property
    def counts(self) -> Sequence[int]: ...
    @property
    def left_out(self) -> int: ...
    @property
    def classes(self) -> Mapping[str, Curve]: ...


@dataclass(frozen=True)
class _Chart:
    """One class: its curve, and where counts and accuracies lie, in pixels."""

    name: str
    counts: Sequence[int]
    curve: Curve
    chosen: int | None
    wide: ClassVar[int] = WIDE
    tall: ClassVar[int] = TALL
    head: ClassVar[int] = HEAD
    floor: ClassVar[int] = TALL - FOOT
    side: ClassVar[int] = SIDE

    @property
    def most(self) -> int:
        return max(1, *self.counts) if self.counts else 1

    @property
    def short(self) -> str:
        return self.name if len(self.name) <= 24 else f"{self.name[:23]}…"

    @property
    def ends(self) -> str:
        """The curve's first and last accuracy, in words."""
        test = self.curve.test
        return f"{test[0]:.1%} at first, {test[-1]:.1%} at last" if test else "not measured"

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Points, colour and dashes of the three lines."""
        return [
            (self._path(self.curve.random), CONTROL, "2 3"),
            (self._path(self.curve.validation), KEYWORD, "5 3"),
            (self._path(self.curve.test), KEYWORD, ""),
        ]

    def x(self, count: float) -> float:
        return SIDE + (WIDE - SIDE - 6) * count / self.most

    def y(self, accuracy: float) -> float:
        return HEAD + (self.floor - HEAD) * (1 - accuracy)

    def _path(self, values: Sequence[float]) -> str:
        pairs = zip(self.counts, values, strict=False)
        return " ".join(f"{self.x(count):.1f},{self.y(value):.1f}" for count, value in pairs)


def small_multiples(curves: Curves, *, chosen: int | None = None) -> Markup:
    """Accuracy by class against the number of ablated units; empty without classes.

    Args:
        chosen: the count chosen on validation data, marked by a line.
    """
    if not curves.classes:
        return Markup()
    charts = [_Chart(name, curves.counts, curve, chosen) for name, curve in curves.classes.items()]
    return _PARTS("multiples", charts=charts, left_out=curves.left_out)
