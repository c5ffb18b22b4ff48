"""The worker writes the folders that the command writes."""

import json
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from annotator.campaign import newest
from annotator.exchange import about, write
from annotator.exchange import job as exchange_job
from annotator.exchange.job import Packed
from db import jobs
from db.annotate import slots, transfers
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import Workspace, open_database
from helpers.annotating import add_people, workspace_with_campaign


def pictures(subject: str, layer: str, unit: int, hash_: str) -> tuple[np.ndarray, np.ndarray]:
    return np.full((15, 3, 8, 8), unit, np.uint8), np.ones((15, 1, 8, 8), bool)


@pytest.fixture
def campaign(tmp_path: Path) -> tuple[Workspace, int]:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 2)
    with open_database(workspace) as db:
        add_people(db, "ada")
        for text in ("fur", "dogs"):
            found = slots.claim(db, campaign_id, "ada")
            assert isinstance(found, Claim)
            slots.submit(db, found.token, "ada", Answer(text))
    return workspace, campaign_id


@pytest.mark.parametrize(("form", "files"), [("milannotations", 4), ("dataset", 6)])
def test_the_zip_holds_what_the_command_writes(
    campaign: tuple[Workspace, int], tmp_path: Path, form: str, files: int
) -> None:
    workspace, campaign_id = campaign
    with open_database(workspace) as db:
        exchange_job.enqueue(db, campaign_id, form=form, licence="mit", person="admin")
        with pytest.raises(BadInput, match="written already"):
            exchange_job.enqueue(db, campaign_id, person="admin")
        records = transfers.records(db, campaign_id, secret=workspace.secret.read_bytes())
        (title,) = db.execute("select name from campaigns").fetchone()
    run = partial(exchange_job.answers, exemplars_of=lambda workspace: pictures)
    assert jobs.run_next(workspace, {exchange_job.KIND: run})
    with open_database(workspace) as db:
        packed = Packed.from_json(newest(db, exchange_job.KIND, done=True)[campaign_id].result)
    assert packed.units == 2
    assert packed.bytes == (workspace.reports / packed.file).stat().st_size
    with open_database(workspace) as db:
        told = about.of_campaign(db, campaign_id)
    write.write(
        tmp_path / "c",
        records,
        form=form,
        title=title,
        pictures=pictures,
        licence="mit",
        about=told,
    )
    with zipfile.ZipFile(workspace.reports / packed.file) as archive:
        names = archive.namelist()
        assert len(names) == files
        for name in names:
            assert archive.read(name) == (tmp_path / "c" / name).read_bytes()
    assert exchange_job.forget(workspace) == 1
    assert not list(workspace.reports.glob("*.zip"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"form": "docx"}, "milannotations, dataset"),
        ({"licence": "my own"}, "such"),
    ],
)
def test_what_cannot_be_written_is_not_begun(
    campaign: tuple[Workspace, int], given: dict[str, str], message: str
) -> None:
    workspace, campaign_id = campaign
    with open_database(workspace) as db:
        with pytest.raises(BadInput, match=message):
            exchange_job.enqueue(db, campaign_id, person="admin", **given)
        assert not jobs.latest(db)


def test_a_kept_result_reads_the_same_with_and_without_a_version() -> None:
    stored = '{"bytes": 12, "file": "answers-1-2-dataset.zip", "units": 3}'
    found = Packed.from_json(json.loads(stored))
    assert found == Packed("answers-1-2-dataset.zip", 3, 12)
    kept = json.loads(json.dumps(found.to_json()))
    assert kept["version"] == 1
    assert Packed.from_json(kept) == found
