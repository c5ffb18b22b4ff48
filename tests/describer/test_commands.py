"""The commands `describe` and `train` on a two-layer network, and what they say to bad input."""

import csv
import json
from pathlib import Path

import pytest

import app
from describer.milan.describing import SearchOptions
from helpers import worlds


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A subject file, exemplars of its two layers, and annotations of both."""
    folder = tmp_path_factory.mktemp("world")
    subject = worlds.two_layer_subject(folder / "subject")
    images = worlds.coloured_images(folder / "images", count=6)
    exemplars = ["exemplars", subject, images, "--out", folder / "exemplars", "--k", 5]
    assert app.main([str(part) for part in exemplars]) == 0
    with (folder / "annotations.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["layer", "unit", "summary"])
        rows.writerows(["early", unit, "red patches"] for unit in range(6))
        rows.writerows(["late", unit, "blue patches"] for unit in range(8))
    return folder


@pytest.fixture(scope="module")
def trained(world: Path) -> Path:
    assert run(world, "train", out="checkpoint") == 0
    return world / "checkpoint"


def run(world: Path, command: str, *more: object, out: str, **changes: object) -> int:
    """Run a command with its usual arguments, some of them changed; None leaves one out."""
    usual: dict[str, dict[str, object]] = {
        "train": {
            "exemplars": world / "exemplars",
            "annotations": world / "annotations.csv",
            "encoder": world / "subject" / "SUBJECT.toml",
            "epochs": 2,
        },
        "describe": {
            "milan": world / "checkpoint",
            "encoder": world / "subject" / "SUBJECT.toml",
            "beam_size": 5,
        },
    }
    options = {**usual[command], **changes, "out": world / out}
    arguments = [command, *more]
    for name, value in options.items():
        arguments += [f"--{name.replace('_', '-')}", value] if value is not None else []
    return app.main([str(part) for part in arguments])


def test_train_writes_a_checkpoint_with_its_provenance(trained: Path) -> None:
    description = json.loads((trained / "checkpoint.json").read_text())
    training = description["training"]
    assert training["training_units"] + training["validation_units"] == 14
    assert set(training["exemplars"][0]) == {"early", "late"}
    assert len(training["annotations"][0]) == 64
    assert description["encoder"]["layers"] == ["early", "late"]


def test_describe_writes_a_row_for_every_unit(world: Path, trained: Path) -> None:
    assert run(world, "describe", world / "exemplars", out="described.csv") == 0
    with (world / "described.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["layer"], int(row["unit"])) for row in rows] == [
        *(("early", unit) for unit in range(6)),
        *(("late", unit) for unit in range(8)),
    ]
    for row in rows:
        expected = float(row["log_p_given_e"]) - 0.2 * float(row["log_p"])
        assert float(row["score"]) == pytest.approx(expected, abs=1e-3)


def test_an_encoder_of_foreign_code_is_not_run_from_a_checkpoint(
    world: Path, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(world, "describe", world / "exemplars", out="no.csv", encoder=None) == 2
    assert "code that a checkpoint may not run" in capsys.readouterr().err
    assert not (world / "no.csv").exists()


@pytest.mark.parametrize(
    ("command", "changes", "message"),
    [
        ("describe", {"milan": "nowhere"}, "'nowhere', which is not there"),
        ("describe", {"layers": "elsewhere"}, "got 'elsewhere'"),
        ("describe", {"device": "tpu"}, "auto, cpu, cuda or cuda:N, got 'tpu'"),
        ("describe", {"beam_size": 0}, "beam size of at least 1"),
        ("train", {"annotations": "nowhere.csv"}, "nowhere.csv, got no such file"),
        ("train", {"encoder": "resnet1000"}, "got 'resnet1000'"),
        ("train", {"encoder": "nowhere.toml"}, "nowhere.toml"),
        ("train", {"exemplars": "nowhere"}, "nowhere"),
        ("train", {"epochs": 0}, "max_epochs of at least 1"),
    ],
)
def test_bad_input_gets_one_sentence_and_changes_nothing(
    world: Path,
    trained: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    changes: dict[str, object],
    message: str,
) -> None:
    folder = [world / "exemplars"] if command == "describe" else []
    before = sorted(path.name for path in world.iterdir())
    assert run(world, command, *folder, out="nothing", **changes) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert sorted(path.name for path in world.iterdir()) == before


def test_every_folder_needs_a_table(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, table = str(world / "exemplars"), str(world / "annotations.csv")
    arguments = ["train", "--exemplars", folder, folder, "--annotations", table, "--out", "x"]
    assert app.main(arguments) == 2
    assert "2 folders and 1 tables" in capsys.readouterr().err


def test_the_commands_defaults_are_the_papers() -> None:
    options = app.parser().parse_args(["describe", "DIR", "--milan", "demo", "--out", "x.csv"])
    paper = SearchOptions()
    assert (options.strategy, options.beam_size, options.temperature) == (
        paper.strategy,
        paper.beam_size,
        paper.temperature,
    )
