"""MILAN learns from a campaign: what is held out is not learned from, and people's words help."""

from pathlib import Path

import pytest

from annotator.retraining import page
from db import jobs
from db.access import users
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.describe import exemplars, subjects
from db.errors import BadInput
from db.workspace import Workspace, create, open_database
from describer import milan, workspace_files
from describer.retraining import job
from helpers.annotating import add_people, add_units, at, claim
from helpers.milan import make_folder, make_model

UNITS = 30


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    made = create(tmp_path / "w")
    folder = make_folder({"conv1": UNITS})
    monkeypatch.setattr(workspace_files, "open_source", lambda *given: folder)
    real = milan.load
    monkeypatch.setattr(
        milan, "load", lambda source, **more: make_model() if source == "demo" else real(source)
    )
    with open_database(made) as db:
        ids = add_units(db, UNITS)
        add_people(db, "ada", "bo")
        users.ensure(db, "sim", "annotator", kind="simulated")
        campaigns.add(db, "spring", ids, settings=campaigns.Settings("One."), person="x")
        for who in ("ada", "bo", "sim"):
            for minute in range(UNITS):
                found = claim(db, 1, who, at(minutes=minute))
                text = "made up" if who == "sim" else "round things here"
                slots.submit(db, found.token, who, Answer(text), at=at(minutes=minute))
    return made


def test_what_people_wrote_is_learned_and_measured_on_units_held_out(workspace: Workspace) -> None:
    args = {"campaign_id": 1, "checkpoint": "demo", "max_epochs": 40, "words_alone": True}
    with open_database(workspace) as db:
        jobs.enqueue(db, job.KIND, args, title="t", device="cpu", person="x")
    assert jobs.run_next(workspace, {job.KIND: job.retrain})
    with open_database(workspace) as db:
        (done,) = jobs.latest(db, kinds=(job.KIND,))
        assert done.state == "done", done.message
        found = done.result
        assert subjects.get_checkpoint(db, found["checkpoint"]).source.startswith(
            str(workspace.checkpoints)
        )
    assert (found["trained_units"], found["held_out_units"], found["sentences"]) == (24, 6, 48)
    bleu = found["gain"]["bleu"]
    # Everybody says the same of every unit: the new model can learn it, the old one cannot know.
    assert bleu["after"] > bleu["before"]
    assert bleu["low"] > 0
    assert "made up" not in str(found["examples"])
    assert "BLEU-4" in page.gain(found, "2026-01-01T00:00:00.000Z")


def test_a_split_holds_whole_units_out_and_too_few_are_refused(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        lessons = job.collected(db, 1)
        assert len(job.collected(db, 1, simulated=True)[0].sentences) == 3
        assert exemplars.unit(db, lessons[0].unit.unit_id).layer == "conv1"
    held, seen = job.split(lessons, seed=1)
    assert {each.unit.unit for each in held}.isdisjoint({each.unit.unit for each in seen})
    assert job.split(lessons, seed=1)[0] == held != job.split(lessons, seed=2)[0]
    with pytest.raises(BadInput, match="at least 10"):
        job.split(lessons[:9], seed=0)
