"""Experiments and jobs that an earlier version stored are read, and say what they said."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from audits.ablation import page, result
from audits.ablation.plan import How, Request
from audits.ablation.result import Ablated, Summary
from audits.edit import plan as edit_plan
from audits.edit.plan import Offered
from audits.spurious import page as spurious_page
from audits.spurious.plan import Settings
from audits.spurious.result import Result
from db.audit.ablations import Ablation

STORED = json.loads((Path(__file__).parents[2] / "stored" / "audits-c2e8b49.json").read_text())


def rows() -> list[Ablation]:
    return [
        Ablation(
            number, 1, "two-layers", each["request"], each["units"], each["summary"], "ada", ""
        )
        for number, each in enumerate(STORED["ablations"], start=1)
    ]


def results(kind: str) -> list[dict[str, Any]]:
    return [each["result"] for each in STORED["jobs"] if each["kind"] == kind]


@pytest.mark.parametrize("place", range(len(STORED["ablations"])))
def test_a_stored_summary_is_read_and_written_as_it_was(place: int) -> None:
    stored = STORED["ablations"][place]["summary"]
    found = Summary.from_json(stored)
    assert json.loads(json.dumps(found.to_json())) == {**stored, "version": result.VERSION}
    again = Summary.from_json(json.loads(json.dumps(found.to_json())))
    assert again.to_json() == found.to_json()


def test_a_stored_experiment_is_shown_with_all_that_it_found() -> None:
    first, second, *_ = rows()
    found = result.of(first)
    assert found is not None
    assert [unit for _, unit in found.units] == [1, 4]
    assert found.head is not None
    assert (found.head.training, found.head.edited.epochs) == ("training", 200)
    assert [each.layer for each in found.whole_layers] == ["late"]
    assert (edit_plan.suggested(first), edit_plan.removed(first, 1)) == (2, found.units[:1])
    html = page.ablation(first, [], [])
    for text in ("head trained again on training", "without 2 units", "draw 2:", "late-4"):
        assert text in html
    one = result.of(second)
    assert one is not None
    assert one.end.random is not None
    assert math.isnan(one.end.random.low), "one draw has no interval"
    assert "(one draw)" in page.numbers(one)


def test_stored_requests_are_read_and_written_as_they_were() -> None:
    for each in [*(row.request for row in rows()), *_arguments("ablate")]:
        assert json.loads(json.dumps(Request.from_json(each).to_json())) == each
    assert Request.from_json(rows()[1].request).plan.how == How("mean", 1, order="random")
    assert Request.from_json({"concept": "face"}).plan.concept == "face"


def _arguments(kind: str) -> list[dict[str, Any]]:
    return [each["args"] for each in STORED["jobs"] if each["kind"] == kind]


def test_stored_results_of_jobs_are_read_and_written_as_they_were() -> None:
    records = {"ablate": Ablated, "export": Offered, "spurious": Result}
    for kind, record in records.items():
        assert results(kind)
        for stored in results(kind):
            found = record.from_json(stored)
            assert json.loads(json.dumps(found.to_json())) == {**stored, "version": 1}
            assert record.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_stored_experiment_with_written_words_is_shown() -> None:
    (stored,), (arguments,) = results("spurious"), _arguments("spurious")
    found, numbered = Result.from_json(stored), {each.ablation_id: each for each in rows()}
    experiments = {each.ablation_id: (numbered[each.ablation_id], []) for each in found.choices}
    assert experiments, "some units were chosen"
    html = spurious_page.result(found, experiments)
    assert f"<b>{found.clean:.1%}</b> without words" in html
    assert found.agreement.examples[0].text in html
    assert Settings(**arguments).name == found.name == "tiny"


def test_an_unfinished_experiment_has_no_summary() -> None:
    unfinished = Ablation(9, 1, "net", rows()[0].request, [], {}, "ada", "")
    assert result.of(unfinished) is None
    html = page.ablation(unfinished, [], [])
    assert "first measured point" in html
    assert "In order" not in html
