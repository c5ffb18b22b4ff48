"""What the Describe tab and the line above all tabs say; names are text, whatever is in them."""

from types import SimpleNamespace

import pytest

from db.access.permissions import LOCAL, Person
from db.describe.exemplars import UnitRow
from db.describe.listing import Entry, Listed, Wanted
from describer.describe import page
from describer.describe.plan import Estimate
from helpers.jobs import JOB

UNIT = UnitRow(7, 1, "a" * 64, "net", "conv1", 0, False, 15, "folder")
EVIL = "<script>alert('x')</script>"


def test_only_staff_see_which_jobs_run() -> None:
    staff = page.header([JOB], EVIL, Person("rae", "reviewer"))
    assert "workspace &lt;script&gt;" in staff
    assert "rae · reviewer" in staff
    assert "data-jobs" in staff
    assert "data-jobs" not in page.header([JOB], "w", Person("bo", "annotator"))
    assert "this machine" in page.header([], "w", Person(LOCAL, "admin"))


def test_the_next_step_is_the_first_that_was_not_taken() -> None:
    first = page.start_cards([], 0, False)
    assert first.count('mw-card next"') == 1
    assert first.index('mw-card next"') < first.index("1 Add a network")
    networks = [EVIL, *"abcdefg"]
    second = page.start_cards(networks, 0, False)
    assert "✓ 1 Add a network" in second
    assert "8 in this workspace: &lt;script&gt;" in second
    assert "a, b, c, d, e and 2 more" in second
    assert 'mw-card next"><b>2 Compute' in second
    third = page.start_cards(["a"], 14, False)
    assert "14 descriptions are here." in third
    assert 'mw-card next"><b>3 Audit' in third
    assert page.start_cards(["a"], 14, True) == ""


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (None, "Choose a network, images, at least one layer and a method."),
        (Estimate(14, 4000, None, None), "14 units over 4,000 images · the first run"),
        (Estimate(14, 40, 30.0, 600.0), "40 images · 30 s exemplars · 10 min descriptions"),
    ],
)
def test_an_estimate_says_what_was_measured(plan: Estimate | None, said: str) -> None:
    assert said in page.estimate(plan)


def test_help_tells_a_person_of_ones_own_keys() -> None:
    assert "Shift+1 to 5" in page.help_("annotator")
    assert "<th>Audit</th>" not in page.help_("annotator")
    assert page.help_("reviewer").count("<th>Audit</th>") == 1


def test_rows_are_text_and_say_where_the_list_is() -> None:
    row = Entry(UNIT.unit_id, EVIL, "conv1", 0, True, 1, EVIL, "milan", "m", None, 2, EVIL)
    others = {UNIT.unit_id: [("milan", EVIL), ("netdissect", "sky")]}
    wanted = Wanted(sort="sentence", falling=True)
    shown = page.results(
        Listed([row], 26), {UNIT.unit_id: UNIT}, wanted=wanted, offset=25, said=others
    )
    assert EVIL not in shown
    assert "26 to 26 of 26 units" in shown
    assert "<i>NetDissect</i> sky" in shown
    assert "of another kind" in shown
    assert "Sentence ▼" in shown
    assert 'data-offset="25" data-total="26"' in shown
    assert "dead unit" in shown
    empty = page.results(Listed([], 0), {}, wanted=Wanted(), offset=0)
    assert "Nothing is described here yet." in empty
    searched = page.results(Listed([], 0), {}, wanted=Wanted(), offset=0, described=1776)
    assert "1,776 sentences are here." in searched


def test_a_score_is_named_with_its_direction_and_sorted_only_within_a_method() -> None:
    row = Entry(UNIT.unit_id, "net", "conv1", 0, False, 1, "sky", "netdissect", "m", 0.21, 1, "")
    units = {UNIT.unit_id: UNIT}
    one = page.results(Listed([row], 1), units, wanted=Wanted(method="netdissect"), offset=0)
    assert 'data-sort="score" title="higher is better; 0 to 1' in one
    assert ">IoU</button>" in one
    every = page.results(Listed([row], 1), units, wanted=Wanted(), offset=0)
    assert 'data-sort="score" disabled title="Choose a method first' in every
    held = SimpleNamespace(
        text="a wide sky", method="milan", measure="AUPRC", value=0.4, reason="", constant=0.1
    )
    led = page.results(
        Listed([row], 1), units, wanted=Wanted(), offset=0, trusted={UNIT.unit_id: held}
    )
    assert "a wide sky" in led
    assert "AUPRC 0.40" in led
