"""`demo build` and `demo verify` parse, hand over, print and write."""

import argparse
import json
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.demo import build, commands
from describer.demo.checks import verify
from describer.demo.checks.table import Section
from describer.demo.checks.verify import Verified

FIRST = Section("One", "a note", ("a", "b"), (("1", "2"),))
SECOND = Section("Two", "another", ("c",), (("3",),))


def parse(*arguments: str, applications: commands.Applications | None = None) -> argparse.Namespace:
    top = argparse.ArgumentParser()
    commands.add_commands(top.add_subparsers(), applications=applications)
    return top.parse_args(arguments)


@pytest.fixture
def _verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*, report: commands.Report, beam_size: int) -> Verified:
        report(f"beam {beam_size}")
        return Verified((FIRST,), (), None)  # type: ignore[arg-type]

    monkeypatch.setattr(verify, "verify", found)


@pytest.mark.usefixtures("_verified")
def test_verify_prints_markdown_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse(
        "demo",
        "verify",
        "--json",
        str(tmp_path / "table.json"),
        applications=lambda _verified, report: [SECOND],
    )
    options.run(options)
    printed = capsys.readouterr()
    assert "| 1 | 2 |" in printed.out
    assert printed.out.index("### One") < printed.out.index("### Two")
    assert "beam 50" in printed.err
    written = json.loads((tmp_path / "table.json").read_text())
    assert [section["title"] for section in written] == ["One", "Two"]


@pytest.mark.usefixtures("_verified")
def test_verify_draws_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = parse("demo", "verify", "--pictures", str(tmp_path / "pictures"))
    options.run(options)
    assert (tmp_path / "pictures" / "faces.png").is_file()
    assert "faces.png drawn" in capsys.readouterr().err


@pytest.mark.usefixtures("_verified")
def test_verify_refuses_a_beam_of_nothing() -> None:
    options = parse("demo", "verify", "--beam-size", "0")
    with pytest.raises(BadInput, match="beam size of at least 1, got 0"):
        options.run(options)


def test_build_keeps_its_work_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(build, "build", lambda work, *, report: folders.append(work))
    options = parse("demo", "build", "--work", str(tmp_path / "work"))
    options.run(options)
    assert folders == [tmp_path / "work"]
    assert folders[0].is_dir()


def test_demo_without_a_step_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("demo")
    assert "build|verify" in capsys.readouterr().err
