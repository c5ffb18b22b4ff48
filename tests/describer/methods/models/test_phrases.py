"""Common noun phrases."""

from describer.methods.models import phrases

CAPTIONS = ["a red door", "the red door of a house", "a dog in front of two red doors"]


def test_the_most_common_phrase_is_first_and_says_all_that_is_common() -> None:
    (first, count), *others = phrases.common(CAPTIONS, 5, seed=0)
    assert (first, count) == ("red door", 3)
    assert "door" not in [text for text, _count in others]
    assert {"house", "dog"} <= {text for text, _count in others}


def test_chance_decides_between_equally_common_ones() -> None:
    captions = ["a dog", "a cat", "a horse", "a bird"]
    orders = {tuple(phrases.common(captions, 4, seed=seed)) for seed in range(20)}
    assert len(orders) > 3
    assert phrases.common(captions, 4, seed=7) == phrases.common(captions[::-1], 4, seed=7)


def test_nothing_has_no_phrases() -> None:
    assert phrases.common(["", "of"], 5, seed=0) == []
