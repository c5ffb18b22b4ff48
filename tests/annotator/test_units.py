"""Units of a campaign as an admin types them."""

import pytest

from annotator import units as campaign_units
from db.errors import BadInput


def test_units_are_chosen_by_words_and_ranges() -> None:
    assert campaign_units.choose("all", units=3) == [0, 1, 2]
    assert campaign_units.choose("4, 0-2, 1", units=5) == [4, 0, 1, 2]
    drawn = campaign_units.choose("random 3", units=9)
    assert len(set(drawn)) == 3
    assert drawn == campaign_units.choose("random 3", units=9)


@pytest.mark.parametrize("text", ["", " ", "0-9", "9", "-1", "two", "random 9"])
def test_units_out_of_reach_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="expected"):
        campaign_units.choose(text, units=5)


def test_a_range_that_runs_backwards_is_refused_as_such() -> None:
    with pytest.raises(BadInput, match="smaller number of a range first, got '3-1'"):
        campaign_units.choose("3-1", units=5)


def test_gold_units_are_lines_of_a_unit_and_its_words() -> None:
    assert campaign_units.gold("") == {}
    assert campaign_units.gold("4: Dog, dogs\n\n 0 : text ") == {4: ("dog", "dogs"), 0: ("text",)}


@pytest.mark.parametrize("line", ["dog", "4:", "x: dog", "4: ,", "-1: dog"])
def test_a_gold_line_that_says_nothing_is_quoted(line: str) -> None:
    with pytest.raises(BadInput, match=f"gold units, got '{line}'"):
        campaign_units.gold(line)
