"""Edited weights give what the live ablation gives, or are refused with the reason."""

import pytest
import torch
from torch import nn

from audits.ablation.engine.hooks import ablated
from audits.edit import plan
from audits.edit.weights import card, edit
from db.audit.ablations import Ablation, Point
from db.errors import BadInput
from helpers.networks import Residual, Tokens, Untraceable, ready

IMAGES = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(3)) * 2


def plain() -> nn.Module:
    """Depthwise convolution, batch norm, and a linear layer over maps of several positions."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU6(inplace=True),
        nn.Conv2d(6, 6, 3, groups=6),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 5),
    )


@pytest.mark.parametrize(
    ("make", "units", "changed"),
    [
        (Residual, {"conv1": [1, 6]}, ["conv1.weight", "conv1.bias"]),
        (Residual, {"bn1": [2]}, ["bn1.weight", "bn1.bias"]),
        (Residual, {"relu": [2]}, ["bn1.weight", "bn1.bias"]),
        (Residual, {"layer1": [3]}, ["layer2.0.conv1.weight", "layer2.0.shortcut.weight"]),
        (Residual, {"layer2": [0, 19]}, ["linear.weight"]),
        (Tokens, {"first": [4]}, ["first.weight", "first.bias"]),
        (Tokens, {"hidden": [4, 23]}, ["hidden.0.weight", "hidden.0.bias"]),
        (Untraceable, {"conv.0": [5]}, ["conv.0.weight", "conv.0.bias"]),
        (plain, {"2": [0]}, ["1.weight", "1.bias"]),
        (plain, {"4": [0, 5]}, ["3.weight", "3.bias"]),
        (plain, {"3": [1]}, ["3.weight", "3.bias"]),
    ],
)
def test_edited_weights_give_the_ablations_logits(make, units, changed) -> None:
    model = ready(make())
    before = model(IMAGES)
    edited = edit(model, units, IMAGES.split(4))
    assert sorted(edited.changed) == sorted(changed)
    assert edited.images == 6
    elsewhere = make().eval()
    elsewhere.load_state_dict(edited.state)
    with ablated(model, units):
        torch.testing.assert_close(elsewhere(IMAGES), model(IMAGES), rtol=0, atol=1e-5)
    assert torch.equal(model(IMAGES), before), "the network itself is as it was"
    assert not torch.equal(elsewhere(IMAGES), before)


def test_columns_are_zeroed_where_a_sum_makes_the_units() -> None:
    class Wide(nn.Module):
        """A sum that is read by a linear layer over four positions a unit."""

        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Conv2d(3, 4, 15)
            self.two = nn.Conv2d(3, 4, 15)
            self.sum = Sum()
            self.linear = nn.Linear(16, 5)

        def forward(self, images):
            return self.linear(self.sum(self.one(images), self.two(images)).flatten(1))

    class Sum(nn.Module):
        def forward(self, left, right):
            return left + right

    edited = edit(ready(Wide()), {"sum": [2]}, [IMAGES])
    assert edited.changed == ("linear.weight",)
    assert edited.state["linear.weight"][:, 8:12].abs().max() == 0
    assert (edited.state["linear.weight"][:, [7, 12]] != 0).all()


@pytest.mark.parametrize(
    ("make", "units", "message"),
    [
        (Residual, {"layer2.0": [1]}, None),
        (Tokens, {"norm": [1]}, "they are read by"),
        (Untraceable, {"conv": [1]}, "the network's graph cannot be read"),
        (Residual, {"conv1": [8]}, "expected units 0 to 7 of layer 'conv1', got 8"),
        (Residual, {"conv9": [0]}, "got 'conv9'"),
        (Residual, {"linear": [9]}, "expected units 0 to 4 of layer 'linear', got 9"),
    ],
)
def test_what_cannot_be_edited_is_refused(make, units, message) -> None:
    if message is None:
        assert edit(ready(make()), units, [IMAGES]).changed == (
            "layer2.1.conv1.weight",
            "layer2.1.shortcut.weight",
        )
        return
    with pytest.raises(BadInput, match=message):
        edit(ready(make()), units, [IMAGES])


def test_weights_that_are_used_twice_are_refused() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.relu = nn.ReLU()
            self.linear = nn.Linear(3, 5)

        def forward(self, images):
            out = self.conv(images)
            return self.linear((self.relu(out) - out).mean((2, 3)))

    with pytest.raises(BadInput, match="expected the edited network to give the ablated one's"):
        edit(ready(Shared()), {"relu": [0]}, [IMAGES])


def test_an_edit_needs_images_to_be_checked_on() -> None:
    with pytest.raises(BadInput, match="expected images to check"):
        edit(ready(Residual()), {"conv1": [0]}, [])


def test_a_card_says_what_was_removed_and_what_it_cost() -> None:
    edited = edit(ready(Residual()), {"layer2": [3]}, [IMAGES])
    written = card(
        "tiny",
        "abc",
        {("layer2", 3): "Text | <b>bold</b>\nsigns"},
        edited,
        images=6,
        rows=[("accuracy", "81 %")],
        warnings=["Small."],
    )
    assert "| layer2 | 3 | Text \\| \\<b\\>bold\\</b\\> signs |" in written
    assert "1 tensors were changed (linear.weight)" in written
    assert "| accuracy | 81 % |" in written
    assert "- Small." in written


def test_a_card_says_what_its_band_of_controls_is() -> None:
    points = [
        Point("keyword", 0, count, split, 0.9 - count / 10)
        for split in ("validation", "test")
        for count in (0, 1)
    ]
    points += [Point("random", trial, 1, "test", 0.7 + trial / 10) for trial in range(2)]
    experiment = Ablation(1, None, "tiny", {}, [], {}, "ada", "2026-01-01")
    assert plan.cost(experiment, points, 1)[-1] == (
        "… without as many random units of the same layers, range of 2 draws",
        "70.00% to 80.00%",
    )


def test_a_card_of_a_wrapper_gives_the_reason() -> None:
    written = card("tiny", "abc", {("norm", 1): "Text"}, None, images=6, reason="they are read")
    assert "silenced while the network runs" in written
    assert "they are read" in written
