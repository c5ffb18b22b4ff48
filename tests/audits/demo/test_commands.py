"""`demo verify` parses, measures, prints and writes, the applications after the checks."""

import argparse
import json
from pathlib import Path

import pytest

from audits import commands as audit_commands
from audits.demo import importance
from db.errors import BadInput
from describer.demo import commands
from describer.demo.checks import methods, own_models, verify
from describer.demo.checks.table import Section
from describer.demo.checks.verify import Verified

FIRST = Section("One", "a note", ("a", "b"), (("1", "2"),))
SECOND = Section("Two", "another", ("c",), (("3",),))
RIVALS = Section("Methods", "beside", ("d",), (("4",),))
OWN = Section("Own", "models", ("e",), (("5",),))


def parse(*arguments: str) -> argparse.Namespace:
    subparsers = (top := argparse.ArgumentParser()).add_subparsers()
    audit_commands.add_commands(subparsers, demo=commands.add_commands(subparsers))
    return top.parse_args(arguments)


@pytest.fixture
def _verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(*, report: commands.Report, beam_size: int) -> Verified:
        report(f"beam {beam_size}")
        return Verified((FIRST,), (), None)  # type: ignore[arg-type]

    monkeypatch.setattr(verify, "verify", found)
    monkeypatch.setattr(methods, "profiles", lambda report: {})
    monkeypatch.setattr(methods, "table", lambda known: RIVALS)
    monkeypatch.setattr(own_models, "table", lambda report: OWN)
    monkeypatch.setattr(importance, "applications", lambda verified, report: [SECOND])


@pytest.mark.usefixtures("_verified")
def test_verify_prints_markdown_and_writes_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse("demo", "verify", "--json", str(tmp_path / "table.json"))
    options.run(options)
    printed = capsys.readouterr()
    assert "| 1 | 2 |" in printed.out
    assert printed.out.index("### One") < printed.out.index("### Two")
    assert "beam 50" in printed.err
    written = json.loads((tmp_path / "table.json").read_text())
    assert [section["title"] for section in written] == ["One", "Methods", "Own", "Two"]


@pytest.mark.usefixtures("_verified")
@pytest.mark.parametrize(("part", "title"), [("methods", "Methods"), ("models", "Own")])
def test_verify_measures_a_part_alone(
    part: str, title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse("demo", "verify", "--part", part)
    options.run(options)
    printed = capsys.readouterr().out
    assert printed.startswith(f"### {title}\n")
    assert printed.count("###") == 1


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
