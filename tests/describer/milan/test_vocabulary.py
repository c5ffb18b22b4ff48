"""Words, special symbols, and sentences written as the published code writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import BadInput
from describer.milan.vocabulary import SPECIAL_SYMBOLS, Vocabulary, tokenize

WORDS = ("dog", "faces", ",", "-", ".", "'s", "/")
KNOWN = Vocabulary(WORDS)


def ids(text: str) -> list[int]:
    return [WORDS.index(word) for word in text.split()]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("dog faces", "Dog faces"),
        ("dog , faces", "Dog, faces"),
        ("dog - faces", "Dog-faces"),
        ("dog faces -", "Dog faces-"),
        ("dog . faces . dog", "Dog. Faces. Dog"),
        ("dog faces .", "Dog faces."),
        ("dog 's faces", "Dog 's faces"),
        ("dog / faces", "Dog / faces"),
        ("", ""),
    ],
)
def test_sentences_are_written_as_the_published_code_does(spoken: str, written: str) -> None:
    assert KNOWN.decode(ids(spoken)) == written


def test_decoding_ends_at_the_stop_symbol_and_leaves_special_symbols_out() -> None:
    spoken = [0, KNOWN.unknown, KNOWN.padding, KNOWN.start, 1, KNOWN.stop, 0]
    assert KNOWN.decode(spoken) == "Dog faces"


def test_special_symbols_follow_the_words_in_the_published_order() -> None:
    assert [KNOWN.start, KNOWN.stop, KNOWN.padding, KNOWN.unknown] == [7, 8, 9, 10]
    assert len(KNOWN) == len(WORDS) + SPECIAL_SYMBOLS


def test_encoding_lowers_case_and_knows_what_it_does_not_know() -> None:
    assert KNOWN.encode("Dog  FACES, cats") == (0, 1, 2, KNOWN.unknown, KNOWN.stop)


def test_words_come_most_frequent_first_and_rare_ones_can_be_left_out() -> None:
    texts = ["red dog", "red sky", "a dog", "red"]
    assert Vocabulary.from_texts(texts).words == ("red", "dog", "a", "sky")
    assert Vocabulary.from_texts(texts, minimum_count=2).words == ("red", "dog")


@given(st.lists(st.sampled_from(["dog", "faces", ","]), max_size=8))
def test_what_is_decoded_encodes_to_the_same_words(words: list[str]) -> None:
    indices = [WORDS.index(word) for word in words]
    assert list(KNOWN.encode(KNOWN.decode(indices)))[:-1] == indices


@given(st.text(max_size=60))
def test_any_text_can_be_encoded(text: str) -> None:
    encoded = KNOWN.encode(text)
    assert encoded[-1] == KNOWN.stop
    assert len(encoded) == len(tokenize(text)) + 1


@pytest.mark.parametrize(
    ("words", "message"),
    [((), "at least one word"), (("dog", ""), "non-empty"), (("dog", "dog"), "'dog' 2 times")],
)
def test_unusable_words_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Vocabulary(words)
