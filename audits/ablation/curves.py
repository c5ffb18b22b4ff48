"""Accuracy as units are ablated one after another, and the orders that it is compared with.

    order = [("layer4", 427), ("layer3", 153)]
    line = curve(Evaluator(model), test, order)         # counts 0, 1, 2 and their accuracies
    draws = matched_draws(order, sizes, trials=5, seed=0)
    chosen_count(validation_line), best_count(line)

Source: MILAN, Section 7 and Appendix E, Figures 8 and 15. A control draws as many random units of
the same layers, position by position, so that a curve and its controls differ only in which units
they silence. Predictions are those of one whole pass for every count; but an image needs a new
pass only where the next unit of the order is not silent on it already.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from audits.ablation.engine.hooks import check_units
from audits.ablation.engine.rows import first_choice
from audits.ablation.engine.sweep import Sweep
from audits.ablation.engine.units import Predictions, by_layer
from audits.network.evaluation import Evaluation, Evaluator, check_outputs, judged
from audits.network.images import Images
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit

_DRAWS_TRIED = 1000


@dataclass(frozen=True)
class Curve:
    """Accuracies (or agreements) in [0, 1] after the first `counts[i]` units of an order.

    by_class: the same of each class that images have.
    """

    order: tuple[Unit, ...]
    counts: tuple[int, ...]
    accuracies: tuple[float, ...]
    by_class: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def at(self, count: int) -> float:
        """The accuracy after that many units."""
        return self.accuracies[self.counts.index(count)]


def curve(
    network: Evaluator,
    images: Images,
    order: Sequence[Unit],
    *,
    counts: Sequence[int] | None = None,
    on_part: Callable[[Curve], None] | None = None,
    watch: Watch | None = None,
) -> Curve:
    """Accuracy after the first n units of an order, for n from 0 to all or for given counts.

    Args:
        on_part: called with the curve as far as it is, whenever more of it is measured. The
            images are then gone through several times, for 1, 2, 4, 8… further counts; what is
            found is the same.

    Raises:
        BadInput: unknown layer or unit, a unit twice, a count beyond the order.
        Cancelled: the watch said so.
    """
    counts = sorted(set(range(len(order) + 1) if counts is None else counts))
    unedited = None
    if images.labels is None:
        unedited = curve_predictions(network, images, (), [0], watch=watch)[0]
    judgements: list[Evaluation] = []
    for part in _parts(counts) if on_part is not None else [counts]:
        found = curve_predictions(network, images, order, part, watch=watch)
        judgements += [judged(row, images, unedited=unedited) for row in found]
        if on_part is not None:
            on_part(_curve(order, counts, judgements))
    return _curve(order, counts, judgements)


def _parts(counts: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ever longer parts, so that the first is there soon and few passes are begun anew."""
    start, length = 0, 1
    while start < len(counts):
        yield counts[start : start + length]
        start, length = start + length, length * 2


def _curve(order: Sequence[Unit], counts: Sequence[int], judgements: Sequence[Evaluation]) -> Curve:
    names = judgements[0].by_class if judgements else ()
    return Curve(
        tuple(order),
        tuple(counts[: len(judgements)]),
        tuple(each.accuracy for each in judgements),
        {name: tuple(each.by_class[name] for each in judgements) for name in names},
    )


def curve_predictions(
    network: Evaluator,
    images: Images,
    order: Sequence[Unit],
    counts: Sequence[int],
    *,
    watch: Watch | None = None,
) -> Predictions:
    """First choices after the first n units of an order: int32 (counts, count of images).

    Args:
        counts: ascending, between 0 and len(order).
    """
    if len(set(order)) != len(order):
        twice = Counter(order).most_common(1)[0][0]
        raise BadInput(f"expected every unit once in an order, got {twice[0]}-{twice[1]} twice")
    if not all(0 <= count <= len(order) for count in counts):
        raise BadInput(f"expected counts between 0 and {len(order)}, got {list(counts)}")
    watch = watch or Watch()
    network.check(by_layer(order))
    found = np.empty((len(counts), images.count), np.int32)
    missing = []
    for row, count in enumerate(counts):
        kept = network.known(images, by_layer(order[:count]))
        if kept is None:
            missing.append(row)
        else:
            found[row] = kept
    if not missing:
        return found
    wanted = [counts[row] for row in missing]
    done = 0
    sweep: Sweep | None = None
    for batch in images.batches():
        watch.check(f"after {done} of {images.count} images")
        with torch.no_grad():
            if sweep is None:
                sweep = Sweep.of(network.model, by_layer(order), batch, means=network.means)
                check_units(by_layer(order), sweep.sizes)
                check_outputs(network.model(batch[:1]), images)
            here = slice(done, done + len(batch))
            found[missing, here] = _batch(network, sweep, batch, order, wanted)
        done += len(batch)
        watch.progress(done, images.count, f"images of {images.name}")
    for row in missing:
        network.keep(images, by_layer(order[: counts[row]]), found[row])
    return found


def matched_draws(
    order: Sequence[Unit], sizes: Mapping[str, int], *, trials: int, seed: int
) -> list[tuple[Unit, ...]]:
    """Orders of random units that have the layer of `order` at every position.

    Units are drawn without replacement from all of a layer, the selected ones included, as a test
    of "these units" against "any units of these layers" asks. Draws differ from each other and
    from the selection as sets wherever the layers leave room for that; the order within a draw is
    random.

    Args:
        sizes: how many units each layer has.

    Raises:
        BadInput: fewer than one trial, or units that the layers do not have.
    """
    if trials < 1:
        raise BadInput(f"expected at least one random control, got {trials}")
    check_units(by_layer(order), sizes)
    needed = Counter(layer for layer, _ in order)
    room = math.prod(math.comb(sizes[layer], count) for layer, count in needed.items())
    generator = np.random.default_rng(seed)
    seen = {frozenset(order)}
    draws: list[tuple[Unit, ...]] = []
    for _ in range(trials):
        for _ in range(_DRAWS_TRIED):
            pools = {
                layer: iter(generator.choice(sizes[layer], count, replace=False).tolist())
                for layer, count in needed.items()
            }
            draw = tuple((layer, next(pools[layer])) for layer, _ in order)
            if frozenset(draw) not in seen or room <= len(seen):
                break
        seen.add(frozenset(draw))
        draws.append(draw)
    return draws


def arranged(
    draw: Sequence[Unit], order: Sequence[Unit], rank: Mapping[Unit, int]
) -> tuple[Unit, ...]:
    """The units of a draw so that layers are those of `order` and ranks rise within each layer.

    >>> arranged([("a", 1), ("a", 2), ("b", 0)], [("b", 5), ("a", 6), ("a", 7)],
    ...          {("a", 1): 2, ("a", 2): 0, ("b", 0): 1})
    (('b', 0), ('a', 2), ('a', 1))
    """
    pools = {
        layer: iter(sorted(units, key=lambda unit, layer=layer: rank[layer, unit]))  # type: ignore[misc]
        for layer, units in by_layer(draw).items()
    }
    return tuple((layer, next(pools[layer])) for layer, _ in order)


def chosen_count(validation: Curve) -> int:
    """The largest count before validation accuracy permanently decreases (Appendix E).

    After that count every accuracy lies below the unedited network's (the dotted line of
    Figure 15); at it, none is lost.
    """
    start = validation.at(0)
    return max(
        count
        for count, accuracy in zip(validation.counts, validation.accuracies, strict=True)
        if accuracy >= start
    )


def best_count(test: Curve) -> int:
    """The smallest count with the highest accuracy: what an oracle would choose."""
    return test.counts[test.accuracies.index(max(test.accuracies))]


def _batch(
    network: Evaluator, sweep: Sweep, batch: Tensor, order: Sequence[Unit], counts: Sequence[int]
) -> NDArray[np.int32]:
    """Predictions (counts, images) for one batch."""
    sweep.start(batch)
    ranks = sweep.ranks(order)
    steps = np.array(counts)
    found = np.empty((len(counts), len(batch)), np.int32)
    unsure: dict[int, list[int]] = defaultdict(list)
    place = np.zeros(len(batch), dtype=np.int64)
    while len(rows := np.flatnonzero(place < len(counts))):
        logits, turn = sweep.run(rows, steps[place[rows]], ranks)
        choice, close = (values.cpu().numpy() for values in first_choice(logits, noise=sweep.noise))
        # counts up to the first unit that is not silent on the image give the same network
        after = np.searchsorted(steps, turn, side="right")
        for index, row in enumerate(rows.tolist()):
            found[place[row] : after[index], row] = choice[index]
            if close[index]:
                for at in range(place[row], after[index]):
                    unsure[at].append(row)
        place[rows] = after
    for at, images in unsure.items():
        with network.ablated(by_layer(order[: counts[at]])):
            found[at, images] = network.model(batch).argmax(dim=1).cpu().numpy()[images]
    return found
