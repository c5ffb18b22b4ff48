"""What an ablation found, as it is stored with its experiment and shown on pages.

    of(experiment)                          # of a stored experiment, None until it is finished
    Summary.from_json(found.to_json())      # the same as `found`

Experiments of before summaries had a version are read as well. Plain records: nothing here loads a
network; `summary.py` makes them of a measurement.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from audits.figures.intervals import Interval
from audits.network.labels import Assigned
from db.audit.ablations import Ablation
from db.units import Unit

VERSION = 1


@dataclass(frozen=True)
class Point:
    """The measurement at one count: accuracies, and the controls' range at that count."""

    n_ablated: int
    validation: float | None
    test: float
    random: Interval | None
    sorted_all: float | None


@dataclass(frozen=True)
class Draw:
    """The random units of one control, in their order."""

    trial: int
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class WholeLayer:
    """The accuracy without any of the `units` units of a layer."""

    layer: str
    units: int
    accuracy: float


@dataclass(frozen=True)
class ClassAccuracy:
    """Accuracy over one class's test images: unedited, edited, and the mean of random draws."""

    images: int
    before: float
    after: float | None
    random: float | None


@dataclass(frozen=True)
class ClassCurve:
    """Accuracies over one class's images at each count; empty where they were not measured."""

    test: tuple[float, ...]
    validation: tuple[float, ...]
    random: tuple[float, ...]


@dataclass(frozen=True)
class ClassCurves:
    """Curves by class; `left_out` says of how many classes there are none."""

    counts: tuple[int, ...] = ()
    left_out: int = 0
    classes: Mapping[str, ClassCurve] = field(default_factory=dict)


@dataclass(frozen=True)
class Tuned:
    """Test accuracies in [0, 1] with the head as it was and trained again.

    `epochs` were trained until the validation loss fell no more; `best` of them are kept (0: the
    head as it was is best).
    """

    before: float
    after: float
    epochs: int
    best: int


@dataclass(frozen=True)
class Head:
    """The head trained again with `units` units silent, and the unedited network's likewise."""

    training: str
    units: int
    edited: Tuned
    unedited: Tuned

    def rows(self) -> list[tuple[str, str]]:
        """In words and numbers."""
        return [
            (
                f"accuracy {label}, head trained again on {self.training} ({tuned.best} epochs)",
                f"{tuned.after:.2%} (before: {tuned.before:.2%})",
            )
            for tuned, label in (
                (self.edited, f"without {self.units} units"),
                (self.unedited, "without ablation"),
            )
        ]


@dataclass(frozen=True)
class Data:
    """What a set of images is known by, how many it has, which output each of its classes was
    taken for, and sentences about what is in the folder."""

    digest: str
    images: int
    classes: tuple[Assigned, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """A finished ablation.

    Attributes:
        measure: "accuracy" against labels, or "agreement" with the unedited network.
        images: how many test images there are.
        units: in the order of their ablation.
        start, chosen, best, end: see `audits.ablation.measure.Measured`.
        controls: what the random draws drew.
        sorted_all: the order of all examined units, cut to as many; empty without.
        by_class_count: how many units are ablated in `by_class`.
        ties: (what, value) of other orders of units that are equal, where there are.
        rows: (what, value), for people to read.
        head: where it was trained again.
        weights: the hash of the network's.
        data: the sets of images by name.
        skipped: (path, reason) of images that could not be read.
    """

    measure: Literal["accuracy", "agreement"]
    images: int
    units: tuple[Unit, ...]
    start: Point
    chosen: Point | None
    best: Point
    end: Point
    controls: tuple[Draw, ...] = ()
    sorted_all: tuple[Unit, ...] = ()
    whole_layers: tuple[WholeLayer, ...] = ()
    by_class_count: int = 0
    by_class: Mapping[str, ClassAccuracy] = field(default_factory=dict)
    class_curves: ClassCurves = ClassCurves()
    warnings: tuple[str, ...] = ()
    ties: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    head: Head | None = None
    weights: str = ""
    data: Mapping[str, Data] = field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As an experiment stores it."""
        points = {name: _point_json(getattr(self, name)) for name in _POINTS}
        data = {name: _data_json(images) for name, images in self.data.items()}
        values = {**asdict(self), **points, "data": data, "version": VERSION}
        if not self.ties:
            # As it was stored before orders were compared.
            del values["ties"]
        return values

    def measured_json(self) -> dict[str, Any]:
        """What summary.json says of the measurement: without what only a workspace knows."""
        left = ("version", "head", "weights", "data", "skipped")
        return {key: value for key, value in self.to_json().items() if key not in left}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Summary":
        """What `to_json` gave, with or without a version."""
        start, chosen, best, end = (_point(values.get(name)) for name in _POINTS)
        assert start is not None, "every measurement begins without ablation"
        assert best is not None, "some count is the best"
        end = end or best
        curves = values.get("class_curves", {})
        head = values.get("head")
        return Summary(
            measure=values.get("measure", "accuracy"),
            images=values.get("images", 0),
            units=_units(values.get("units", ())),
            start=start,
            chosen=chosen,
            best=best,
            end=end,
            controls=tuple(
                Draw(each["trial"], _units(each["units"])) for each in values.get("controls", ())
            ),
            sorted_all=_units(values.get("sorted_all", ())),
            whole_layers=tuple(WholeLayer(**each) for each in values.get("whole_layers", ())),
            # Without it, the classes are those at the chosen count, be it 0.
            by_class_count=values.get("by_class_count", (chosen or end).n_ablated),
            by_class={
                name: ClassAccuracy(
                    each.get("images", 0), each["before"], each["after"], each.get("random")
                )
                for name, each in values.get("by_class", {}).items()
            },
            class_curves=ClassCurves(
                tuple(curves.get("counts", ())),
                curves.get("left_out", 0),
                {
                    name: ClassCurve(**{key: tuple(line) for key, line in each.items()})
                    for name, each in curves.get("classes", {}).items()
                },
            ),
            warnings=tuple(values.get("warnings", ())),
            ties=_said(values.get("ties", ())),
            rows=_said(values.get("rows", ())),
            head=head
            and Head(
                head["training"], head["units"], Tuned(**head["edited"]), Tuned(**head["unedited"])
            ),
            weights=values.get("weights", ""),
            data={name: _data(each) for name, each in values.get("data", {}).items()},
            skipped=tuple((path, reason) for path, reason in values.get("skipped", ())),
        )


@dataclass(frozen=True)
class Ablated:
    """The result of a job of kind `ablate`: an experiment of the workspace."""

    ablation_id: int

    def to_json(self) -> dict[str, Any]:
        """As the job stores it."""
        return {**asdict(self), "version": VERSION}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Ablated":
        """What `to_json` gave, with or without a version."""
        return Ablated(int(values["ablation_id"]))


_POINTS = ("start", "chosen", "best", "end")


def of(experiment: Ablation) -> Summary | None:
    """What a stored experiment found; None until it is finished."""
    return Summary.from_json(experiment.summary) if experiment.summary else None


def _data_json(images: Data) -> dict[str, Any]:
    """What is known of a set; without what earlier versions did not say and this one has not."""
    return {key: value for key, value in asdict(images).items() if value != ()}


def _data(values: Mapping[str, Any]) -> Data:
    return Data(
        values["digest"],
        values["images"],
        tuple(Assigned(**row) for row in values.get("classes", ())),
        tuple(values.get("notes", ())),
    )


def _said(values: Sequence[Sequence[Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in values)


def _units(values: Sequence[Sequence[Any]]) -> tuple[Unit, ...]:
    return tuple((str(layer), int(unit)) for layer, unit in values)


def _point_json(point: Point | None) -> dict[str, Any] | None:
    """A point; JSON has no NaN, which is what the interval of one draw is."""
    if point is None:
        return None
    values = asdict(point)
    random = values["random"]
    if random is not None and math.isnan(random["low"]):
        values["random"] = random = {"mean": random["mean"], "low": None, "high": None}
    if random is not None and not random.get("draws"):
        # Stored before the number of draws was: written as it was read.
        random.pop("draws", None)
    return values


def _point(values: Mapping[str, Any] | None) -> Point | None:
    if values is None:
        return None
    random = values.get("random")
    if random is not None:
        low, high = (math.nan if random[end] is None else random[end] for end in ("low", "high"))
        # Before the number of draws was stored, the ends were where one more draw would lie.
        draws = random.get("draws", int(math.isnan(low)))
        random = Interval(random["mean"], low, high, draws)
    return Point(
        values["n_ablated"],
        values.get("validation"),
        values["test"],
        random,
        values.get("sorted_all"),
    )
