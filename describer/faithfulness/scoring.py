"""One layer's sentences, by all methods, against what its units do on images they were not made of.

    material = Layer("layer4", activations, ids, said)          # said: method -> a text a unit
    found = score(material, split, held, options)
    found.scores, found.trusted, found.tried

Every unit has its own images: those that gave it an exemplar are left out. Of each sentence all
measures are computed on all of them, with intervals for the sound ones, beside a constant sentence
and sentences of other units of the layer by the same method. The trusted sentence is chosen on one
half of the images and scored on the other. What is found of a unit does not depend on other layers,
nor on the order of methods.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from describer.faithfulness import intervals, measures, sanity
from describer.faithfulness.halves import Split
from describer.faithfulness.judges.shape import Held
from describer.faithfulness.measures import SOUND, Active, Bools, Floats, Places
from describer.faithfulness.sanity import Tried
from describer.faithfulness.trusted import (
    FEW,
    LEAST,
    NONE,
    NOTHING,
    SILENT,
    UNJUDGED,
    Trusted,
    Value,
    better_than_chance,
    choose,
)
from describer.methods.study import seed_of

Trials = Mapping[str, Tried]
# A text a unit; None where the method says nothing of it.
Said = Mapping[str, Sequence[str | None]]

# Decimals of a score that are kept.
DIGITS = 12


@dataclass(frozen=True)
class Options:
    """How sentences are scored.

    Attributes:
        measure: the sound measure that chooses the trusted sentence.
        seed: of halves, ties, drawn images and drawn sentences.
        controls: how many sentences of other units stand beside each.
        draws: how often images are drawn for an interval.
        pooling: "max" or "mean", of the units' maps.
    """

    measure: str = "correlation"
    seed: int = 0
    controls: int = 10
    draws: int = intervals.DRAWS
    pooling: str = "max"


@dataclass(frozen=True)
class Layer:
    """What is scored: activations (images, units), exemplars' ids int64 (units, k), sentences."""

    name: str
    activations: NDArray[np.floating]
    ids: NDArray[np.int64]
    said: Said


@dataclass(frozen=True)
class Scored:
    """A sentence with its score by every measure; low and high are NaN for unsound measures.

    known: whether the judge knows anything that the sentence names; images: how many it was judged
    on.
    """

    unit: int
    method: str
    text: str
    known: bool
    images: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Found:
    """What is known of a layer; `tried` holds the sanity tests' pairs by measure."""

    layer: str
    scores: tuple[Scored, ...]
    trusted: tuple[Trusted, ...]
    tried: Trials


@dataclass(frozen=True)
class _Pairs:
    """Units with sentences, side by side: places of units, of texts, and of methods."""

    units: Places
    texts: Places
    methods: Places
    controls: tuple[Places, ...]

    @property
    def owners(self) -> Places:
        """Of every control, the pair that it stands beside."""
        sizes = [len(each) for each in self.controls]
        return np.repeat(np.arange(len(self.controls)), sizes)

    @property
    def drawn(self) -> Places:
        """Of every control, its text."""
        return np.concatenate([*self.controls, np.zeros(0, dtype=np.int64)])


@dataclass(frozen=True)
class _Measured:
    """Scores of pairs, and of the controls beside them, by measure."""

    own: Mapping[str, Floats]
    beside: Mapping[str, Floats]


def texts_of(said: Said) -> list[str]:
    """All distinct sentences, by alphabet."""
    return sorted({text for own in said.values() for text in own if text})


def score(layer: Layer, split: Split, held: Held, options: Options) -> Found:
    """Score a layer's sentences.

    Args:
        held: of `texts_of(layer.said)`, in that order.
    """
    texts, methods = texts_of(layer.said), sorted(layer.said)
    split = replace(split, readable=split.readable & held.judged)
    seen = split.unseen(layer.ids)
    units = Active.of(np.where(seen, layer.activations, 0), seen)
    pairs = _pairs(layer, methods, texts, options)
    measured = _Measured(
        measures.score(units, pairs.units, held.degree, held.holds, pairs.texts),
        measures.score(units, pairs.units[pairs.owners], held.degree, held.holds, pairs.drawn),
    )
    return Found(
        layer.name,
        tuple(_scored(pairs, measured, units, held, methods, texts, options)),
        tuple(_trusted(layer, split, pairs, held, methods, texts, options)),
        _tried(pairs, measured, units, held, seed_of(options.seed, layer.name, -1)),
    )


def _pairs(layer: Layer, methods: Sequence[str], texts: Sequence[str], options: Options) -> _Pairs:
    place = {text: number for number, text in enumerate(texts)}
    rows: list[tuple[int, int, int]] = []
    controls = []
    for number, method in enumerate(methods):
        own = layer.said[method]
        for unit, text in enumerate(own):
            if not text:
                continue
            rows.append((unit, place[text], number))
            others = [place[other] for other in own if other and other != text]
            seed = seed_of(options.seed, f"{layer.name}/{method}", unit)
            drawn = np.random.default_rng(seed).permutation(np.array(others, dtype=np.int64))
            controls.append(drawn[: options.controls])
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    units, places, numbers = columns
    return _Pairs(units, places, numbers, tuple(controls))


def _scored(
    pairs: _Pairs,
    measured: _Measured,
    units: Active,
    held: Held,
    methods: Sequence[str],
    texts: Sequence[str],
    options: Options,
) -> list[Scored]:
    values = measured.own
    level = {name: each[pairs.units] for name, each in measures.constant(units).items()}
    others = {name: _means(pairs, each, level[name]) for name, each in measured.beside.items()}
    counts = intervals.draws(len(held.degree), seed=options.seed, count=options.draws)
    missing = np.full(len(pairs.units), np.nan)
    ends = dict.fromkeys(values, (missing, missing))
    for name in SOUND:
        drawn = intervals.redrawn(
            name, units, pairs.units, held.degree, held.holds, pairs.texts, counts
        )
        ends[name] = intervals.ends(drawn)
    images = units.seen.sum(axis=0)
    return [
        Scored(
            int(unit),
            methods[method],
            texts[text],
            bool(held.known[text]),
            int(images[unit]),
            {
                name: _value(
                    each[row] for each in (values[name], *ends[name], level[name], others[name])
                )
                for name in values
            },
        )
        for row, (unit, text, method) in enumerate(
            zip(pairs.units, pairs.texts, pairs.methods, strict=True)
        )
    ]


def _value(numbers: Iterable[float]) -> Value:
    """Numbers as they are kept: their last digits, which hang on what else was multiplied with
    them, are rounded away.
    """
    return Value(*(round(float(number), DIGITS) for number in numbers))


def _means(pairs: _Pairs, beside: Floats, level: Floats) -> Floats:
    """The mean score of each pair's controls; a constant's where it has none."""
    count = np.array([len(each) for each in pairs.controls], dtype=np.int64)
    total = np.bincount(pairs.owners, weights=beside, minlength=len(count))
    return np.where(count > 0, total / np.maximum(1, count), level)


def _trusted(
    layer: Layer,
    split: Split,
    pairs: _Pairs,
    held: Held,
    methods: Sequence[str],
    texts: Sequence[str],
    options: Options,
) -> list[Trusted]:
    """Choose on the first half, report on the second."""
    name, count = options.measure, len(layer.ids)
    seen = split.unseen(layer.ids)
    halves = []
    for rows in (np.flatnonzero(split.first), np.flatnonzero(~split.first)):
        there = seen[rows]
        active = Active.of(np.where(there, layer.activations[rows], 0), there)
        halves.append((active, held.degree[rows], held.holds[rows]))
    scores = np.full((len(methods), count), np.nan)
    judged = held.known[pairs.texts]
    active, degree, holds = halves[0]
    own = measures.score(active, pairs.units, degree, holds, pairs.texts, only=(name,))[name]
    scores[pairs.methods[judged], pairs.units[judged]] = own[judged]
    seeds = [seed_of(options.seed, layer.name, unit) for unit in range(count)]
    chosen = choose(scores, seeds)
    rows_of = {
        (int(unit), int(method)): row
        for row, (unit, method) in enumerate(zip(pairs.units, pairs.methods, strict=True))
    }
    places = np.array(
        [rows_of[unit, int(chosen[unit])] for unit in range(count) if chosen[unit] >= 0],
        dtype=np.int64,
    )
    reported, better = _reported(pairs, places, *halves[1], options)
    enough = np.minimum(*(each.seen.sum(axis=0) for each, _, _ in halves)) >= LEAST
    alive = halves[0][0].count * halves[1][0].count > 0
    found, at = [], 0
    for unit in range(count):
        if chosen[unit] < 0:
            reason = UNJUDGED if unit in pairs.units else NOTHING
            found.append(Trusted(layer.name, unit, "", "", float("nan"), None, "", reason))
            continue
        method, value = methods[int(chosen[unit])], reported[at]
        reason = _reason(bool(enough[unit]), bool(alive[unit]), bool(better[at]))
        text = "" if reason else texts[int(pairs.texts[places[at]])]
        first = float(scores[chosen[unit], unit])
        found.append(
            Trusted(layer.name, unit, "" if reason else method, text, first, value, method, reason)
        )
        at += 1
    return found


def _reason(enough: bool, alive: bool, better: bool) -> str:
    if not enough:
        return FEW
    if not alive:
        return SILENT
    return "" if better else NONE


def _reported(
    pairs: _Pairs,
    places: Places,
    active: Active,
    degree: NDArray[np.floating],
    holds: Bools,
    options: Options,
) -> tuple[list[Value], Bools]:
    """Scores of chosen pairs on the second half, and whether they are better than chance."""
    name = options.measure
    chosen = _Pairs(
        pairs.units[places],
        pairs.texts[places],
        pairs.methods[places],
        tuple(pairs.controls[place] for place in places.tolist()),
    )
    counts = intervals.draws(len(degree), seed=options.seed, count=options.draws)
    everywhere = np.ones((len(degree), 1))
    nowhere = np.zeros(len(places), dtype=np.int64)
    drawn = intervals.redrawn(name, active, chosen.units, degree, holds, chosen.texts, counts)
    level = intervals.redrawn(
        name, active, chosen.units, everywhere, everywhere > 0, nowhere, counts
    )
    others = level.copy()
    beside = intervals.redrawn(
        name, active, chosen.units[chosen.owners], degree, holds, chosen.drawn, counts
    )
    owners = chosen.owners
    for place, own in enumerate(chosen.controls):
        if len(own):
            others[:, place] = beside[:, owners == place].mean(axis=1)
    value = measures.score(active, chosen.units, degree, holds, chosen.texts, only=(name,))[name]
    flat = measures.constant(active, only=(name,))[name][chosen.units]
    plain = measures.score(active, chosen.units[owners], degree, holds, chosen.drawn, only=(name,))[
        name
    ]
    low, high = intervals.ends(drawn)
    columns = (value, low, high, flat, _means(chosen, plain, flat))
    values = [_value(row) for row in zip(*columns, strict=True)]
    return values, better_than_chance(drawn, level, others)


def _tried(pairs: _Pairs, measured: _Measured, units: Active, held: Held, seed: int) -> Trials:
    """The sanity tests: every unit may be told by its own sentences and by their controls."""
    owners = pairs.owners
    columns = np.concatenate([pairs.units, pairs.units[owners]])
    texts = np.concatenate([pairs.texts, pairs.drawn])
    known = held.known[texts]
    scores = {
        name: np.concatenate([measured.own[name], measured.beside[name]])[known]
        for name in measured.own
    }
    return sanity.try_out(
        units, columns[known], texts[known], scores, held.degree, held.holds, seed=seed
    )
