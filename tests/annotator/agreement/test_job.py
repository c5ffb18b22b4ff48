"""Agreement is measured by the worker and stands on the board beside its chance level."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from annotator import campaign, html
from annotator.agreement import job as agreement_job
from annotator.agreement import page as agreement_page
from annotator.agreement import result
from annotator.agreement.result import Measurement
from annotator.campaigns import board
from annotator.campaigns import page as campaign_page
from db import jobs
from db.annotate import slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import Workspace, open_database
from describer.similarity import bertscore
from helpers.annotating import add_people, workspace_with_campaign
from helpers.words import words


def answered(db: Database, campaign_id: int) -> None:
    """Two people who agree on each of three units."""
    for name in ("ada", "bo"):
        add_people(db, name)
        for _ in range(3):
            found = slots.claim(db, campaign_id, name)
            assert isinstance(found, Claim)
            slots.submit(db, found.token, name, Answer(f"word{found.unit_id} alone"))


class Words:
    """The scorers of a machine, of which the best is one of whole words."""

    here, named = staticmethod(bertscore.here), staticmethod(bertscore.named)

    def find(self, model: str | None = None) -> bertscore.Scorer:
        return words()


def measure(handle: jobs.Handle) -> dict[str, Any]:
    return agreement_job.agreement(handle, scorers=Words())


@pytest.fixture
def measured(tmp_path: Path) -> tuple[Workspace, int]:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 3)
    with open_database(workspace) as db:
        answered(db, campaign_id)
        agreement_job.enqueue(db, campaign_id, person="rae")
    return workspace, campaign_id


def test_the_numbers_stand_on_the_board_and_on_the_page(measured: tuple[Workspace, int]) -> None:
    workspace, campaign_id = measured
    with open_database(workspace) as db:
        assert "1.00" not in campaign_page.table(board.overviews(db))
        assert "Not measured yet" in agreement_page.table(None)
        assert "Waiting" in html.line(agreement_job.latest(db)[campaign_id])
    assert jobs.run_next(workspace, {agreement_job.KIND: measure})
    with open_database(workspace) as db:
        job = agreement_job.measured(db)[campaign_id]
        assert "1.00 (0.50)" in campaign_page.table(
            board.overviews(db)
        )  # by chance one word of two is shared
    page = agreement_page.table(Measurement.from_json(job.result))
    assert "toy/conv1" in page
    assert "words (0)" in page
    assert page.count("<td>ada</td>") == 1
    assert html.line(job) == ""


def test_networks_units_and_people_stand_beside_chance(
    measured: tuple[Workspace, int], tmp_path: Path
) -> None:
    workspace, campaign_id = measured
    jobs.run_next(workspace, {agreement_job.KIND: measure})
    with open_database(workspace) as db:
        found = Measurement.from_json(agreement_job.measured(db)[campaign_id].result)
        page = agreement_page.table(found, "", campaign.sentences(db, campaign_id))
    assert [part.name for part in found.parts] == ["all", "toy, all layers", "toy/conv1"]
    assert found.persons is not None
    assert [part.name for part in found.persons] == ["ada", "bo"]
    for part in found.persons:
        mine = part.agreement
        assert (mine.mean, mine.low, mine.high, mine.chance) == (1, 1, 1, 0.5)
        assert mine.units == 3
    assert "“word1 alone” · “word1 alone”" in page
    assert page.count("<td>toy/conv1 ") == 3
    result.write_units(tmp_path / "u.csv", found)
    lines = (tmp_path / "u.csv").read_text().splitlines()
    assert lines[:2] == [
        "layer,unit,mean,chance,sentences,model",
        "toy/conv1,0,1.0,0.5,2,words (0)",
    ]


def test_many_units_are_shown_by_their_ends(measured: tuple[Workspace, int]) -> None:
    workspace, campaign_id = measured
    jobs.run_next(workspace, {agreement_job.KIND: measure})
    with open_database(workspace) as db:
        found = Measurement.from_json(agreement_job.measured(db)[campaign_id].result)
    units = tuple(replace(found.units[0], unit=unit, mean=unit / 100) for unit in range(100))
    page = agreement_page.table(replace(found, units=units))
    shown = [unit for unit in range(100) if f"<td>toy/conv1 {unit}</td>" in page]
    assert shown == [*range(20), *range(80, 100)]
    assert page.index("conv1 99<") < page.index("conv1 98<")


def test_a_model_is_one_of_this_machine_and_never_a_path(
    measured: tuple[Workspace, int],
) -> None:
    workspace, campaign_id = measured
    (workspace.models / "mine").mkdir(parents=True)
    (workspace.models / "mine" / "config.json").write_text("{}")
    (workspace.models / "no model").mkdir()
    known = bertscore.here(workspace.models)
    assert "mine" in known
    assert "no model" not in known
    for path in (str(workspace.models / "mine"), "../models/mine", "/etc"):
        with pytest.raises(BadInput, match="language models on this machine"):
            bertscore.named(path, workspace.models)
    with open_database(workspace) as db:
        jobs.ask_to_cancel(db, agreement_job.latest(db)[campaign_id].job_id)
        agreement_job.enqueue(db, campaign_id, person="rae", model="/etc")
    assert jobs.run_next(workspace, {agreement_job.KIND: measure})
    with open_database(workspace) as db:
        assert agreement_job.latest(db)[campaign_id].state == "failed"
        assert "language models on this machine" in agreement_job.latest(db)[campaign_id].message


def test_one_measurement_at_a_time_and_a_cancelled_one_says_so(
    measured: tuple[Workspace, int],
) -> None:
    workspace, campaign_id = measured
    with open_database(workspace) as db:
        with pytest.raises(BadInput, match="being measured already"):
            agreement_job.enqueue(db, campaign_id, person="rae")
        jobs.ask_to_cancel(db, agreement_job.latest(db)[campaign_id].job_id)
        assert "is cancelled" in html.line(agreement_job.latest(db)[campaign_id])
        assert agreement_job.measured(db) == {}
        agreement_job.enqueue(db, campaign_id, person="rae")


def test_too_few_sentences_are_undefined_with_the_reason(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 1)
    with open_database(workspace) as db:
        agreement_job.enqueue(db, campaign_id, person="rae")
    jobs.run_next(workspace, {agreement_job.KIND: measure})
    with open_database(workspace) as db:
        job = agreement_job.measured(db)[campaign_id]
        assert "undefined: agreement needs two units" in agreement_page.table(
            Measurement.from_json(job.result)
        )
        assert "(0" not in campaign_page.table(board.overviews(db))
