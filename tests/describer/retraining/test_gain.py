"""The gain of training again comes out as it was planted, with chance and an interval beside it."""

import numpy as np
import pytest

from describer.retraining import gain

NOUNS = ("wheels", "towers", "dogs", "lawns", "windows", "ships", "stones", "roads")


def planted(better: float, *, units: int = 120) -> tuple[list[str], list[str], list[list[str]]]:
    draw = np.random.default_rng(0)
    before, after, people = [], [], []
    for _ in range(units):
        right = " ".join(draw.choice(NOUNS, 5))
        people.append([right, f"{right} again"])
        before.append(right if draw.random() < 0.3 else " ".join(draw.choice(NOUNS, 5)))
        after.append(right if draw.random() < better else " ".join(draw.choice(NOUNS, 5)))
    return before, after, people


def test_a_planted_gain_lies_in_its_interval_and_no_gain_at_zero() -> None:
    found = gain.measure(*planted(0.8)).bleu
    assert found.low > 0
    assert found.after > found.before > found.chance
    assert found.difference == pytest.approx(found.after - found.before)
    same = gain.measure(*planted(0.3)).bleu
    assert same.low < 0 < same.high
    loss = gain.measure(*planted(0.0)).bleu
    assert loss.high < 0


def test_another_likeness_is_measured_beside_it() -> None:
    before, after, people = planted(0.8)
    exact = gain.measure(
        before,
        after,
        people,
        likeness=lambda said, truths: [
            float(text in own) for text, own in zip(said, truths, strict=True)
        ],
    ).likeness
    assert exact is not None
    assert exact.before == pytest.approx(0.3, abs=0.1)
    assert exact.after == pytest.approx(0.8, abs=0.1)
    assert exact.chance < 0.05
    with pytest.raises(ValueError, match="two units"):
        gain.measure(["a"], ["b"], [["c"]])
