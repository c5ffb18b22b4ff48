"""Which tensor of an output is the answer, and which numbers the network counts in."""

from pathlib import Path

import pytest
import torch

from db.errors import BadInput
from describer.subjects import factory
from helpers.subject_files import TINY, subject

ANSWER = "self.head(torch.relu(self.first(images)).mean((2, 3)))"


def returning(words: str) -> str:
    return TINY.replace(f"return {ANSWER}", f"answer = {ANSWER}\n        return {words}")


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("answer, images", "[0]"),
        ("[images.long(), answer]", "[1]"),
        ("{'out': answer, 'aux': images}", "['out']"),
        ("{'features': images, 'logits': answer}", "['logits']"),
        ("{'loss': images.mean(), 'scores': answer}", "['scores']"),
        ("(None, {'logits': answer})", "[1]['logits']"),
        ("__import__('collections').namedtuple('Two', 'aux logits')(images, answer)", "['logits']"),
        (
            "__import__('collections').OrderedDict(a=images.argmax(1), prediction=answer)",
            "['prediction']",
        ),
    ],
)
def test_the_answer_is_found_and_said(tmp_path: Path, words: str, entry: str) -> None:
    plain = factory.build(subject(tmp_path / "plain"))
    made = factory.make(subject(tmp_path / "odd", returning(words)))
    images = torch.randn(3, 3, 12, 12)
    assert torch.equal(made.model(images), plain(images))
    assert f"the network's answer is {entry} of its output" in made.notes[0]
    assert type(made.model).__name__ == "Tiny"


def test_a_subject_file_may_choose_another_entry(tmp_path: Path) -> None:
    code = returning("{'logits': answer, 'other': answer + 1}")
    one = factory.build(subject(tmp_path, code))
    other = factory.build(subject(tmp_path, code, more='answer = "other"'))
    images = torch.randn(2, 3, 12, 12)
    torch.testing.assert_close(other(images), one(images) + 1)
    with pytest.raises(
        BadInput, match="an entry of the network's output, got 'none'; logits, other"
    ):
        factory.build(subject(tmp_path, code, more='answer = "none"'))


def test_maps_of_one_position_are_laid_flat_and_larger_ones_stay(tmp_path: Path) -> None:
    model = factory.build(subject(tmp_path / "a", returning("answer[:, :, None, None]")))
    assert model(torch.zeros(2, 3, 12, 12)).shape == (2, 4)
    maps = factory.build(subject(tmp_path / "b", returning("self.first(images)")))
    assert maps(torch.zeros(2, 3, 12, 12)).shape == (2, 5, 12, 12)


@pytest.mark.parametrize("dtype", ["half", "bfloat16", "double"])
def test_networks_of_other_precision_take_the_same_images(tmp_path: Path, dtype: str) -> None:
    code = f"{TINY}\n\ndef make(): return Tiny().{dtype}()\n"
    made = factory.make(subject(tmp_path, code, factory="tiny.py:make"))
    exact = factory.build(subject(tmp_path / "exact"))
    images = torch.randn(2, 3, 12, 12)
    torch.testing.assert_close(made.model(images).float(), exact(images), atol=2e-2, rtol=2e-2)
    assert "so do its inputs" in made.notes[0]


def test_a_network_of_grey_images_says_so_and_takes_grey(tmp_path: Path) -> None:
    code = TINY.replace("channels=3", "channels=1")
    with pytest.raises(BadInput, match=r"first takes one-channel \(grey\) images.*gives 3 means"):
        factory.build(subject(tmp_path, code))
    model = factory.build(subject(tmp_path, code, mean="[0.13]"))
    assert model(torch.zeros(2, 1, 12, 12)).shape == (2, 4)


def test_an_adapted_network_can_be_traced_into_a_graph(tmp_path: Path) -> None:
    model = factory.build(subject(tmp_path, returning("{'logits': answer}")))
    graph = torch.fx.symbolic_trace(model)
    images = torch.randn(2, 3, 12, 12)
    assert torch.equal(graph(images), model(images))
