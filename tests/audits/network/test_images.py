"""Networks as audits open them: the ones that were entered, with nothing kept from other code."""

from pathlib import Path

import pytest

from audits.network.evaluation import Cache, Evaluator
from audits.network.images import open_entered, open_images, open_network
from db import jobs
from db.describe import subjects
from db.errors import BadInput
from db.workspace import create, open_database
from describer import workspace_files
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.methods.options import MilanOptions
from describer.subjects.definition import read
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject


def edit(path: Path) -> None:
    network = path.with_name("network.py")
    network.write_text(network.read_text().replace("nn.Flatten()", "nn.Softmin(1), nn.Flatten()"))


def test_edited_code_is_measured_anew(tmp_path: Path) -> None:
    path, store = two_layer_subject(tmp_path / "subject"), {}
    folder = coloured_images(tmp_path / "test", count=4)
    before = open_network(read(path))
    network = Evaluator(before.model, cache=Cache(store, before.identity))
    network.evaluate(open_images(folder, before, name="test"))
    kept = set(store)
    edit(path)
    after = open_network(read(path))
    assert after.weights == before.weights
    network = Evaluator(after.model, cache=Cache(store, after.identity))
    network.evaluate(open_images(folder, after, name="test"))
    assert len(set(store) - kept) == 1


def test_a_network_whose_code_changed_is_told_so(tmp_path: Path) -> None:
    path, workspace = two_layer_subject(tmp_path / "subject"), create(tmp_path / "workspace")
    with open_database(workspace) as db:
        row = workspace_files.enter_subject(db, path)
        assert open_entered(row).code == row.code_hash != ""
        edit(path)
        with pytest.raises(BadInput, match="the code that two-layers had when it was added"):
            open_entered(row)
        workspace_files.enter_images(db, coloured_images(tmp_path / "images"))
        workspace_files.enter_checkpoint(db, str(tiny_milan(tmp_path / "tiny-milan")))
        plan = describe_plan.Plan("two-layers", "images", ("early",), (MilanOptions("tiny-milan"),))
        job_id = describe_plan.enqueue(db, plan, device="cpu", person="ada")
        with pytest.raises(BadInput, match="which this workspace knows with other code"):
            workspace_files.enter_subject(db, path)
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        assert "the code that two-layers had when it was added" in jobs.get(db, job_id).message


def test_a_network_of_an_older_workspace_goes_on_and_its_code_is_kept_from_then(
    tmp_path: Path,
) -> None:
    path = two_layer_subject(tmp_path / "subject")
    with open_database(create(tmp_path / "workspace")) as db:
        workspace_files.enter_subject(db, path)
        db.execute("update subjects set code_hash = ''")
        row = subjects.get(db, "two-layers")
        assert open_entered(row).weights == row.weights_hash
        assert workspace_files.enter_subject(db, path).code_hash != ""
