"""Maximum word difference."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from describer.english import distance

Install = Callable[[str, Any], None]

POINTS = {
    "cat": np.array([0.0, 3.0]),
    "dog": np.array([0.0, 0.0]),
    "car": np.array([4.0, 0.0]),
    ",": np.array([900.0, 0.0]),
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cat", "dog", "car"], 5.0),
        (["dog", "cat"], 3.0),
        (["dog", "unheard-of", "car"], 4.0),
        (["dog", "dog"], 0.0),
        (["dog"], 0.0),
        (["unheard-of"], 0.0),
        ([], 0.0),
    ],
)
def test_the_largest_distance_of_known_words(words: list[str], expected: float) -> None:
    assert distance.max_word_difference(words, POINTS.get) == expected


def test_a_documents_punctuation_is_left_out() -> None:
    document = spacy.blank("en")("cat, dog")
    assert distance.max_word_difference(document, POINTS.get) == 3.0


@given(
    st.lists(
        st.lists(st.floats(-100, 100, width=32), min_size=3, max_size=3), min_size=2, max_size=6
    )
)
def test_equals_the_largest_of_all_pairs(rows: list[list[float]]) -> None:
    points = {str(index): np.array(row) for index, row in enumerate(rows)}
    largest = max(
        float(np.linalg.norm(a - b)) for a, b in itertools.combinations(points.values(), 2)
    )
    assert distance.max_word_difference(points, points.get) == pytest.approx(largest)


def test_float16_vectors_do_not_overflow() -> None:
    far = {"a": np.array([-60000], np.float16), "b": np.array([60000], np.float16)}
    assert distance.max_word_difference(["a", "b"], far.get) == pytest.approx(120000, rel=1e-3)


def test_without_a_package_there_are_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distance, "PACKAGES", ())
    assert distance.vectors.__wrapped__() is None


def test_an_installed_package_gives_vectors_and_its_name(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = spacy.blank("en", meta={"name": "toy_md", "version": "2.0.0"})
    nlp.vocab.set_vector("cat", np.array([1.0, 2.0], np.float32))
    nlp.vocab.set_vector("dog", np.array([1.0, 0.0], np.float32))
    install("en_toy_md", nlp)
    monkeypatch.setattr(distance, "PACKAGES", ("en_toy_lg", "en_toy_md"))
    found = distance.vectors.__wrapped__()
    assert found is not None
    assert found.source == "en_toy_md 2.0.0"
    assert found.lookup("zebra") is None
    assert distance.max_word_difference(["cat", "dog", "zebra"], found.lookup) == 2.0
