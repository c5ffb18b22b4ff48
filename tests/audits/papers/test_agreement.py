"""Methods beside people: what is worked out by hand, with words for vectors."""

import numpy as np
import pytest

from audits.papers import agreement
from audits.papers.corpus import Corpus
from audits.papers.table import Estimate
from db.errors import BadInput
from helpers.words import words

UNITS = [("conv1", number) for number in range(4)]
KINDS = ("red dogs", "blue sky", "green trees", "old cars")


def made(**methods: list[str]) -> Corpus:
    people = {unit: (kind, kind, "other words") for unit, kind in zip(UNITS, KINDS, strict=True)}
    said = {name: dict(zip(UNITS, own, strict=True)) for name, own in methods.items()}
    return Corpus("toy", people, said)


def test_a_copy_of_people_is_at_their_ceiling_and_beyond_chance() -> None:
    found = agreement.measure(made(copy=list(KINDS), half=["red cats"] * 4), UNITS, words())
    assert found["copy"].near.tolist() == [1, 1, 1, 1]
    # Left out in turn, one of two equal references is always there.
    assert found["copy"].fewer.tolist() == [1, 1, 1, 1]
    assert found["copy"].chance.tolist() == [0, 0, 0, 0]
    assert found["half"].near.tolist() == [0.5, 0, 0, 0]
    # Of three people two are matched by one other, the third by nobody.
    assert found["people"].fewer == pytest.approx([2 / 3] * 4)
    # By chance only the third one is matched, unless its like is left out.
    assert found["people"].chance == pytest.approx([1 / 3 * 2 / 3] * 4)
    assert found[f"constant: {agreement.CONSTANT}"].near.tolist() == [0] * 4


def test_the_mean_over_references_left_out_needs_only_the_two_greatest() -> None:
    for values in np.random.default_rng(0).random((20, 5)):
        by_hand = np.mean([np.delete(values, turn).max() for turn in range(5)])
        assert agreement._one_left_out(values) == pytest.approx(by_hand)


def test_tables_have_every_layer_and_pair() -> None:
    people, differences = agreement.against_people(
        [made(copy=list(KINDS), half=["red cats"] * 4)], words()
    )
    assert [row[1:4] for row in people.rows if row[1] == "all"] == [
        ("all", "copy", 4),
        ("all", "half", 4),
        ("all", "constant: depictions", 4),
        ("all", "people", 4),
    ]
    assert {row[1] for row in people.rows} == {"all", "conv1"}
    (first,) = [row for row in differences.rows if row[1:3] == ("copy", "half")]
    assert isinstance(first[4], Estimate)
    assert first[4].value == pytest.approx(1 - 0.5 / 4)
    assert isinstance(first[5], Estimate)
    assert first[5].value > 0.5
    assert "words (0)" in people.notes[1]
    with pytest.raises(BadInput, match="two units"):
        agreement.against_people([Corpus("toy", {}, {"copy": {}})], words())
