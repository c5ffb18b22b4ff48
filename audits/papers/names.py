"""How near labels come to what units are known to detect: the class names of a last layer.

    table = against_names(corpus, measures)             # Describe-and-Dissect, Tables 2, 5 and 12
    table = between(corpus, "with BLIP", "with BLIP-2", measures)       # Table 11

Describe-and-Dissect's Section 4.2.1: a unit of the last layer has its class as ground truth.
Methods with a list of concepts may have the class names on it, which no number here tells. Chance
takes the name of another unit; a constant label stands beside.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from audits.papers.corpus import Corpus
from audits.papers.measures import Floats, Measure
from audits.papers.table import Cell, Table
from db.errors import BadInput
from db.units import Unit
from describer.demo.checks.scores import Estimate, interval

CONSTANT = "depictions"
SHUFFLES = 5


def against_names(
    corpora: Sequence[Corpus], measures: Sequence[Measure], *, layer: str = "", seed: int = 0
) -> Table:
    """Mean likeness of every method's labels to class names, beside chance.

    Args:
        layer: the last one, whose units are the classes; found by its number of described units
            where it is not named.

    Raises:
        BadInput: no layer of a network has a unit for each class.
    """
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for corpus in corpora:
        place = layer or last_layer(corpus)
        units = _described(corpus, place)
        truth = [corpus.classes[unit] for _, unit in units]
        said = {name: [own[unit] for unit in units] for name, own in corpus.methods.items()}
        said[f"constant: {CONSTANT}"] = [CONSTANT] * len(units)
        other = truths_elsewhere(truth, seed=seed)
        notes.append(
            f"{corpus.network}: {len(units)} of {len(corpus.classes)} units of {place}, those that "
            "every method described."
        )
        for measure in measures:
            found = {name: measure.of(labels, truth) for name, labels in said.items()}
            chance = {
                name: np.mean([measure.of(labels, each) for each in other], axis=0)
                for name, labels in said.items()
            }
            first = next(iter(found))
            rows += [
                (
                    corpus.network,
                    measure.name,
                    name,
                    len(units),
                    mean(values),
                    mean(chance[name]),
                    mean(found[first] - values) if name != first else None,
                )
                for name, values in found.items()
            ]
    return Table(
        "classes",
        "Labels of the last layer against class names",
        (
            "Describe-and-Dissect, Table 2 (and, of the method's variants, Tables 5 and 12). "
            "Intervals: 95 %, over units. Chance: another unit's class, mean of "
            f"{SHUFFLES} shuffles. Less: the first method less this one, over the same units.",
            *(f"{measure.name}: {measure.about}." for measure in measures),
            *notes,
        ),
        ("network", "measure", "method", "units", "likeness", "chance", "first less this"),
        tuple(rows),
    )


def between(
    corpora: Sequence[Corpus],
    first: str,
    second: str,
    measures: Sequence[Measure],
    *,
    seed: int = 0,
) -> Table:
    """Mean likeness of two methods' labels of the same units, by layer (Table 11).

    Raises:
        BadInput: they have fewer than two units in common.
    """
    rows: list[tuple[Cell, ...]] = []
    for corpus in corpora:
        pair = corpus.only([first, second]).methods
        units = sorted(set(pair[first]) & set(pair[second]))
        if len(units) < 2:
            raise BadInput(
                f"expected units of {corpus.network} described by {first} and {second}, got "
                f"{len(units)}"
            )
        one, two = ([pair[name][unit] for unit in units] for name in (first, second))
        other = truths_elsewhere(two, seed=seed)
        same = np.array([a.casefold() == b.casefold() for a, b in zip(one, two, strict=True)])
        for measure in measures:
            values = measure.of(one, two)
            chance = np.mean([measure.of(one, each) for each in other], axis=0)
            for layer, chosen in by_layer(corpus, units).items():
                rows.append(
                    (
                        corpus.network,
                        measure.name,
                        layer,
                        int(chosen.sum()),
                        mean(values[chosen]),
                        mean(chance[chosen]),
                        float(same[chosen].mean()),
                    )
                )
    return Table(
        "between",
        f"Labels of {first} and of {second}",
        (
            "Describe-and-Dissect, Table 11: mean likeness of two methods' (or variants') labels "
            "of the same units. Intervals: 95 %, over units. Chance: the label of another unit.",
            *(f"{measure.name}: {measure.about}." for measure in measures),
        ),
        ("network", "measure", "layer", "units", "likeness", "chance", "the same words"),
        tuple(rows),
    )


def last_layer(corpus: Corpus) -> str:
    """The layer of which a unit stands for each class: as many are described as there are classes.

    Raises:
        BadInput: none has so many, or several have.
    """
    sizes: dict[str, set[int]] = {}
    for own in corpus.methods.values():
        for layer, unit in own:
            sizes.setdefault(layer, set()).add(unit)
    count = len(corpus.classes)
    fitting = [layer for layer, units in sizes.items() if max(units) + 1 == count]
    if len(fitting) != 1:
        raise BadInput(
            f"expected one layer of {corpus.network} with a unit for each of its {count} classes, "
            f"got {', '.join(fitting) or 'none'} (described: {', '.join(sizes) or 'none'}); name "
            "it, and the classes, by --layer and --classes"
        )
    return fitting[0]


def truths_elsewhere(truth: Sequence[str], *, seed: int) -> list[list[str]]:
    """The texts of other units, in some shuffles in which none keeps its own place."""
    found = []
    for shuffle in range(SHUFFLES):
        order = np.random.default_rng((seed, shuffle)).permutation(len(truth))
        after = np.empty_like(order)
        after[order] = np.roll(order, -1)
        found.append([truth[place] for place in after])
    return found


def by_layer(
    corpus: Corpus, units: Sequence[Unit]
) -> Mapping[str, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """Which of the units are of each layer, in the network's order, and of all."""
    layers = [layer for layer, _ in units]
    known = [layer for layer in corpus.layers if layer in layers]
    names = dict.fromkeys([*known, *layers])
    found = {name: np.array([layer == name for layer in layers]) for name in names}
    return {**found, "all": np.ones(len(layers), bool)}


def mean(values: Floats) -> Estimate:
    """The mean of values with its interval over them."""
    return interval(len(values), lambda rows: float(values[rows].mean()))


def _described(corpus: Corpus, layer: str) -> list[Unit]:
    common: set[Unit] | None = None
    for own in corpus.methods.values():
        units = {unit for unit in own if unit[0] == layer and unit[1] < len(corpus.classes)}
        common = units if common is None else common & units
    if not common or len(common) < 2:
        raise BadInput(
            f"expected units of {layer} of {corpus.network} that every method described, got "
            f"{len(common or ())}"
        )
    return sorted(common)
