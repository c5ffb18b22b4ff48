"""Lists of words: blank lines and repetitions are harmless, sentences give their nouns."""

import importlib.util
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.methods import words


def test_blank_lines_and_repetitions_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("\ndog\n\n  traffic light \ndog\n\n")
    assert words.of_file(path) == ("dog", "traffic light")
    path.write_text("\n\n")
    with pytest.raises(BadInput, match="expected a word a line"):
        words.of_file(path)


def test_sentences_give_their_nouns() -> None:
    assert words.of_sentences(["the faces of dogs", "a red car"]) == ("car", "dog", "face")


@pytest.mark.skipif(importlib.util.find_spec("wordfreq") is not None, reason="wordfreq is here")
def test_without_any_list_one_is_asked_for() -> None:
    with pytest.raises(BadInput, match="--words FILE"):
        words.commonest(10)
