"""What the describe job does after the sentences: score them on images that gave no exemplars.

    told = measure(workspace, study, sets, Asked(), watch)
    told.units, told.judge, told.reason

Layers are finished one by one, each in one transaction with a note of all that it depends on: a job
that was killed and is queued again goes on at the next layer and ends with the same rows, and one
that finds nothing new to score leaves them. The network is not run again: the pass over the
images kept every unit's pooled activations.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from db.describe import descriptions, exemplars, faithfulness, trusted
from db.describe.descriptions import Description
from db.describe.exemplars import ExemplarSet
from db.jobs import Watch
from db.workspace import Workspace, open_database
from describer.faithfulness import layers, rows, sanity, units
from describer.faithfulness.judges import opening
from describer.faithfulness.judges.shape import Judge
from describer.faithfulness.scoring import Found, Options
from describer.faithfulness.trusted import Value
from describer.images import probing
from describer.methods import image_text
from describer.methods.image_text import ImageText
from describer.methods.study import Study

VERSION = 1
NO_JUDGE = "nothing here knows where a sentence holds: no labels, no model, no classes"
UNSEEN = "{}, images that gave no exemplars"

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """How a job scores its sentences; judge: a word of `judges.opening`, "" for the best."""

    judge: str = ""
    names: str = ""
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Told:
    """What was done: how many sentences were scored, by whom; or why none were."""

    sentences: int = 0
    judge: str = ""
    reason: str = ""


@dataclass(frozen=True)
class _Layer:
    """A layer to score: its exemplars, sentences by method and unit, and ids of its units."""

    set_: ExemplarSet
    said: Mapping[str, Mapping[int, Description]]
    unit_ids: Mapping[int, int]
    identity: str

    def texts(self) -> dict[str, list[str | None]]:
        """A text a unit, by method."""
        count = self.set_.units
        return {
            method: [own[unit].text if unit in own else None for unit in range(count)]
            for method, own in self.said.items()
        }


def measure(
    workspace: Workspace, study: Study, sets: Sequence[ExemplarSet], asked: Asked, watch: Watch
) -> Told:
    """Score what methods say of the units of some exemplars, and keep it.

    Raises:
        BadInput, NotFound: the judge that was asked for is not here or cannot judge these images.
        Cancelled: the watch said so; finished layers stay.
    """
    if asked.judge == opening.NONE:
        return Told(reason="not asked for")
    with open_database(workspace) as db:
        left = [each for each in _layers(db, study, sets, asked) if each.said]
    if not left:
        return Told()
    count, on = 0, opening.Images.of(study)
    with (
        open_database(workspace) as db,
        opening.opened(asked.judge, on, watch, db=db, names=asked.names) as judge,
    ):
        if judge is None:
            return Told(reason=NO_JUDGE)
        assert study.probing is not None, "a judge has images"
        given = _Given(
            judge,
            UNSEEN.format(left[0].set_.probing_set or study.probing.name),
            tuple(probing.file_hashes(study.probing)),
            opening.vectors_of(asked.judge, on),
            asked.options,
            watch,
        )
        for place, each in enumerate(left):
            watch.progress(place, len(left), f"scoring sentences about {each.set_.layer}")
            count += _one(db, study, each, given)
        watch.progress(len(left), len(left), "sentences scored")
        return Told(count, judge.name)


@dataclass(frozen=True)
class _Given:
    """What all layers are scored with; model: whose image vectors tell how clear units are."""

    judge: Judge
    images: str
    contents: tuple[str, ...]
    model: ImageText | None
    options: Options
    watch: Watch


def _one(db: Database, study: Study, each: _Layer, given: _Given) -> int:
    """Score one layer and keep it; returns how many sentences that were."""
    name, judge, images = each.set_.layer, given.judge, given.images
    found = layers.scored(
        study, name, each.texts(), judge, given.contents, given.options, given.watch
    )
    activations = layers.activations(study, name, given.options.pooling)
    figures = _figures(study, each, activations, given)
    scores = [
        rows.score_of(one, each.said[one.method][one.unit].description_id, judge.name, images)
        for one in found.scores
    ]
    tests = {key: asdict(test) for key, test in sanity.judge_measures(found.tried).items()}
    with db.atomic():
        faithfulness.add(db, scores)
        trusted.add(db, _trusted(found, each, given))
        trusted.add_figures(db, figures)
        set_id = each.set_.exemplar_set_id
        faithfulness.add_tests(db, set_id, judge.name, images, each.identity, tests)
    return len(scores)


def _layers(db: Database, study: Study, sets: Sequence[ExemplarSet], asked: Asked) -> list[_Layer]:
    """The layers that are not scored yet as they would be now, with the newest sentences."""
    found = []
    for each in sets:
        known = exemplars.units_of(db, each.exemplar_set_id)
        ids = {row.unit: row.unit_id for row in known}
        said: dict[str, dict[int, Description]] = {}
        # The newest come first.
        for unit, unit_id in ids.items():
            for one in descriptions.of_unit(db, unit_id):
                if one.text:
                    said.setdefault(one.method, {}).setdefault(unit, one)
        depends = [
            VERSION,
            each.hash,
            opening.identity(asked.judge, opening.Images.of(study), db),
            asked.names,
            asdict(asked.options),
            sorted(one.description_id for own in said.values() for one in own.values()),
        ]
        identity = hashlib.sha256(json.dumps(depends).encode()).hexdigest()
        done = {one["identity"] for one in faithfulness.tests(db, each.exemplar_set_id)}
        if identity not in done:
            found.append(_Layer(each, said, ids, identity))
    return found


def _trusted(found: Found, each: _Layer, given: _Given) -> list[trusted.NewTrusted]:
    def said(method: str, unit: int) -> int | None:
        return each.said[method][unit].description_id if method else None

    return [
        trusted.NewTrusted(
            each.unit_ids[one.unit],
            said(one.method, one.unit),
            said(one.candidate, one.unit),
            given.judge.name,
            given.judge.rule,
            given.images,
            given.options.measure,
            given.options.seed,
            rows.number(one.first),
            *_five(one.value),
            one.reason,
        )
        for one in found.trusted
    ]


_Five = tuple[float | None, float | None, float | None, float | None, float | None]


def _five(value: Value | None) -> _Five:
    return (None, None, None, None, None) if value is None else rows.numbers(value)


def _figures(
    study: Study, each: _Layer, activations: NDArray[np.float16], given: _Given
) -> list[trusted.Figures]:
    """What is known of the units by themselves; by image vectors where there is a model."""
    model, count = given.model, activations.shape[1]
    missing = np.full(count, np.nan)
    found, source = units.Figures(missing, missing, missing), ""
    if model is not None and study.probing is not None:
        ids = study.source.exemplars(each.set_.layer).ids
        wanted = np.unique(ids[ids >= 0])
        vectors = image_text.of_images(model, study.probing, given.watch, ids=wanted.tolist())
        place = np.searchsorted(wanted, ids).clip(0, len(wanted) - 1)
        found = units.describe(np.where((ids >= 0)[:, :, None], vectors[place], np.nan))
        source = f"{model.name} ({model.hash[:12]})"
    figures = []
    for unit in range(count):
        histogram = units.histogram(activations[:, unit])
        figures.append(
            trusted.Figures(
                each.unit_ids[unit],
                given.images,
                source,
                rows.number(found.clarity[unit]),
                rows.number(found.polysemanticity[unit]),
                rows.number(found.redundancy[unit]),
                histogram.low,
                histogram.high,
                histogram.counts,
            )
        )
    return figures
