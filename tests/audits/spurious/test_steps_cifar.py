"""The spurious-text experiment on real photographs, where they are beside the project."""

from pathlib import Path

import pytest

from audits.spurious.job import spurious
from audits.spurious.plan import Settings, enqueue
from db import jobs
from db.audit import ablations
from db.workspace import create, open_database


@pytest.mark.benchmark
def test_a_network_that_read_on_cifar_is_misled_and_its_edit_is_measured(
    shared: Path, tmp_path: Path
) -> None:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        settings = Settings("cifar10-text", str(shared / "data" / "cifar10"))
        job_id = enqueue(db, settings, device="cpu", person="ada")
    jobs.work(workspace, {"spurious": spurious})
    with open_database(workspace) as db:
        found = jobs.get(db, job_id)
        assert (found.state, found.message) == ("done", "")
        assert found.result["clean"] - found.result["adversarial"] > 0.1
        assert found.result["agreement"]["on_words"] > 0
        for choice in found.result["choices"]:
            assert len(ablations.get(db, choice["ablation_id"]).summary["controls"]) == 5
