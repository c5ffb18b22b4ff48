"""The texts of the annotator's page: every language has every text, with the same values in it."""

import string

import pytest

from annotator.texts import words
from annotator.work import guidelines
from db.errors import BadInput

LANGUAGES = sorted(words.languages())


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_with_the_same_values(language: str) -> None:
    english, other = words.of("en"), words.of(language)
    assert set(other.texts) == set(english.texts)
    assert {key: len(lines) for key, lines in other.lists.items()} == {
        key: len(lines) for key, lines in english.lists.items()
    }
    for key, text in english.texts.items():
        assert fields(other.texts[key]) <= fields(text) | {"n"}, (language, key)
        assert other.texts[key].strip(), (language, key)
    assert {key: set(each) for key, each in other.examples.items()} == {
        key: set(each) for key, each in english.examples.items()
    }
    assert other.direction in ("ltr", "rtl")
    # A text is translated or has a reason not to be: none is longer than a few words otherwise.
    if language != "en":
        same = [key for key, text in english.texts.items() if other.texts[key] == text]
        assert same == []


def test_there_are_three_languages_and_one_runs_from_right_to_left() -> None:
    assert {"en", "de", "ar"} <= set(LANGUAGES)
    assert words.of("ar").direction == "rtl"
    with pytest.raises(BadInput, match="language"):
        words.of("../en")


def test_guidelines_in_the_code_are_those_of_the_file() -> None:
    english = words.of("en")
    assert english.lists["guidelines.lines"] == guidelines.GUIDELINES
    assert english("campaign.instructions") == guidelines.INSTRUCTIONS
