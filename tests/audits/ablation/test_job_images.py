"""The images that ablations run on: what changes while a job rests, and what must be kept apart."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from db import jobs
from db.audit import ablations
from db.errors import BadInput
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from helpers.worlds import coloured_images, two_layer_subject

HOW = ablation_plan.How(controls=2)
PLAN = ablation_plan.Plan("two-layers", "", "validation", "test", HOW, source="list")
UNITS = "early-0 early-1 early-2"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
        for seed, name in enumerate(("validation", "test", "training")):
            workspace_files.enter_images(db, coloured_images(tmp_path / name, count=8, seed=seed))
    return workspace


def enqueue(workspace: Workspace, plan: ablation_plan.Plan) -> int:
    with open_database(workspace) as db:
        return ablation_plan.enqueue(db, plan, listed=UNITS, device="cpu", person="ada")


def test_a_resumed_curve_does_not_mix_old_images_with_new(
    workspace: Workspace, tmp_path: Path
) -> None:
    job_id = enqueue(workspace, PLAN)

    def measured() -> bool:
        with open_database(workspace) as db:
            return bool(db.execute("select 1 from ablation_points where split = 'test'").fetchone())

    jobs.work(
        workspace,
        {
            "ablate": lambda handle: ablate(
                replace(handle, watch=replace(handle.watch, cancelled=measured))
            )
        },
    )
    with open_database(workspace) as db:
        assert jobs.get(db, job_id).state == "cancelled"
        assert measured()
        jobs.requeue(db, job_id)
    shutil.rmtree(tmp_path / "test" / "red")
    jobs.work(workspace, {"ablate": ablate})
    with open_database(workspace) as db:
        found = ablations.get(db, jobs.get(db, job_id).result["ablation_id"])
        points = ablations.curve(db, found.ablation_id)
    starts = {each.accuracy for each in points if (each.split, each.n_ablated) == ("test", 0)}
    assert starts == {found.summary["start"]["test"]}
    assert starts != {0.5}, "the images that are left tell the two measurements apart"


@pytest.mark.parametrize("name", ["validation", "test", "part"])
def test_the_head_is_not_trained_on_what_it_is_measured_on(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    with open_database(workspace) as db:
        if name == "part":
            workspace_files.enter_images(db, tmp_path / "test" / "red", name="part")
    with pytest.raises(BadInput, match=r"(validation|test) images that are not trained on"):
        enqueue(workspace, replace(PLAN, training=name))


def test_units_of_the_head_that_is_trained_are_refused_before_anything_is_measured(
    workspace: Workspace,
) -> None:
    with open_database(workspace) as db:
        plan = replace(PLAN, training="training")
        job_id = ablation_plan.enqueue(
            db, plan, listed="early-0 head-1", device="cpu", person="ada"
        )
    jobs.work(workspace, {"ablate": ablate})
    with open_database(workspace) as db:
        assert "got 1 of head, which is the head" in jobs.get(db, job_id).message
        assert not list(db.execute("select 1 from evaluations"))


def test_copies_of_test_images_are_not_trained_on_either(
    workspace: Workspace, tmp_path: Path
) -> None:
    shutil.copy(
        tmp_path / "test" / "red" / "003.png", tmp_path / "training" / "red" / "another-name.png"
    )
    job_id = enqueue(workspace, replace(PLAN, training="training"))
    jobs.work(workspace, {"ablate": ablate})
    with open_database(workspace) as db:
        failed = jobs.get(db, job_id)
    assert failed.state == "failed"
    assert "1 of 16 in" in failed.message
    assert "first red/003.png" in failed.message
