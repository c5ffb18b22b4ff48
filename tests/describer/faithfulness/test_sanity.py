"""The sanity tests tell sound measures from those that are not, as NeuronEval has them."""

import numpy as np
import pytest

from describer.faithfulness import measures, sanity
from describer.faithfulness.measures import MEASURES, NAMES, SOUND, Active
from describer.faithfulness.sanity import Tried, judge_measures, try_out

IMAGES = 20_000


def ideal(frequency: float) -> dict[str, sanity.Tested]:
    """Units that are active exactly where their sentence holds, so often."""
    generator = np.random.default_rng(0)
    holds = np.zeros((IMAGES, 4), dtype=bool)
    for column in holds.T:
        column[generator.permutation(IMAGES)[: round(frequency * IMAGES)]] = True
    units, rows = Active.of(holds.astype(float)), np.arange(4)
    degree = holds.astype(np.float32)
    scores = measures.score(units, rows, degree, holds)
    return judge_measures(try_out(units, rows, rows, scores, degree, holds, seed=0))


@pytest.mark.parametrize("frequency", [0.4, 0.1, 0.01, 0.001])
def test_the_five_sound_measures_pass_both(frequency: float) -> None:
    found = ideal(frequency)
    for name in SOUND:
        assert found[name].pairs == 4
        assert (found[name].left_out.passed, found[name].added.passed) == (True, True), name


def test_the_others_fail_the_test_that_is_written_beside_them() -> None:
    # Where concepts are rare: a thousandth of the images is what they are published to fail at.
    found = ideal(0.0005)
    for each in MEASURES:
        if each.fails:
            failed = found[each.name].left_out if each.fails == "labels left out" else None
            assert not (failed or found[each.name].added).passed, each


def test_each_unit_is_tried_with_its_best_sentence() -> None:
    active = np.array([[9.0, 1.0], [8.0, 2.0], [1.0, 7.0], [2.0, 9.0]] * 5)
    units = Active.of(active, share=0.5)
    holds = np.array([[True, False], [True, False], [False, True], [False, True]] * 5)
    columns, texts = np.array([0, 0, 1, 1]), np.array([1, 0, 1, 0])
    scores = measures.score(units, columns, holds * 1.0, holds, texts)
    tried = try_out(units, columns, texts, scores, holds * 1.0, holds, seed=0)
    assert tried["f1"].before.tolist() == [1.0, 1.0]
    # Half of ten labels left: ten active, five of which hold.
    assert tried["f1"].left_out == pytest.approx([2 * 5 / 15] * 2)
    assert tried["f1"].added == pytest.approx([2 * 10 / 30] * 2)
    assert tried["f1"].losses.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_labels_that_cannot_be_halved_or_doubled_are_not_tried() -> None:
    units = Active.of(np.arange(10.0)[:, None])
    one, all_ = np.zeros((10, 1), dtype=bool), np.ones((10, 1), dtype=bool)
    one[3] = True
    for holds in (one, all_):
        rows = np.array([0])
        scores = measures.score(units, rows, holds * 1.0, holds)
        found = judge_measures(try_out(units, rows, rows, scores, holds * 1.0, holds, seed=0))
        assert {name: found[name].pairs for name in NAMES} == dict.fromkeys(NAMES, 0)
        assert found["f1"].added.passed is None


def test_layers_are_counted_together() -> None:
    one = Tried(np.array([1.0]), np.array([0.5]), np.array([0.9]), np.array([[1.0], [0.8]]))
    other = Tried(np.array([0.0]), np.array([0.1]), np.array([0.0]), np.array([[0.6], [0.0]]))
    found = judge_measures({"f1": Tried.joined([one, other])})["f1"]
    assert found.pairs == 2
    assert found.left_out.share == pytest.approx(0.8)
    assert (found.left_out.before, found.left_out.after) == (0.5, pytest.approx(0.3))
