"""Methods side by side: differences are taken unit by unit."""

import numpy as np
import pytest
from numpy.typing import NDArray

from describer.demo.checks import comparison, likeness
from describer.demo.checks.comparison import Scored
from describer.demo.checks.scores import Detection, naming
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Profile

REFERENCES = [["red wheels", "wheels", "round wheels"], ["blue boats", "boats", "ships"]] * 10


def scored(sentences: list[str], matches: NDArray[np.float64]) -> Scored:
    profiles = []
    for concept in ("wheel", "boat") * 10:
        shares = np.zeros(len(NAMES))
        shares[NAMES.index(concept)] = 0.9
        profiles.append(Profile(concept, (), None, False, shares, 9))
    columns = np.linspace(0.1, 0.9, 20) + matches
    return Scored(
        naming(sentences, profiles),
        Detection(columns, columns, columns),
        likeness.bleu_counts(sentences, REFERENCES),
        matches,
    )


def test_a_method_does_not_differ_from_itself() -> None:
    one = scored(["red wheels", "text"] * 10, np.linspace(0.0, 1.0, 20))
    for each in comparison.differences(one, one):
        assert (each.value, each.low, each.high) == (0, 0, 0)


def test_a_shift_of_every_unit_is_known_better_than_either_mean() -> None:
    first = scored(["red wheels", "blue boats"] * 10, np.linspace(0.2, 1.0, 20))
    second = scored(["red wheels", "text"] * 10, np.linspace(0.1, 0.9, 20))
    named, f1, auprc, correlation, bleu, match = comparison.differences(first, second)
    assert named.value == pytest.approx(0.5)
    assert 0 < named.low < 0.5 < named.high < 1
    # colours hold nowhere: precision 1/2 with recall 1, and 1/3 with 1/2
    assert f1.value == pytest.approx(2 / 3 - 2 / 5)
    assert bleu.value > 0
    for each in (auprc, correlation, match):
        assert each.low == pytest.approx(0.1)
        assert each.high == pytest.approx(0.1)
