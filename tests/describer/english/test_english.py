"""Loading a pipeline, and the words, lemmas, tags and depth that come out of the built-in one."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from describer import english
from describer.english import Word

PHRASES = [
    ("dog faces", "NOUN NOUN", "dog face"),
    ("Dog faces", "NOUN NOUN", "dog face"),
    ("the top of objects", "DET NOUN ADP NOUN", "the top of object"),
    ("human eyes and noses", "ADJ NOUN CCONJ NOUN", "human eye and nose"),
    ("children", "NOUN", "child"),
    ("letters on a sign", "NOUN ADP DET NOUN", "letter on a sign"),
    ("text and letters", "NOUN CCONJ NOUN", "text and letter"),
    ("people's hands", "NOUN PART NOUN", "people 's hand"),
    ("a person wearing a hat", "DET NOUN VERB DET NOUN", "a person wear a hat"),
    ("Vertical lines", "ADJ NOUN", "vertical line"),
    ("women's faces", "NOUN PART NOUN", "woman 's face"),
    ("animals with white fur", "NOUN ADP ADJ NOUN", "animal with white fur"),
    ("hands and feet", "NOUN CCONJ NOUN", "hand and foot"),
    ("teeth", "NOUN", "tooth"),
]


@pytest.mark.parametrize(("text", "tags", "lemmas"), PHRASES)
def test_phrases_are_tagged_and_lemmatized(builtin: Any, text: str, tags: str, lemmas: str) -> None:
    assert english.tags(builtin, text) == tuple(tags.split())
    assert english.lemmas(builtin, text) == tuple(lemmas.split())


@pytest.mark.parametrize(
    ("text", "lemmas"),
    [
        ("green leaves", "green leaf"),
        ("leaves and branches", "leaf and branch"),
        ("computer screens", "computer screen"),
        ("red objects", "red object"),
        ("shoes", "shoe"),
        ("striped shirts", "stripe shirt"),
        ("faces", "face"),
        ("Faces", "face"),
        ("people's eyes", "people 's eye"),
    ],
)
def test_lemmas_survive_wrong_tags(builtin: Any, text: str, lemmas: str) -> None:
    assert english.lemmas(builtin, text) == tuple(lemmas.split())


def test_most_words_of_descriptions_are_right(builtin: Any) -> None:
    lines = Path(__file__).with_name("phrases.txt").read_text().splitlines()[1:]
    right_tags, right_lemmas = [], []
    for line in lines:
        words, tags, lemmas = zip(*(word.split("/") for word in line.split()), strict=True)
        doc = builtin(Doc(builtin.vocab, words=words))
        right_tags += [token.pos_ == tag for token, tag in zip(doc, tags, strict=True)]
        right_lemmas += [token.lemma_ == lemma for token, lemma in zip(doc, lemmas, strict=True)]
    assert sum(right_tags) / len(right_tags) >= 0.92
    assert sum(right_lemmas) / len(right_lemmas) >= 0.98


def test_words_know_their_place_and_leave_punctuation_out(builtin: Any) -> None:
    text = "Faces, (and)  eyes."
    words = english.words(builtin(text))
    assert words[0] == Word("Faces", "face", "NOUN", 0, 5)
    assert [text[word.start : word.stop] for word in words] == ["Faces", "and", "eyes"]


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("", 0),
        ("faces", 0),
        ("dog faces", 1),
        ("the top of round objects", 2),
        ("the edges of the ears of white dogs", 3),
    ],
)
def test_depth_of_the_parse_tree(builtin: Any, text: str, depth: int) -> None:
    assert english.depth(builtin(text)) == depth


def test_depth_takes_the_deepest_of_several_sentences() -> None:
    document = Doc(
        spacy.blank("en").vocab,
        words=["a", "b", "c", "d", "e"],
        heads=[0, 0, 3, 4, 4],
        deps=["ROOT", "dep", "dep", "dep", "ROOT"],
    )
    assert english.depth(document) == 2


def test_a_description_is_one_sentence(builtin: Any) -> None:
    assert len(list(builtin("Dog faces. Cat ears! And a nose").sents)) == 1


def test_the_builtin_pipeline_says_what_it_is(builtin: Any) -> None:
    assert english.source(builtin) == "built-in English pipeline 1.0.0 (UD English EWT)"


def test_installed_packages_come_first(install: Callable[[str, Any], None], builtin: Any) -> None:
    install("en_toy_sm", spacy.blank("en", meta={"name": "toy_sm", "version": "9.9.9"}))
    found = english.load(("en_toy_lg", "en_toy_sm"))
    assert english.source(found) == "en_toy_sm 9.9.9"
    assert english.source(english.load(("en_toy_lg",))) == english.source(builtin)


def test_a_pipeline_is_loaded_once() -> None:
    assert english.load(()) is english.load(())


def test_loading_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert english.load.__wrapped__(())("dog faces")[0].pos_ == "NOUN"


def test_importing_the_package_imports_no_spacy() -> None:
    code = (
        "import sys, describer.english, describer.english.distance; print('spacy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(english.__file__).parents[2],
    )
    assert done.stdout.strip() == "False"


def test_the_pipeline_is_small_and_carries_its_licence() -> None:
    files = [path for path in english.PIPELINE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 10_000_000
    assert "Attribution-ShareAlike 4.0 International" in (english.PIPELINE / "LICENSE").read_text()
    card = (english.PIPELINE / "README.md").read_text()
    assert "Silveira" in card
    assert "CC BY-SA" in str(spacy.load(english.PIPELINE, exclude=["parser"]).meta["license"])
