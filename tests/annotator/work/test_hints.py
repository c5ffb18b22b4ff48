"""Hints: one calm sentence when something is off, none otherwise."""

import pytest

from annotator.corpus import spelling
from annotator.work import hints


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("images of dogs", "Leave out “images of”"),
        ("These are dogs", "Leave out “these are”"),
        ("space around a dog", "space around"),
        ("dogs in the highlighted part", "Leave out “highlighted”"),
        ("many objects", "exactly"),
        ("a", "A little more"),
        ("3d.", "A little more"),
        ("dogs", "One word only: can you say more?"),
        ("Snow!", "One word only"),
        ("hosre", "Did you mean “horse”"),
        ("striped hosre", "Did you mean “horse”"),
        ("Striped fur.", "the same for an earlier"),
    ],
)
def test_what_is_off_is_named(text: str, part: str) -> None:
    assert part in hints.hint(text, earlier=["striped fur"], spelling=spelling.suggest)


@pytest.mark.parametrize(
    "text", ["", "dog faces", "the top of round tables", "sea imagery", "old Fords", "a TV"]
)
def test_a_good_sentence_gets_no_hint(text: str) -> None:
    assert hints.hint(text, spelling=spelling.suggest) == ""
