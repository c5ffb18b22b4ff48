"""The annotations commands: numbers as text and JSON, import and export through files."""

import argparse
import json
from pathlib import Path

import pytest

from annotator import commands
from annotator.exchange import tables
from db.access import users
from db.annotate import slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import open_database
from describer.similarity import bertscore
from helpers.annotating import workspace_with_campaign
from helpers.words import words


def run(*arguments: str, **passed: object) -> None:
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers(), **passed)  # type: ignore[arg-type]
    options = parser.parse_args(["annotations", *arguments])
    options.run(options)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [
        tables.Row("conv1", unit, text)
        for unit, texts in enumerate((("dogs", "dog faces", "dogs"), ("cars", "red cars")))
        for text in texts
    ]
    tables.write(tmp_path / "t.csv", rows)
    return tmp_path / "t.csv"


def test_check_prints_what_is_uneven(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("check", str(table), "--json")
    report = json.loads(capsys.readouterr().out)
    assert report["uneven"] == [["conv1", 1, 2]]
    assert report["repeated"] == [["conv1", 0, "dogs"]]
    run("check", str(table))
    assert "conv1 1: 2 instead of 3" in capsys.readouterr().out


def test_stats_name_the_pipeline(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import spacy

    run("stats", str(table), "--json", english=lambda: spacy.blank("en"))
    found = json.loads(capsys.readouterr().out)
    assert found["layers"]["conv1"]["units"] == 2
    assert found["layers"]["conv1"]["length"] == pytest.approx(7 / 5)
    assert found["pipeline"].startswith("en_")
    with pytest.raises(BadInput, match="English pipeline"):
        run("stats", str(table))


def test_agreement_stands_beside_chance(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bertscore, "find", lambda model: words())
    with pytest.raises(BadInput, match="scorers"):
        run("agreement", str(table))
    run("agreement", str(table), "--json", scorers=bertscore)
    found = json.loads(capsys.readouterr().out)["all"]
    assert found["mean"] > found["chance"]
    assert found["identical"] == 0.5
    assert found["model"] == "words (0)"
    tables.write(table, [tables.Row("conv1", 0, "dogs")])
    run("agreement", str(table), scorers=bertscore)
    assert "undefined: agreement needs two units" in capsys.readouterr().out


def test_ratings_stand_beside_their_errors_and_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(
        "Layer,Unit,A E1 Rating,B E1 Rating,A E2 Rating,B E2 Rating,None E2\n"
        "1,0,5,1,5,2,\n"
        "1,1,4,4,1,1,TRUE\n"
    )
    run("ratings", str(path), "--json")
    found = json.loads(capsys.readouterr().out)
    rows = {(row["layer"], row["method"]): row for row in found["rows"]}
    assert rows["all", "A"]["ratings"] == 3
    assert rows["all", "A"]["mean"] == pytest.approx(14 / 3)
    assert rows["all", "A"]["chosen"] == pytest.approx(2.5 / 3)
    assert found["valid_share"] == pytest.approx(3 / 4)
    run("ratings", str(path))
    printed = capsys.readouterr().out
    assert "4.67   0.33" in printed
    assert "valid responses: 75.0 %" in printed
    path.write_text("Layer,Unit,A E1 Rating\n1,0,good\n")
    with pytest.raises(BadInput, match="got 'good'"):
        run("ratings", str(path))


def test_a_campaign_leaves_and_enters_by_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 2)
    with open_database(workspace) as db:
        users.ensure(db, "ada", "annotator")
        found = slots.claim(db, campaign_id, "ada")
        assert isinstance(found, Claim)
        slots.submit(db, found.token, "ada", Answer("these are dogs"))
    place = ["--workspace", str(workspace.path)]
    for name, options in (
        ("a.jsonl", ["--format", "jsonl"]),
        ("a.csv", ["--format", "csv"]),
        ("m.csv", ["--cleaned"]),
        ("turk.csv", ["--format", "mturk"]),
    ):
        run("export", "spring", "--out", str(tmp_path / name), *options, *place)
    assert tables.read(tmp_path / "m.csv") == [tables.Row("conv1", 0, "dogs")]
    other = ["--workspace", str(tmp_path / "other")]
    run("import", str(tmp_path / "a.jsonl"), *other)
    run("export", "a", "--out", str(tmp_path / "b.jsonl"), "--format", "jsonl", *other)
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    with pytest.raises(BadInput, match="which exists"):
        run("export", "spring", "--out", str(tmp_path / "a.csv"), *place)
    with pytest.raises(BadInput, match=r"a \.csv file as --out"):
        run("export", "spring", "--out", str(tmp_path / "folder"), *place)
