"""`demo build` parses, makes its folder and hands over; `demo` names its steps."""

import argparse
from pathlib import Path

import pytest

from describer.demo import build, commands


def parse(*arguments: str) -> argparse.Namespace:
    top = argparse.ArgumentParser()
    commands.add_commands(top.add_subparsers())
    return top.parse_args(arguments)


def test_build_keeps_its_work_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(build, "build", lambda work, *, report: folders.append(work))
    options = parse("demo", "build", "--work", str(tmp_path / "work"))
    options.run(options)
    assert folders == [tmp_path / "work"]
    assert folders[0].is_dir()


@pytest.mark.parametrize(
    ("part", "step"), [("models", "ship_models"), ("sentences", "ship_sentences")]
)
def test_build_makes_a_part_alone(
    part: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(build, step, lambda work, *, report: folders.append(work))
    monkeypatch.setattr(build, "build", lambda work, *, report: pytest.fail("the rest as well"))
    options = parse("demo", "build", "--part", part, "--work", str(tmp_path / "work"))
    options.run(options)
    assert folders == [tmp_path / "work"]


def test_demo_without_a_step_names_both(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("demo")
    assert "build|verify" in capsys.readouterr().err
