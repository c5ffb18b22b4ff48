"""Candidates from captions: by a language model, and without one."""

from collections.abc import Sequence
from typing import Any

from db.jobs import Watch
from describer.methods.dnd.candidates import candidates
from describer.methods.dnd.options import Options
from describer.methods.models.prompt import Manner, Prompt

CAPTIONS = ["a red door with a lamp", "a red door", "a red car on a road"]
OPTIONS = Options(captioner="c", likeness="l", candidates=3)


class Scripted:
    """Answers one after another, and remembers what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Prompt] = []

    @property
    def identity(self) -> dict[str, Any]:
        return {"name": "scripted"}

    def write(self, prompts: Sequence[Prompt], _manner: Manner, _watch: Watch) -> list[str]:
        self.asked += prompts
        return [self.answers.pop(0) for _ in prompts]


def test_captions_are_shortened_and_then_summed_up_in_changing_order() -> None:
    writer = Scripted("red door", "", "red car", "red things", "Red things", "doors", "vehicles")
    found = candidates(CAPTIONS, writer, OPTIONS, seed=1, watch=Watch())
    assert found.texts == ("red things", "doors", "vehicles")
    # The second had no usable short form and stays as it was.
    assert found.simplified == ("red door", "a red door", "red car")
    assert found.unusable == 1
    questions = [prompt.question for prompt in writer.asked[3:]]
    assert len({*questions}) > 1
    assert all(
        "- red car" in question and "one to five words" in question for question in questions
    )
    assert len(writer.asked[3].examples) == 2


def test_a_model_that_gives_up_leaves_noun_phrases() -> None:
    writer = Scripted(*["?"] * 12)
    found = candidates(CAPTIONS, writer, OPTIONS, seed=1, watch=Watch())
    assert found.texts[0] == "red door"
    assert found.unusable == 12
    assert "no usable answer" in found.how


def test_without_a_model_common_noun_phrases_are_the_candidates() -> None:
    found = candidates(CAPTIONS, None, OPTIONS, seed=1, watch=Watch())
    assert found.texts[0] == "red door"
    assert len(found.texts) == 3
    assert found.how == "common noun phrases of the captions"


def test_captions_without_nouns_stand_for_themselves() -> None:
    found = candidates(["on", "On", "of"], None, OPTIONS, seed=1, watch=Watch())
    assert found.texts == ("on", "of")
    assert found.how.endswith("captions instead")
