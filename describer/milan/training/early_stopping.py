"""Early stopping that keeps what it says it keeps: the weights of the best epoch, copied.

epochs = keep_best(module, train_once, validate, patience=4, max_epochs=100)
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Epoch:
    """One pass over the training sentences.

    Attributes:
        loss: mean of the training batches.
        score: on the held-out units, higher is better: BLEU, or minus the loss.
    """

    loss: float
    score: float


def keep_best(
    module: nn.Module,
    epoch: Callable[[], float],
    score: Callable[[], float],
    *,
    patience: int,
    max_epochs: int,
    floor: float = float("-inf"),
    report: Callable[[int], None] | None = None,
) -> tuple[Epoch, ...]:
    """Run epochs until the score has not improved for some, then restore the best weights.

    Args:
        module: what is trained; it ends with a copy of its weights after the best epoch.
        epoch: trains once over the data and returns the loss.
        score: of the module as it is, higher is better.
        patience: stop after so many epochs without a better score.
        max_epochs: stop after so many in any case.
        floor: patience starts with the first epoch that scores more than this.
        report: called with the number of epochs done.

    Returns:
        The epochs that were run.
    """
    epochs: list[Epoch] = []
    best, since_best = floor, 0
    weights: dict[str, Any] = {}
    while len(epochs) < max_epochs and since_best < patience:
        loss = epoch()
        epochs.append(Epoch(loss, score()))
        improved = epochs[-1].score > best
        if improved or not weights:
            weights = copy.deepcopy(module.state_dict())
        if improved:
            best, since_best = epochs[-1].score, 0
        elif best > floor:
            since_best += 1
        if report:
            report(len(epochs))
    module.load_state_dict(weights)
    module.eval()
    return tuple(epochs)
