"""The head learns with units silent, the network stays as it was."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from audits.ablation.head import fine_tune
from audits.network.evaluation import Evaluator
from audits.network.images import Images
from db.errors import BadInput
from helpers.networks import Residual, ready


def images(name: str, seed: int, *, labelled: bool = True) -> Images:
    """Two kinds of images that differ in their mean: what any features tell apart."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(80) % 2
    pictures = torch.randn(80, 3, 16, 16, generator=generator) + 2.0 * labels.view(-1, 1, 1, 1)
    known = labels.numpy() if labelled else None
    return Images(name, f"{name}-{seed}", 80, lambda: list(pictures.split(32)), known)


SETS = images("train", 1), images("validation", 2), images("test", 3)


def test_a_trained_head_wins_back_what_it_can() -> None:
    model = ready(Residual())
    before = copy.deepcopy(model.state_dict())
    units = {"layer2": [0, 1, 2]}
    found = fine_tune(Evaluator(model), *SETS, units=units)
    assert found.before == pytest.approx(Evaluator(model).evaluate(SETS[2], units).accuracy)
    assert found.after > max(found.before, 0.8)
    assert 1 <= found.best <= found.epochs
    assert found == fine_tune(Evaluator(model), *SETS, units=units), "seeded"
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not model._forward_hooks


def test_a_head_that_is_best_already_is_kept() -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).eval()
    with torch.no_grad():
        model[2].weight.copy_(torch.tensor([[-100.0] * 3, [100.0] * 3]))
        model[2].bias.copy_(torch.tensor([300.0, -300.0]))
    found = fine_tune(Evaluator(model), *SETS, units={})
    assert (found.before, found.after, found.best) == (1.0, 1.0, 0)


@pytest.mark.parametrize("layer", ["2", "2.0"])
def test_units_of_the_head_itself_are_refused(layer: str) -> None:
    head = nn.Sequential(nn.Linear(3, 2))
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    with pytest.raises(BadInput, match=f"below the head that is trained, got 1 of {layer}, which"):
        fine_tune(Evaluator(model), *SETS, units={layer: [0]})
    assert fine_tune(Evaluator(model), *SETS, units={layer: []}).after > 0


@pytest.mark.parametrize(
    ("model", "sets", "message"),
    [
        (
            nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            SETS,
            "expected a network that ends in a linear layer",
        ),
        (
            ready(Residual()),
            (SETS[0], images("flat", 2, labelled=False), SETS[2]),
            "expected labelled images to train a head, got none in flat",
        ),
    ],
)
def test_what_cannot_be_trained_is_said(model, sets, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fine_tune(Evaluator(model), *sets, units={})


def test_labels_are_indices() -> None:
    assert SETS[0].labels is not None
    assert SETS[0].labels.dtype == np.int64
