"""How near methods' sentences come to people's: MILAN's Table 2, beside a ceiling and chance.

    tables = against_people([corpus], bertscore.find())
    tables[0]                 # a row for every network, layer and method
    tables[1]                 # differences between methods over the same units

People are the ceiling: each person's sentence against the others', in turn. A method would have one
reference more than they, and the nearest of more is nearer; so methods are also measured with one
person left out in turn, which is what stands beside people. Chance takes the references of another
unit. A constant sentence stands beside, since one (Describe-and-Dissect, A.3) comes nearer to
annotations than any method.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audits.papers.corpus import Corpus
from audits.papers.table import Cell, Table
from db.jobs import Watch
from db.units import Unit
from describer.demo.checks.scores import Estimate, interval
from describer.milan.training import bleu
from describer.milan.vocabulary import tokenize
from describer.similarity.bertscore import Scorer

CONSTANT = "depictions"
PEOPLE = "people"
SHUFFLES = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One method over the units of a network.

    near, fewer, chance: float (units,): BERTScore with the nearest of all references, with one
    person left out in turn, and that with another unit's references. words, fewer_words,
    chance_words: int (units, 10), what BLEU of each is made of. `near` and `words` are empty of
    people, who have no reference more.
    """

    near: Floats
    fewer: Floats
    chance: Floats
    words: NDArray[np.int64]
    fewer_words: NDArray[np.int64]
    chance_words: NDArray[np.int64]


COLUMNS = (
    "network",
    "layer",
    "method",
    "units",
    "BERTScore, all references",
    "BERTScore, one left out",
    "BERTScore, chance",
    "BLEU, all references",
    "BLEU, one left out",
    "BLEU, chance",
)


def against_people(
    corpora: Sequence[Corpus], scorer: Scorer, *, seed: int = 0, watch: Watch | None = None
) -> list[Table]:
    """Score every method and people themselves over the units that all of them described.

    Raises:
        BadInput: a network has fewer than two such units.
        Cancelled: the watch said so.
    """
    watch = watch or Watch()
    rows: list[tuple[Cell, ...]] = []
    paired: list[tuple[Cell, ...]] = []
    for number, corpus in enumerate(corpora):
        watch.check(f"before {corpus.network}")
        watch.progress(number, len(corpora), f"comparing sentences about {corpus.network}")
        units = corpus.common()
        found = measure(corpus, units, scorer, seed=seed)
        layers = [layer for layer, _ in units]
        for layer in ("all", *dict.fromkeys(layers)):
            chosen = np.array([layer in ("all", own) for own in layers])
            rows += [
                (corpus.network, layer, name, int(chosen.sum()), *cells(one, chosen))
                for name, one in found.items()
            ]
        paired += _paired(corpus.network, found)
    notes = (
        "MILAN, Table 2: methods' sentences against people's, over the units that at least two "
        "people and every method described. Intervals: 95 %, over units (bootstrap).",
        f"{scorer.name} ({scorer.hash}); sentences in lower case and trimmed, rarity counted "
        "among people's sentences; the nearest reference counts.",
        "“One left out”: each person's sentence is taken from the references in turn, so that "
        "methods have as many as people, whose row is the ceiling.",
        f"Chance: the references of another unit, mean of {SHUFFLES} shuffles within the network. "
        f"The constant sentence is “{CONSTANT}”.",
        "BLEU-4 of the corpus, exponentially smoothed, in [0, 1].",
        *(
            f"{one.network}: some of these “people” are simulated."
            for one in corpora
            if one.simulated
        ),
        *dict.fromkeys(note for one in corpora for note in one.understood),
    )
    differences = Table(
        "people-differences",
        "Differences between methods over the same units",
        (
            "The first less the second, one person left out; intervals: 95 %, over units, both "
            "sentences of a unit drawn together.",
        ),
        ("network", "first", "second", "units", "BERTScore", "BLEU"),
        tuple(paired),
    )
    return [
        Table("people", "Methods' sentences against people's", notes, COLUMNS, tuple(rows)),
        differences,
    ]


def measure(
    corpus: Corpus, units: Sequence[Unit], scorer: Scorer, *, seed: int = 0
) -> dict[str, Measured]:
    """Every method, the constant sentence and people over some units of one network."""
    references = [corpus.people[unit] for unit in units]
    said = {name: [own[unit] for unit in units] for name, own in corpus.methods.items()}
    said[f"constant: {CONSTANT}"] = [CONSTANT] * len(units)
    others = [_elsewhere(len(units), random.Random(seed + shuffle)) for shuffle in range(SHUFFLES)]
    everything = [text for own in references for text in own]
    near = _Nearness(
        scorer,
        scorer.weights(everything),
        scorer.encode([*everything, *(text for own in said.values() for text in own)]),
    )
    found = {name: _method(sentences, references, others, near) for name, sentences in said.items()}
    return {**found, PEOPLE: _people(references, others, near)}


@dataclass(frozen=True)
class _Nearness:
    """BERTScore of single pairs, with everything encoded."""

    scorer: Scorer
    weights: Mapping[int, float]
    pieces: Mapping[str, object]

    def table(self, said: Sequence[str], references: Sequence[Sequence[str]]) -> list[Floats]:
        """F1 of each sentence with each of its references."""
        left = [text for text, own in zip(said, references, strict=True) for _ in own]
        right = [text for own in references for text in own]
        values = self.scorer.pairs(left, right, self.weights, self.pieces)  # type: ignore[arg-type]
        return np.split(values, np.cumsum([len(own) for own in references])[:-1])


def _method(
    said: Sequence[str],
    references: Sequence[Sequence[str]],
    others: Sequence[Sequence[int]],
    near: _Nearness,
) -> Measured:
    values = near.table(said, references)
    chance, chance_words = [], []
    for order in others:
        elsewhere = [references[place] for place in order]
        chance.append([_one_left_out(own) for own in near.table(said, elsewhere)])
        chance_words.append([_fewer(text, own) for text, own in zip(said, elsewhere, strict=True)])
    return Measured(
        np.array([own.max() for own in values]),
        np.array([_one_left_out(own) for own in values]),
        np.mean(chance, axis=0),
        np.array([_words(text, own) for text, own in zip(said, references, strict=True)]),
        np.array([_fewer(text, own) for text, own in zip(said, references, strict=True)]),
        np.sum(chance_words, axis=0),
    )


def _people(
    references: Sequence[Sequence[str]], others: Sequence[Sequence[int]], near: _Nearness
) -> Measured:
    """Each person's sentence as if a method had said it, against the other people's."""
    turns = [(place, turn) for place, own in enumerate(references) for turn in range(len(own))]
    said = [references[place][turn] for place, turn in turns]
    rest = [
        [text for number, text in enumerate(references[place]) if number != turn]
        for place, turn in turns
    ]
    real = np.array([own.max() for own in near.table(said, rest)])
    words = np.array([_words(text, own) for text, own in zip(said, rest, strict=True)])
    chance, chance_words = [], []
    for order in others:
        elsewhere = [references[order[place]] for place, _ in turns]
        chance.append([_one_left_out(own) for own in near.table(said, elsewhere)])
        chance_words.append([_fewer(text, own) for text, own in zip(said, elsewhere, strict=True)])
    starts = np.cumsum([0, *(len(own) for own in references)])[:-1]
    counts = np.array([len(own) for own in references])
    return Measured(
        np.empty(0),
        np.add.reduceat(real, starts) / counts,
        np.add.reduceat(np.mean(chance, axis=0), starts) / counts,
        np.empty((0, words.shape[1]), np.int64),
        np.add.reduceat(words, starts),
        np.add.reduceat(np.sum(chance_words, axis=0), starts),
    )


def _one_left_out(values: Floats) -> float:
    """The mean, over references left out in turn, of the greatest of the others."""
    falling = np.sort(values)[::-1]
    # Only where the greatest itself is left out does the second one count.
    return float((falling[0] * (len(falling) - 1) + falling[1]) / len(falling))


def _words(said: str, references: Sequence[str]) -> list[int]:
    return bleu.counts(tokenize(said), [tokenize(text) for text in references])


def _fewer(said: str, references: Sequence[str]) -> NDArray[np.int64]:
    """BLEU's counts summed over references left out in turn."""
    rows = [
        _words(said, [text for number, text in enumerate(references) if number != turn])
        for turn in range(len(references))
    ]
    return np.sum(rows, axis=0)  # type: ignore[no-any-return]


def _elsewhere(count: int, generator: random.Random) -> list[int]:
    """For every unit another one, each once."""
    order = list(range(count))
    generator.shuffle(order)
    after = dict(zip(order, [*order[1:], order[0]], strict=True))
    return [after[place] for place in range(count)]


def cells(one: Measured, chosen: NDArray[np.bool_]) -> tuple[Cell, ...]:
    """BERTScore and then BLEU over some units: of all references, with one left out, by chance."""

    def mean(values: Floats) -> Cell:
        if not len(values):
            return None
        own = values[chosen]
        return interval(len(own), lambda rows: float(own[rows].mean()))

    def score(counts: NDArray[np.int64]) -> Cell:
        if not len(counts):
            return None
        own = counts[chosen]
        return interval(len(own), lambda rows: bleu.score(own[rows].sum(axis=0).tolist()))

    return (
        mean(one.near),
        mean(one.fewer),
        mean(one.chance),
        score(one.words),
        score(one.fewer_words),
        score(one.chance_words),
    )


def _paired(network: str, found: Mapping[str, Measured]) -> list[tuple[Cell, ...]]:
    """Every pair of rows, the later one less the earlier one."""
    names = list(found)
    rows: list[tuple[Cell, ...]] = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            a, b = found[first], found[second]
            nearer = a.fewer - b.fewer
            rows.append(
                (
                    network,
                    first,
                    second,
                    len(nearer),
                    interval(len(nearer), lambda rows, d=nearer: float(d[rows].mean())),  # type: ignore[misc]
                    _bleu_less(a.fewer_words, b.fewer_words),
                )
            )
    return rows


def _bleu_less(first: NDArray[np.int64], second: NDArray[np.int64]) -> Estimate:
    def less(rows: NDArray[np.int64]) -> float:
        a, b = (bleu.score(each[rows].sum(axis=0).tolist()) for each in (first, second))
        return a - b

    return interval(len(first), less)
