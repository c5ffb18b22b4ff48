"""The folder's description for machines: hashes that hold, and what its own library says of it."""

import hashlib
import json
from pathlib import Path

import pytest
from sqlite_utils import Database

from annotator.exchange import croissant, dataset
from db.annotate import transfers

pytestmark = pytest.mark.filterwarnings("ignore")
SECRET = b"0" * 32


@pytest.fixture
def folder(filled: Database, tmp_path: Path) -> Path:
    records = transfers.records(filled, 1, secret=SECRET)
    dataset.write(tmp_path / "d", records, title="Toy: spring", licence="cc-by-4.0")
    return tmp_path / "d"


def test_every_file_is_named_with_its_hash(folder: Path) -> None:
    found = json.loads((folder / croissant.NAME).read_text())
    files = {each["contentUrl"]: each["sha256"] for each in found["distribution"]}
    there = {path.name for path in folder.iterdir()} - {croissant.NAME}
    assert set(files) == there
    for name, digest in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    row = json.loads((folder / "answers.jsonl").read_text().splitlines()[0])
    fields = [each["source"]["extract"]["column"] for each in found["recordSet"][0]["field"]]
    assert set(fields) <= set(row)


def test_its_own_library_reads_the_answers(folder: Path) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="`pip install mlcroissant` checks the file")
    read = mlc.Dataset(jsonld=folder / croissant.NAME)
    assert read.metadata.ctx.issues.errors == set()
    rows = list(read.records("answers"))
    wanted = [json.loads(line) for line in (folder / "answers.jsonl").open(encoding="utf-8")]
    assert len(rows) == len(wanted)
    said = [row["answers/text"] for row in rows]
    assert [s.decode() if isinstance(s, bytes) else s for s in said] == [w["text"] for w in wanted]
