"""An exported edit is as right elsewhere as the experiment said."""

import zipfile
from pathlib import Path

import pytest

from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from audits.edit import plan as edit_plan
from audits.edit.job import export
from audits.network.evaluation import Evaluator
from audits.network.images import open_images, open_network
from db import jobs
from db.audit import ablations
from db.describe import subjects
from db.errors import BadInput
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.subjects.definition import read
from helpers.worlds import coloured_images, two_layer_subject

RUNNERS = {"ablate": ablate, "export": export}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
        for seed, name in enumerate(("validation", "test"), start=1):
            workspace_files.enter_images(db, coloured_images(tmp_path / name, seed=seed))
    return workspace


def ablated(workspace: Workspace, listed: str) -> ablations.Ablation:
    """Ablate some units and give what was found."""
    how = ablation_plan.How(controls=1)
    plan = ablation_plan.Plan("two-layers", "", "validation", "test", how, source="list")
    with open_database(workspace) as db:
        ablation_plan.enqueue(db, plan, device="cpu", person="ada", listed=listed)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        return ablations.latest(db)[0]


def test_an_exported_edit_is_as_right_elsewhere_as_the_curve_says(
    workspace: Workspace, tmp_path: Path
) -> None:
    found = ablated(workspace, "late-1 late-4 early-0")
    with open_database(workspace) as db:
        points = ablations.curve(db, found.ablation_id)
        edit_plan.enqueue(db, found.ablation_id, 3, device="cpu", person="ada")
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        (offered,) = edit_plan.offered(db, found.ablation_id)
        root = subjects.get_probing_set(db, "test").root
    (expected,) = {
        point.accuracy
        for point in points
        if (point.condition, point.n_ablated, point.split) == ("keyword", 3, "test")
    }
    assert (offered.accuracy, offered.images, offered.way) == (expected, 40, "weights")
    with zipfile.ZipFile(workspace.reports / offered.file) as archive:
        archive.extractall(tmp_path / "elsewhere")
    (folder,) = (tmp_path / "elsewhere").iterdir()
    again = open_network(read(folder / "SUBJECT.toml"))
    images = open_images(root, again, name="test")
    right = Evaluator(again.model).predict(images) == images.labels
    assert right.mean() == expected
    card = (folder / "CARD.md").read_text()
    assert "accuracy on test images (test), edited" in card
    assert "| late | 4 |" in card


def test_an_edit_of_more_units_than_there_are_is_refused(workspace: Workspace) -> None:
    found = ablated(workspace, "late-1")
    with open_database(workspace) as db, pytest.raises(BadInput, match="between 1 and 1 units"):
        edit_plan.enqueue(db, found.ablation_id, 2, device="cpu", person="ada")
