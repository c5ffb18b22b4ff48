"""A network that answers differently for the same image is named, with the remedy."""

from pathlib import Path

import pytest
import torch

from describer.subjects import factory, steadiness
from helpers.subject_files import TINY, subject


def with_module(made: str, used: str = "self.odd(self.first(images))") -> str:
    code = TINY.replace("        self.head", f"        self.odd = {made}\n        self.head")
    return code.replace("self.first(images)", used)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            with_module("nn.BatchNorm2d(5, track_running_stats=False)"),
            ["with the images beside it", "odd (BatchNorm2d)", "track_running_stats"],
        ),
        (
            with_module("nn.Identity()", "nn.functional.dropout(self.odd(self.first(images)))"),
            ["from one time to the next", "code in Tiny.forward", "F.dropout"],
        ),
        (
            with_module("nn.Dropout(0.5)")
            + "\n    def train(self, mode=True):\n        return self\n",
            ["from one time to the next", "odd (Dropout)", "stays in training mode"],
        ),
        (
            with_module("nn.Identity()", "self.first(images - images.mean(0))"),
            ["with the images beside it", "code in Tiny.forward"],
        ),
    ],
)
def test_the_module_is_named_with_the_remedy(tmp_path: Path, code: str, words: list[str]) -> None:
    given = subject(tmp_path, code)
    (said,) = steadiness.warnings(factory.build(given), given)
    assert said.startswith("warning: tiny answers differently for the same image")
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    "made", ["nn.Identity()", "nn.BatchNorm2d(5)", "nn.Dropout(0.5)", "nn.GroupNorm(1, 5)"]
)
def test_steady_networks_are_silent_and_stay_as_they_are(tmp_path: Path, made: str) -> None:
    given = subject(tmp_path, with_module(made))
    model = factory.build(given)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    hooks = [len(module._forward_hooks) for module in model.modules()]
    assert steadiness.warnings(model, given) == ()
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [len(module._forward_hooks) for module in model.modules()] == hooks
