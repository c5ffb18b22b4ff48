"""Agreement beyond chance equals other people's implementations and a table worked by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from audits.find.kappa import agreement, cohen, fleiss


@pytest.mark.parametrize("seed", range(5))
def test_cohen_is_what_scikit_learn_computes(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.choice(["confirmed", "rejected", "unsure"], 60)
    agrees = generator.random(60) < 0.6
    second = np.where(agrees, first, generator.choice(["confirmed", "rejected", "unsure"], 60))
    expected = cohen_kappa_score(first, second)
    assert cohen(first.tolist(), second.tolist()) == pytest.approx(expected, abs=1e-12)


def test_fleiss_is_what_the_textbook_table_gives() -> None:
    # The example of the method's article in Wikipedia: ten things, fourteen people, five labels.
    rows = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    assert fleiss(np.array(rows, dtype=float)) == pytest.approx(0.210, abs=5e-4)
    # Two things, three people, worked by hand.
    small = np.array([[3.0, 0.0], [1.0, 2.0]])
    observed, chance = (1 + 1 / 3) / 2, (4 / 6) ** 2 + (2 / 6) ** 2
    assert fleiss(small) == pytest.approx((observed - chance) / (1 - chance))


def test_two_people_get_cohen_more_get_fleiss_and_the_interval_holds_the_value() -> None:
    pair = [{"ada": a, "bob": b} for a, b in [("c", "c"), ("r", "r"), ("c", "r"), ("r", "r")] * 10]
    measured = agreement(pair)
    assert measured is not None
    assert measured.measure == "Cohen's kappa"
    assert measured.low < measured.kappa < measured.high
    assert (measured.same, measured.units) == (0.75, 40)
    wider = agreement(pair[:8])
    assert wider is not None
    assert wider.high - wider.low > measured.high - measured.low
    changing = agreement([*pair, {"ada": "c", "eve": "c"}])
    assert changing is not None
    assert changing.measure == "Fleiss' kappa"


def test_what_is_undefined_is_not_a_number() -> None:
    assert agreement([]) is None
    assert agreement([{"ada": "confirmed"}]) is None
    measured = agreement([{"ada": "confirmed", "bob": "confirmed"}] * 3)
    assert measured is not None
    assert math.isnan(measured.kappa)
    assert math.isnan(measured.low)
