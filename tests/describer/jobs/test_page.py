"""What the page says of jobs."""

import datetime
from dataclasses import replace

import pytest

from db.jobs import Job
from describer.jobs import page
from helpers.jobs import JOB

NOW = datetime.datetime(2026, 1, 1, 12, 0, tzinfo=datetime.UTC)


def test_a_running_job_tells_share_rate_and_when_its_step_ends() -> None:
    shown = page.line(JOB, now=NOW)
    assert "<b>Describe &lt;net&gt;</b> · running on cpu · 30 / 120 · layer4: units" in shown
    assert "1.5/s · this step done about" in shown
    assert "2026-01-01T12:01:00Z" in shown, "90 left at 1.5 a second"
    assert 'aria-valuenow="25"' in shown


def test_a_job_that_begins_names_no_share_and_a_device_only_when_it_was_chosen() -> None:
    begun = replace(JOB, device="auto", done=0, total=0, rate=None, message="starting")
    shown = page.line(begun, now=NOW)
    assert "· running · starting<" in shown
    assert "auto" not in shown.partition('<div class="mw-bar"')[0].partition("</b>")[2]


def test_a_job_that_was_asked_to_stop_says_so_at_once() -> None:
    shown = page.line(replace(JOB, cancel=True), now=NOW)
    assert "stopping on cpu" in shown
    assert "It stops after the piece of work at hand" in shown
    assert "done about" not in shown


@pytest.mark.parametrize(
    ("job", "state", "share"),
    [
        (JOB, "running", "30 / 120"),
        (replace(JOB, cancel=True), "stopping", "30 / 120"),
        (replace(JOB, cancel=True, state="cancelled"), "cancelled", "30 / 120"),
        (replace(JOB, state="queued", started_utc=None), "queued", "queued"),
        (replace(JOB, total=0, done=0), "running", "starting"),
    ],
)
def test_the_list_tells_each_jobs_state(job: Job, state: str, share: str) -> None:
    shown = page.table([job])
    assert f"<td>{state}</td>" in shown
    assert f">{share}</td>" in shown
    assert "<net>" not in shown


def test_an_empty_list_says_what_would_be_there() -> None:
    assert "No job yet" in page.table([])


def test_only_jobs_under_way_are_chips() -> None:
    shown = page.chips([JOB, replace(JOB, title="over", state="done")])
    assert shown.count("data-jobs") == 1
    assert "over" not in shown
