"""Results in words: what was measured, and clear only what the test calls so."""

import random

import pytest

from audits.ablation import wording
from audits.ablation.result import Point, Summary
from audits.figures.intervals import Interval, of_draws
from db.audit import ablations

DRAWS = [0.40 + 0.001 * draw for draw in range(40)]


def summary(
    end: float, *, chosen: tuple[int, float] | None = None, draws: list[float] | None = None
) -> Summary:
    """An ablation of six units from 33.5 %, over 200 images."""
    drawn = of_draws(DRAWS if draws is None else draws)
    last = Point(6, end, end, drawn, None)
    return Summary(
        measure="accuracy",
        images=200,
        units=tuple(("late", unit) for unit in range(6)),
        start=Point(0, 0.335, 0.335, of_draws([0.335] * 5), None),
        chosen=Point(chosen[0], chosen[1], chosen[1], drawn, None) if chosen else None,
        best=last,
        end=last,
    )


def test_what_lies_among_the_draws_is_no_clear_difference() -> None:
    found = wording.finding(summary(0.42), DRAWS)
    assert found.sentence == (
        "Without these 6 units: 42.0%, 8.5 points more. Random units of the same layers: +8.5 "
        "(range of 40 draws: +6.5 to +10.4). No clear difference."
    )
    assert (found.verdict, found.p) == ("none", 1.0)
    assert found.test == (
        "Rank among the draws, two-sided: p = 1, clear from 0.05 down. 200 test images: one image "
        "is 0.5 points."
    )


@pytest.mark.parametrize(("value", "verdict"), [(0.6, "more"), (0.2, "less")])
def test_what_lies_beyond_all_of_forty_draws_is_clear(value: float, verdict: str) -> None:
    found = wording.finding(summary(value), DRAWS)
    assert found.verdict == verdict
    assert found.sentence.endswith(f"Clearly {verdict} than without random units.")
    assert found.p == pytest.approx(2 / 41)


def test_few_draws_never_call_anything_clear_and_say_why() -> None:
    draws = DRAWS[:20]
    found = wording.finding(summary(0.9, draws=draws), draws)
    assert found.verdict == "none"
    assert found.sentence.endswith("Outside the range, but 20 draws are too few to call it clear.")
    assert "(which takes 39 draws)" in found.test


def test_the_chosen_count_is_what_the_sentence_is_about_and_0_is_said() -> None:
    found = wording.finding(summary(0.42, chosen=(2, 0.35)), DRAWS)
    assert found.sentence.startswith("Without the first 2 of 6 units: 35.0%, 1.5 points more.")
    assert "The count was chosen on validation images, for the draws it was not." in found.test
    none = wording.finding(summary(0.2, chosen=(0, 0.335)), DRAWS)
    assert none.sentence.startswith("Without these 6 units: 20.0%, 13.5 points less.")
    assert "no count kept the accuracy" in none.test


def test_ties_count_against_a_difference() -> None:
    assert wording.rank_p(0.5, [0.5] * 100) == 1.0
    assert wording.rank_p(0.5, [*[0.4] * 99, 0.5]) == pytest.approx(2 * 2 / 101)


def test_units_that_are_random_themselves_are_called_clear_in_one_case_of_twenty_at_most() -> None:
    generator = random.Random(0)
    clear = 0
    for _ in range(2000):
        values = [generator.gauss(0, 1) ** 3 for _ in range(41)]
        clear += wording.rank_p(values[0], values[1:]) <= wording.LEVEL
    # 2 / 41 of 2,000 are 97.6, with a standard deviation of 9.6.
    assert 60 <= clear <= 135


def test_draws_are_those_of_the_test_images_at_the_count() -> None:
    points = [
        ablations.Point(condition, trial, count, split, trial + count / 10)
        for condition in ("keyword", "random")
        for trial in range(2)
        for count in (1, 2)
        for split in ("validation", "test")
    ]
    assert wording.draws_at(points, 2) == [0.2, 1.2]


def test_an_interval_of_before_ranges_were_kept_is_not_said_to_be_one() -> None:
    old = summary(0.42)
    old = Summary(**{**old.__dict__, "end": Point(6, 0.4, 0.42, Interval(0.41, 0.2, 0.6), None)})
    told = dict(wording.rows(old))
    assert told["… without as many random units of the same layers (6 units, all)"] == "41.00%"
