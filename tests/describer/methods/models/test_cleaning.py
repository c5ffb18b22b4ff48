"""Captions and answers, cleaned."""

import pytest

from describer.methods.models import cleaning


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("arafed dog dog sitting  on a bench. It is nice.", "a dog sitting on a bench"),
        ("a red red red red door", "a red door"),
        ("a door and a door and a door and", "a door"),
        ("The image shows a blue sky", "a blue sky"),
        ("  ", ""),
    ],
)
def test_a_caption_is_one_clean_sentence(written: str, clean: str) -> None:
    assert cleaning.caption(written) == clean


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ('1. "Red scenes."', "Red scenes"),
        ("\n- wooden boats\n- more", "wooden boats"),
        ("Concept: night sky", "night sky"),
        ("{}", ""),
        ("x", ""),
        ("I am sorry but as a model of language I cannot see what these have in common", ""),
    ],
)
def test_an_answer_is_a_short_text_in_words(written: str, clean: str) -> None:
    assert cleaning.answer(written) == clean
