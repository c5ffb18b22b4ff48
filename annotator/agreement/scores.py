"""How well people agree about a unit: leave-one-out BERTScore beside its chance level (Table 4).

    result = measure(sentences, scorer)          # sentences: (layer, unit) -> [(author, text), …]
    result.mean, result.low, result.high         # with a 95 % interval over units
    result.chance                                # the same with references of other units
    result.undefined                             # why there is no number

Each sentence is compared with the others about its unit, and the best of those counts; a unit's
agreement is the mean over its sentences. Chance takes the references from another unit, in several
shuffles. Equal sentences are counted apart, because copying looks like perfect agreement.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.agreement.scorer import Scorer
from annotator.corpus.cleaning import normalise
from db.jobs import Watch
from db.units import Unit

Sentences = Mapping[Unit, Sequence[tuple[str, str]]]
SHUFFLES = 5
RESAMPLES = 1000
UNWATCHED = Watch()


@dataclass(frozen=True)
class Agreement:
    """Agreement over some units.

    Attributes:
        model: the scorer's name and hash.
        units: with at least two sentences.
        low, high: 95 % bootstrap interval over units.
        chance, chance_low, chance_high: with the sentences of shuffled units.
        identical: share of units in which two people wrote the same sentence; None of a person.
        undefined: why the numbers are None.
    """

    model: str
    units: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    chance_low: float | None = None
    chance_high: float | None = None
    identical: float | None = None
    undefined: str | None = None


@dataclass(frozen=True)
class UnitAgreement:
    """The agreement about one unit, its chance level, and of how many sentences they are."""

    layer: str
    unit: int
    mean: float
    chance: float
    sentences: int


@dataclass(frozen=True)
class Scores:
    """Leave-one-out scores of every sentence, and the chance level of every unit."""

    model: str
    units: tuple[Unit, ...]
    authors: tuple[tuple[str, ...], ...]
    real: tuple[npt.NDArray[np.float64], ...]
    chance: tuple[npt.NDArray[np.float64], ...]  # (shuffles, sentences) of each unit
    identical: tuple[bool, ...]
    undefined: str | None = None


def score(
    sentences: Sentences, scorer: Scorer, *, seed: int = 0, watch: Watch = UNWATCHED
) -> Scores:
    """Score every sentence against the others of its unit and of shuffled units.

    Units with fewer than two sentences say nothing about agreement and are left out.

    Raises:
        Cancelled: `watch` asked to stop.
    """
    usable = {
        unit: [(author, text) for author, text in given if text.strip()]
        for unit, given in sentences.items()
    }
    units = [unit for unit, given in usable.items() if len(given) >= 2]
    if len(units) < 2:
        why = (
            f"agreement needs two units with two sentences each; {len(units)} of "
            f"{len(sentences)} units have two"
        )
        model = f"{scorer.name} ({scorer.hash})"
        return Scores(model, (), (), (), (), (), why)
    texts = [[text for _, text in usable[unit]] for unit in units]
    everything = [text for own in texts for text in own]
    pieces = scorer.encode(everything)
    weights = scorer.weights(everything)
    watch.check("after the sentences were encoded")
    watch.progress(1, SHUFFLES + 2, "sentences encoded")

    def leave_one_out(references: list[list[str]]) -> list[npt.NDArray[np.float64]]:
        """For every unit the best score of each sentence: (sentences,)."""
        left, right, place = [], [], []
        for index, (own, others) in enumerate(zip(texts, references, strict=True)):
            for number, text in enumerate(own):
                for other in others if others is not own else own[:number] + own[number + 1 :]:
                    left.append(text)
                    right.append(other)
                    place.append((index, number))
        values = scorer.pairs(left, right, weights, pieces)
        best = [np.full(len(own), -np.inf) for own in texts]
        for (index, number), value in zip(place, values, strict=True):
            best[index][number] = max(best[index][number], value)
        return best

    real = leave_one_out(texts)
    generator = random.Random(seed)
    chance = []
    for shuffle in range(SHUFFLES):
        others = _elsewhere(texts, generator)
        chance.append(leave_one_out(others))
        watch.check("within the chance level")
        watch.progress(shuffle + 2, SHUFFLES + 2, "chance level")
    return Scores(
        f"{scorer.name} ({scorer.hash})",
        tuple(units),
        tuple(tuple(author for author, _ in usable[unit]) for unit in units),
        tuple(real),
        tuple(np.array(own) for own in zip(*chance, strict=True)),
        tuple(len({normalise(text) for text in own}) < len(own) for own in texts),
    )


def over(scores: Scores, chosen: Callable[[Unit], bool] = lambda unit: True) -> Agreement:
    """The agreement over the chosen units."""
    places = [index for index, unit in enumerate(scores.units) if chosen(unit)]
    if scores.undefined is not None or not places:
        why = scores.undefined or "none of these units has two sentences"
        return Agreement(scores.model, 0, undefined=why)
    means = np.array([scores.real[index].mean() for index in places])
    chance = np.array([scores.chance[index].mean(axis=1) for index in places])
    identical = float(np.mean([scores.identical[index] for index in places]))
    return _summary(scores.model, means, chance, identical)


def by_author(scores: Scores) -> dict[str, Agreement]:
    """How well each person's sentences agree with the others'; `units` counts these sentences."""
    real: dict[str, list[float]] = {}
    chance: dict[str, list[npt.NDArray[np.float64]]] = {}
    for index, authors in enumerate(scores.authors):
        for number, author in enumerate(authors):
            real.setdefault(author, []).append(float(scores.real[index][number]))
            chance.setdefault(author, []).append(scores.chance[index][:, number])
    return {
        author: _summary(scores.model, np.array(values), np.array(chance[author]), None)
        for author, values in real.items()
    }


def by_unit(scores: Scores) -> list[UnitAgreement]:
    """Every unit, lowest agreement first."""
    lines = [
        UnitAgreement(*unit, float(real.mean()), float(chance.mean()), len(real))
        for unit, real, chance in zip(scores.units, scores.real, scores.chance, strict=True)
    ]
    return sorted(lines, key=lambda line: (line.mean, line.layer, line.unit))


def measure(sentences: Sentences, scorer: Scorer, *, seed: int = 0) -> Agreement:
    """The agreement over all units; `score` and `over` give parts of it."""
    return over(score(sentences, scorer, seed=seed))


def _summary(
    model: str,
    values: npt.NDArray[np.float64],
    chance: npt.NDArray[np.float64],
    identical: float | None,
) -> Agreement:
    """Of scores (things,) and their chance levels (things, shuffles)."""
    low, high = _interval(values)
    shuffles = chance.mean(axis=0)
    return Agreement(
        model=model,
        units=len(values),
        mean=float(values.mean()),
        low=low,
        high=high,
        chance=float(shuffles.mean()),
        chance_low=float(shuffles.min()),
        chance_high=float(shuffles.max()),
        identical=identical,
    )


def _elsewhere(texts: list[list[str]], generator: random.Random) -> list[list[str]]:
    """For every unit the sentences of another one, as many as a sentence has references here."""
    order = list(range(len(texts)))
    generator.shuffle(order)
    after = {unit: order[(place + 1) % len(order)] for place, unit in enumerate(order)}
    return [texts[after[index]][: max(len(own) - 1, 1)] for index, own in enumerate(texts)]


def _interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean; of one value, that value."""
    from scipy import stats

    if len(values) < 2:
        return float(values[0]), float(values[0])
    found = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        # Few at once: a campaign of thousands of units would need gigabytes.
        batch=100,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)
