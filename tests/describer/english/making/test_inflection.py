"""The lemmatizer's tables."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from describer.english.making import inflection
from describer.english.making.treebank import Sentence


def one_word(word: str, lemma: str, tag: str, features: str = "") -> Sentence:
    return Sentence((word,), (lemma,), (tag,), (features,), (0,), ("ROOT",), (False,))


def lemmatizer(sentences: Sequence[Sentence]) -> Callable[..., Any]:
    """spaCy's own lemmatizer with tables made of the sentences: word, tag, features -> lemma."""
    nlp = spacy.blank("en")
    component: Any = nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    component.initialize(lookups=inflection.tables(sentences))

    def lemmatize(word: str, tag: str, features: str = "") -> Any:
        return component(Doc(nlp.vocab, words=[word], pos=[tag], morphs=[features]))[0].lemma_

    return lemmatize


@pytest.fixture(scope="module")
def untaught() -> Callable[..., Any]:
    """The lemmatizer with one verb known."""
    return lemmatizer([one_word("lie", "lie", "VERB", "VerbForm=Inf")])


@pytest.mark.parametrize(
    ("plural", "lemma"),
    [
        ("faces", "face"),
        ("eyes", "eye"),
        ("leaves", "leaf"),
        ("children", "child"),
        ("letters", "letter"),
        ("boxes", "box"),
        ("bushes", "bush"),
        ("benches", "bench"),
        ("dresses", "dress"),
        ("butterflies", "butterfly"),
        ("wolves", "wolf"),
        ("women", "woman"),
        ("feet", "foot"),
        ("teeth", "tooth"),
        ("shoes", "shoe"),
        ("potatoes", "potato"),
        ("lenses", "lens"),
        ("compass", "compass"),
        ("cactus", "cactus"),
        ("zebras", "zebra"),
    ],
)
def test_plurals_of_unknown_nouns(untaught: Callable[..., Any], plural: str, lemma: str) -> None:
    assert untaught(plural, "NOUN", "Number=Plur") == lemma


@pytest.mark.parametrize(
    ("form", "lemma"),
    [
        ("striped", "stripe"),
        ("dotted", "dot"),
        ("hanging", "hang"),
        ("arranged", "arrange"),
        ("floating", "float"),
        ("framed", "frame"),
        ("containing", "contain"),
        ("dangling", "dangle"),
        ("lying", "lie"),
        ("carries", "carry"),
        ("watches", "watch"),
        ("curved", "curve"),
        ("opened", "open"),
        ("pointing", "point"),
    ],
)
def test_forms_of_verbs(untaught: Callable[..., Any], form: str, lemma: str) -> None:
    assert untaught(form, "VERB", "VerbForm=Part") == lemma


def test_singular_nouns_are_their_own_lemmas(untaught: Callable[..., Any]) -> None:
    assert untaught("atlas", "NOUN", "Number=Sing") == "atlas"


def test_known_lemmas_decide_between_rules() -> None:
    assert lemmatizer([])("robing", "VERB") == "robe"
    assert lemmatizer([one_word("rob", "rob", "VERB", "VerbForm=Inf")])("robing", "VERB") == "rob"


def test_what_the_treebank_says_of_a_form_beats_the_rules() -> None:
    odd = [one_word("sheaves", "sheaf", "NOUN", "Number=Plur")]
    assert lemmatizer(odd)("sheaves", "NOUN", "Number=Plur") == "sheaf"


def test_a_listed_form_beats_a_known_rival_that_a_rule_finds() -> None:
    rival = [one_word("leave", "leave", "NOUN", "Number=Sing")]
    known = [*rival, one_word("leaf", "leaf", "NOUN", "Number=Sing")]
    assert lemmatizer(known)("leaves", "NOUN", "Number=Plur") == "leaf"


def test_the_commonest_lemma_of_an_ambiguous_form_wins() -> None:
    seen = [one_word("found", "found", "VERB"), *[one_word("found", "find", "VERB")] * 2]
    assert lemmatizer(seen)("found", "VERB") == "find"


@pytest.mark.parametrize("tag", ["noun", "verb", "adj"])
def test_candidates_come_in_the_lemmatizers_order(tag: str) -> None:
    words = ["hopping", "hoping", "leaves", "axes", "bigger", "finest", "lies", "used", "glasses"]
    index = {"hop", "hope", "leaf", "leave", "axe", "big", "fine", "lie", "use", "glass"}
    known = [one_word(lemma, lemma, tag.upper(), "VerbForm=Inf") for lemma in sorted(index)]
    lookups = inflection.tables(known)
    lemmatize = lemmatizer(known)
    kept = set(lookups.get_table("lemma_index")[tag])
    for word in words:
        if word not in lookups.get_table("lemma_exc").get(tag, {}):
            expected = inflection.candidates(word, inflection.rules()[tag], kept)[0]
            assert lemmatize(word, tag.upper()) == expected
