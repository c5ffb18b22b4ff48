"""How much a network needs each unit: its accuracy with that unit ablated alone.

    ranking = importance(Evaluator(model), validation, {"layer3": range(256), "layer4": range(512)})
    ranking.units[0]            # the least important unit, ranking.unedited.accuracy the start

Source: MILAN, Section 7: units are sorted by validation accuracy when that single unit is
ablated, least important first. Predictions are those of one whole pass for every unit, at a
fraction of the cost: what lies before a layer is computed once a batch; many (image, unit) pairs
share a pass over what lies behind it; an image on which a unit is silent already keeps its
prediction; behind the last layer, where only pooling and a linear map remain, a unit is one
column of that map. Wherever rounding could decide, the plain network is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from audits.ablation.engine.singles import Singles
from audits.ablation.engine.units import Predictions
from audits.network.evaluation import Evaluation, Evaluator, check_outputs, judged
from audits.network.images import Images
from db.jobs import Watch
from db.units import Unit


@dataclass(frozen=True)
class UnitImportance:
    """A unit and the network's accuracy in [0, 1] (or agreement) without it alone."""

    layer: str
    unit: int
    accuracy: float

    @property
    def place(self) -> Unit:
        """The unit alone."""
        return self.layer, self.unit


@dataclass(frozen=True)
class Ranking:
    """Units, least important first, and the unedited network on the same images."""

    unedited: Evaluation
    units: tuple[UnitImportance, ...]


def importance(
    network: Evaluator,
    images: Images,
    units: Mapping[str, Sequence[int]],
    *,
    watch: Watch | None = None,
) -> Ranking:
    """Order units by the accuracy without each of them alone, least important first.

    Equal accuracies are ordered by layer name and unit number. Without labels, agreement with the
    unedited network takes the accuracy's place.

    Args:
        units: the units to order, by layer.

    Raises:
        BadInput: unknown layer or unit, labels that do not fit the network.
        Cancelled: the watch said so.
    """
    unedited, singles = single_predictions(network, images, units, watch=watch)
    found = [
        UnitImportance(layer, unit, judged(row, images, unedited=unedited).accuracy)
        for layer, rows in singles.items()
        for unit, row in zip(units[layer], rows, strict=True)
    ]
    found.sort(key=lambda one: (-one.accuracy, one.layer, one.unit))
    return Ranking(judged(unedited, images, unedited=unedited), tuple(found))


def single_predictions(
    network: Evaluator,
    images: Images,
    units: Mapping[str, Sequence[int]],
    *,
    watch: Watch | None = None,
) -> tuple[Predictions, dict[str, Predictions]]:
    """First choices of the unedited network, and with each unit ablated alone.

    Returns:
        int32 (count,), and int32 (units, count) by layer, in the order of `units`.
    """
    watch = watch or Watch()
    network.check(units)
    unedited = network.known(images, {})
    found = {layer: np.empty((len(units[layer]), images.count), np.int32) for layer in units}
    missing: dict[str, list[int]] = {}
    for layer, numbers in units.items():
        for row, unit in enumerate(numbers):
            kept = network.known(images, {layer: [unit]})
            if kept is None:
                missing.setdefault(layer, []).append(row)
            else:
                found[layer][row] = kept
    if unedited is not None and not missing:
        return unedited, found

    unedited = np.empty(images.count, np.int32)
    singles: Singles | None = None
    total = images.count * max(1, len(missing))
    done = 0
    for batch in images.batches():
        with torch.no_grad():
            if singles is None:
                check_outputs(network.model(batch), images)
                alone = {layer: units[layer] for layer in missing}
                singles = Singles.of(network.model, alone, batch, network.means)
            here = slice(done, done + len(batch))
            start = singles.start(batch)
            unedited[here] = singles.unedited(start)
            for index, (layer, rows) in enumerate(missing.items()):
                numbers = [units[layer][row] for row in rows]
                found[layer][rows, here] = singles.predictions(
                    start, layer, numbers, unedited[here], watch
                )
                watch.progress(
                    done * len(missing) + (index + 1) * len(batch),
                    total,
                    f"units alone, {images.name}",
                )
        done += len(batch)
    network.keep(images, {}, unedited)
    for layer, rows in missing.items():
        for row in rows:
            network.keep(images, {layer: [units[layer][row]]}, found[layer][row])
    return unedited, found
