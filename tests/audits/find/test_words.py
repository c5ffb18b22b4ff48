"""Filters find whole words and their forms, never parts of other words, and say where."""

import re

import pytest

from audits.find import words
from audits.find.words import find, keywords_of, query_of
from db.audit.words import Word
from db.errors import BadInput

LEMMAS = {"faces": "face", "texts": "text", "letters": "letter", "eyes": "eye", "written": "write"}


def analysed(*texts: str) -> dict[str, list[Word]]:
    """A scripted pipeline: words by letters, lemmas from a list."""
    return {
        text: [
            Word(
                each.start(),
                each.end(),
                each[0].casefold(),
                LEMMAS.get(each[0].casefold(), each[0].casefold()),
                "NOUN",
            )
            for each in re.finditer(r"\w+", text)
        ]
        for text in texts
    }


def found(keywords: list[str], *texts: str, lemmas: bool = True) -> dict[str, list[str]]:
    query = query_of(keywords, lemmas=lemmas)
    spans = find(analysed(*texts), query, forms=analysed(*keywords_of(query)))
    return {text: [text[start:stop] for start, stop in where] for text, where in spans.items()}


@pytest.mark.parametrize(
    ("keyword", "missed"),
    [("text", "A texture"), ("word", "Swords and wordless birds"), ("face", "Surfaces")],
)
def test_parts_of_other_words_are_not_found(keyword: str, missed: str) -> None:
    assert found([keyword], missed) == {}


def test_forms_of_a_word_are_found_in_both_directions() -> None:
    assert found(["text"], "Texts on a sign") == {"Texts on a sign": ["Texts"]}
    assert found(["faces"], "A dog face") == {"A dog face": ["face"]}
    assert found(["eyes"], "An eye") == {"An eye": ["eye"]}


def test_forms_may_be_left_out() -> None:
    assert found(["text"], "Texts on a sign", lemmas=False) == {}
    assert found(["text"], "TEXT on a sign", lemmas=False) == {"TEXT on a sign": ["TEXT"]}


def test_presets_are_those_of_the_paper() -> None:
    assert query_of(["preset:face"]).any == ("face", "head", "nose", "eyes", "mouth")
    assert query_of(["preset:text", "sign"]).any == ("text", "word", "letter", "sign")


def test_must_and_must_not() -> None:
    texts = ("dog face", "dog nose", "clock face", "dog face on a clock")
    assert list(found(["+dog", "face"], *texts)) == ["dog face", "dog face on a clock"]
    assert list(found(["+dog", "face", "-clock"], *texts)) == ["dog face"]
    assert found(["+dog", "+nose"], *texts) == {"dog nose": ["dog", "nose"]}


def test_every_match_is_marked_once_and_in_order() -> None:
    text = "letters, text and letters"
    assert found(["text", "letter"], text) == {text: ["letters", "text", "letters"]}


def test_words_of_one_keyword_stand_side_by_side() -> None:
    texts = ("A traffic light", "Traffic and a light")
    assert found(["traffic light"], *texts) == {"A traffic light": ["traffic light"]}


def test_a_text_is_analysed_once_however_often_it_comes() -> None:
    import spacy

    nlp = spacy.blank("en")
    given = words.analyse(nlp, ["Dog faces", "Dog faces", "İ"])
    assert list(given) == ["Dog faces", "İ"]
    assert [(word.start, word.stop, word.word) for word in given["Dog faces"]] == [
        (0, 3, "dog"),
        (4, 9, "faces"),
    ]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ([], "at least one keyword"),
        (["-clock", " "], "at least one keyword"),
        (["|"], "a word on each side"),
        (["+dog|"], "a word on each side.*got '.dog|'"),
        (["dog|cat"], "and . before them"),
        (["preset:cars"], "expected a preset among face, text, got 'cars'"),
    ],
)
def test_empty_filters_are_refused(keywords: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        query_of(keywords)
