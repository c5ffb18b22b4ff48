"""Agreement is measured by the worker and stands on the board beside its chance level."""

from pathlib import Path

import pytest
from annotating import add_people, workspace_with_campaign
from annotator_words import words
from sqlite_utils import Database

from annotator import board, desk_review, runs, scorers
from db import jobs, slots
from db.annotations import Answer
from db.claims import Claim
from db.errors import BadInput
from db.workspace import Workspace, open_database


def answered(db: Database, campaign_id: int) -> None:
    """Two people who agree on each of three units."""
    for name in ("ada", "bo"):
        add_people(db, name)
        for _ in range(3):
            found = slots.claim(db, campaign_id, name)
            assert isinstance(found, Claim)
            slots.submit(db, found.token, name, Answer(f"word{found.unit_id} alone"))


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workspace, int]:
    monkeypatch.setattr(scorers, "find", words)
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 3)
    with open_database(workspace) as db:
        answered(db, campaign_id)
        runs.enqueue(db, campaign_id, person="rae")
    return workspace, campaign_id


def test_the_numbers_stand_on_the_board_and_on_the_page(measured: tuple[Workspace, int]) -> None:
    workspace, campaign_id = measured
    with open_database(workspace) as db:
        assert "1.00" not in board.table(db)
        assert "Not measured yet" in desk_review.agreement_table(None)
        assert "Waiting" in desk_review.agreement_line(runs.latest(db)[campaign_id])
    assert jobs.run_next(workspace, {runs.KIND: runs.agreement})
    with open_database(workspace) as db:
        job = runs.measured(db)[campaign_id]
        assert "1.00 (0.50)" in board.table(db)  # by chance one word of two is shared
    page = desk_review.agreement_table(job)
    assert "toy/conv1" in page
    assert "words (0)" in page
    assert page.count("<td>ada</td>") == 1
    assert desk_review.agreement_line(job) == ""


def test_one_measurement_at_a_time_and_a_cancelled_one_says_so(
    measured: tuple[Workspace, int],
) -> None:
    workspace, campaign_id = measured
    with open_database(workspace) as db:
        with pytest.raises(BadInput, match="being measured already"):
            runs.enqueue(db, campaign_id, person="rae")
        jobs.ask_to_cancel(db, runs.latest(db)[campaign_id].job_id)
        assert "is cancelled" in desk_review.agreement_line(runs.latest(db)[campaign_id])
        assert runs.measured(db) == {}
        runs.enqueue(db, campaign_id, person="rae")


def test_too_few_sentences_are_undefined_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorers, "find", words)
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 1)
    with open_database(workspace) as db:
        runs.enqueue(db, campaign_id, person="rae")
    jobs.run_next(workspace, {runs.KIND: runs.agreement})
    with open_database(workspace) as db:
        job = runs.measured(db)[campaign_id]
        assert "undefined: agreement needs two units" in desk_review.agreement_table(job)
        assert "(0" not in board.table(db)
