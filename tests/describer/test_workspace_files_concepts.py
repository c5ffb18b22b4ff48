"""Concepts entered into a workspace from the command line: what they are and where they lie."""

from pathlib import Path

import pytest

import app
from db.describe import concept_sets
from db.workspace import create, open_database
from helpers import concepts


def enter(workspace: Path, *words: object) -> int:
    arguments = ["add", "concepts", *words, "--workspace", workspace]
    return app.main([str(word) for word in arguments])


def test_concepts_are_entered_by_format_and_place(tmp_path: Path) -> None:
    workspace = tmp_path / "lab"
    assert enter(workspace, concepts.yolo(tmp_path / "things"), "--format", "yolo") == 0
    assert enter(workspace, "colours") == 0
    assert enter(workspace, "demo-probe", "--format", "demo", "--name", "truth") == 0
    with open_database(create(workspace)) as db:
        rows = {row.name: row for row in concept_sets.every(db)}
    assert {name: row.concepts for name, row in rows.items()} == {
        "colours": 11,
        "things": 2,
        "truth": rows["truth"].concepts,
    }
    assert rows["things"].place == str((tmp_path / "things").resolve())


def test_a_wrong_format_gets_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    things = concepts.yolo(tmp_path / "things")
    assert enter(tmp_path / "lab", things, "--format", "coco") == 2
    assert "expected COCO's JSON" in capsys.readouterr().err
    assert enter(tmp_path / "lab", things) == 2
    assert "expected a format of concepts" in capsys.readouterr().err
