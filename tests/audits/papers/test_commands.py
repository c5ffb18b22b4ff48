"""`compare` on tables of files: what it writes, and what it says is missing."""

import csv
from pathlib import Path

import pytest

import app
from audits.papers import catalogue, commands
from describer.similarity import bertscore
from helpers.words import words


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bertscore, "find", lambda model=None: words())
    people = ["layer,unit,summary"]
    said = ["layer,unit,description"]
    for unit, kind in enumerate(("dogs", "blue sky", "cars", "old trees")):
        people += [f"late,{unit},{kind}", f"late,{unit},some {kind}"]
        said.append(f"late,{unit},{kind}")
    (tmp_path / "people.csv").write_text("\n".join(people) + "\n")
    (tmp_path / "said.csv").write_text("\n".join(said) + "\n")
    return tmp_path


def test_every_table_can_be_asked_for() -> None:
    assert set(commands.RUNS) == set(catalogue.EXPERIMENTS)


def test_methods_beside_people_are_written_as_csv_json_and_a_page(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--people", str(files / "people.csv"), "--said", f"MILAN={files / 'said.csv'}"]
    assert app.main(["compare", "--table", "people", *given, "--out", str(files / "out")]) == 0
    assert "words (0)" in capsys.readouterr().out
    with (files / "out" / "people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} == {"MILAN", "constant: depictions", "people"}
    assert float(rows[0]["BERTScore, all references"]) == 1.0
    assert (files / "out" / "people-differences.json").is_file()
    assert "<td>MILAN</td>" in (files / "out" / "people.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["people"], "expected --workspace DIR"),
        (["people", "--workspace", "nowhere"], "found none"),
        (["people", "--said", "a.csv"], "expected NAME=FILE"),
        (["scoring"], "--ratings FILE"),
        (["forest"], "--network SUBJECT.toml"),
        (["splits"], "--annotated NAME"),
    ],
)
def test_what_is_missing_is_named(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["compare", "--table", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
