"""Units go in the order of their score, in steps of 2 %, beside random orders."""

import numpy as np
import pytest

from audits.ablation.curves import curve
from audits.network.evaluation import Evaluator
from audits.studies.by_criterion import TIE_ORDERS, by_attribute, steps
from db.errors import BadInput
from helpers.networks import Residual, ready
from helpers.noise import SIZES, pictures

UNITS = [(layer, unit) for layer in ("conv1", "layer2") for unit in range(SIZES[Residual][layer])]


def test_the_highest_score_goes_first() -> None:
    network, images = Evaluator(ready(Residual())), pictures()
    scores = np.array([unit + 0.5 * (layer == "conv1") for layer, unit in UNITS])
    found = by_attribute(network, images, UNITS, {"nouns": scores}, step=0.25, trials=3)
    order = sorted(range(len(UNITS)), key=lambda index: -scores[index])
    (line,) = found.curves["nouns"]
    assert line == curve(
        network, images, [UNITS[index] for index in order], counts=[0, 7, 14, 21, 28]
    )
    assert found.tied["nouns"] == (0, 0, 0, 0, 0)
    assert found.first["nouns"] == tuple(UNITS[index] for index in order[:10])
    assert found.layers["nouns"]["conv1"] == pytest.approx(4.0)
    assert len({one.order for one in found.random_curves}) == 3
    for one in (*found.random_curves, line):
        assert one.counts == (0, 7, 14, 21, 28)
        assert one.at(0) == line.at(0)
        assert one.at(28) == line.at(28)
    assert found.random[0].mean == pytest.approx(line.at(0))


def test_equal_scores_go_in_the_random_orders_and_not_by_layer() -> None:
    network, images = Evaluator(ready(Residual())), pictures()
    scores = np.zeros(len(UNITS))
    scores[[20, 25]] = 1.0
    found = by_attribute(
        network, images, UNITS, {"verbs": scores, "none": np.zeros(28)}, step=0.25, trials=4
    )
    lines = found.curves["verbs"]
    assert len(lines) == TIE_ORDERS
    assert found.tied["verbs"] == (0, 26, 26, 26, 0)
    for line, random in zip(lines, found.random_curves, strict=False):
        verbs = {UNITS[20], UNITS[25]}
        assert set(line.order[:2]) == verbs
        assert line.order[2:] == tuple(unit for unit in random.order if unit not in verbs)
    # a score that says nothing is a random order
    pairs = zip(found.curves["none"], found.random_curves, strict=False)
    assert all(line == random for line, random in pairs)


def test_steps_go_from_none_to_all() -> None:
    assert steps(100, 0.02) == list(range(0, 101, 2))
    assert steps(7, 0.02) == list(range(8))
    assert steps(1024, 0.02)[-1] == 1024
    assert len(steps(1024, 0.02)) == 51
    assert steps(10, 0.3) == [0, 3, 6, 9, 10]


@pytest.mark.parametrize(
    ("units", "scores", "options", "message"),
    [
        ([], {}, {}, "at least one described unit"),
        (UNITS, {"nouns": np.zeros(3)}, {}, "a score of nouns for each of 28 units, got 3"),
        (UNITS, {}, {"step": 0.0}, "a step above 0 and up to 1, got 0.0"),
        (UNITS, {}, {"trials": 0}, "at least one random order, got 0"),
    ],
)
def test_bad_input_is_refused(units, scores, options, message) -> None:
    with pytest.raises(BadInput, match=message):
        by_attribute(Evaluator(ready(Residual())), pictures(), units, scores, **options)
