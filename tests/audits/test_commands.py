"""The audit command: its files, its sentences for bad input."""

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import app
from audits import commands
from db.errors import BadInput

FACTORY = """
import torch
from torch import nn

def make(classes=3):
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential()
    network.add_module("conv1", nn.Conv2d(3, 8, 3))
    network.add_module("relu", nn.ReLU())
    network.add_module("pool", nn.AdaptiveAvgPool2d(1))
    network.add_module("flat", nn.Flatten())
    network.add_module("linear", nn.Linear(8, classes))
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return network
"""
SUBJECT = """
name = "tiny"
factory = "factory.py:make"
layers = ["conv1"]
image_size = 12
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
classes = ["cat", "cow", "dog"]
"""
SENTENCES = ["Texts", "A texture", "Dog faces", "words on signs", "Grass", "Sky", "Wood", "Red"]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A subject, labelled images twice, unlabelled ones, and a table of descriptions."""
    (tmp_path / "factory.py").write_text(FACTORY)
    (tmp_path / "SUBJECT.toml").write_text(SUBJECT)
    generator = np.random.default_rng(0)
    for folder in ("test/cat", "test/dog", "validation/cat", "validation/cow", "flat"):
        (tmp_path / folder).mkdir(parents=True)
        for index in range(4):
            pixels = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    rows = "".join(f"conv1,{unit},{text}\n" for unit, text in enumerate(SENTENCES))
    (tmp_path / "described.csv").write_text("layer,unit,description\n" + rows)
    return tmp_path


@pytest.fixture
def audit(world: Path) -> Callable[..., Path]:
    def run(*extra: str, images: str = "test", keywords: tuple[str, ...] = ("text",)) -> Path:
        parser = argparse.ArgumentParser()
        commands.add_commands(parser.add_subparsers())
        arguments = ["audit", str(world / "SUBJECT.toml"), str(world / images)]
        arguments += ["--descriptions", str(world / "described.csv"), "--keywords", *keywords]
        options = parser.parse_args([*arguments, "--out", str(world / "out"), *extra])
        options.run(options)
        return world / "out"

    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_words_that_must_not_be_there_are_no_options(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["audit", str(world / "SUBJECT.toml"), str(world / "test"), "--descriptions"]
    arguments += [str(world / "described.csv"), "--keywords", "text", "+word|text", "-sign"]
    assert app.main([*arguments, "--out", str(world / "out"), "--controls", "1"]) == 0
    assert "1 of 1 matching units ablated" in capsys.readouterr().out
    assert {row["unit"] for row in rows(world / "out" / "units.csv")} == {"0"}
    summary = json.loads((world / "out" / "summary.json").read_text())
    assert summary["keywords"] == ["text", "+word|text", "-sign"]
    with pytest.raises(SystemExit):
        app.main([*arguments, "--help"])


def test_the_curve_has_every_condition_split_and_count(
    world: Path, audit: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    validation = ("--validation", str(world / "validation"), "--controls", "3")
    out = audit(*validation, keywords=("text", "word"))
    curve = rows(out / "curve.csv")
    seen = {(row["condition"], row["trial"], row["split"], row["n_ablated"]) for row in curve}
    assert seen == {
        (condition, str(trial), split, str(count))
        for condition, trials in (("keyword", 1), ("random", 3), ("sorted_all", 1))
        for trial in range(trials)
        for split in ("validation", "test")
        for count in (0, 1, 2)
    }
    assert {row["unit"] for row in rows(out / "units.csv")} == {"0", "3"}
    assert {row["matched"] for row in rows(out / "units.csv")} == {"Texts", "words"}
    summary = json.loads((out / "summary.json").read_text())
    assert summary["keywords"] == ["text", "word"]
    assert summary["examined"] == 8
    assert summary["chosen"]["validation"] >= summary["start"]["validation"]
    printed = capsys.readouterr()
    assert "2 of 2 matching units ablated" in printed.out
    draws, doubts = printed.err.splitlines()
    assert draws == (
        "warning: 3 random draws are fewer than 5: where one more would lie is known badly."
    )
    # The network was not trained.
    assert "The unedited network is right on 50.0% of test, which is chance" in doubts
    assert [(row["folder"], row["images"], row["output"]) for row in summary["classes"]] == [
        ("cat", 4, 0),
        ("dog", 4, 2),
    ]
    assert printed.out.startswith("folder  images  output  class\ncat          4       0  cat\n")


def test_without_validation_it_warns_and_has_only_test_rows(
    audit: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = audit()
    assert {row["split"] for row in rows(out / "curve.csv")} == {"test"}
    assert "warning: Units were ordered on the test images" in capsys.readouterr().err


def test_unlabelled_images_give_agreement(audit: Callable[..., Path]) -> None:
    out = audit("--rule", "mean", images="flat")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["measure"] == "agreement"
    assert summary["start"]["test"] == 1.0


def test_images_that_cannot_be_read_are_named(
    world: Path, audit: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (world / "test" / "cat" / "0.png").write_bytes(b"nothing")
    summary = json.loads((audit() / "summary.json").read_text())
    assert summary["images"] == 7
    assert summary["skipped"][0][0] == "cat/0.png"
    assert "skipped cat/0.png" in capsys.readouterr().err


def test_a_limit_and_a_class_table(world: Path, audit: Callable[..., Path]) -> None:
    (world / "index.json").write_text('{"cat": 2, "dog": 0}')
    out = audit(
        "--max-units", "1", "--class-index", str(world / "index.json"), keywords=("preset:text",)
    )
    assert max(int(row["n_ablated"]) for row in rows(out / "curve.csv")) == 1


def test_the_edit_is_exported_and_reads_back(
    world: Path, audit: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from audits.network.evaluation import Evaluator
    from audits.network.images import open_images, open_network
    from describer.subjects.definition import read

    out = audit("--export", str(world / "edit"))
    assert "exported without 1 units" in capsys.readouterr().out
    network = open_network(read(world / "edit" / "SUBJECT.toml"))
    images = open_images(world / "test", network, name="test")
    right = Evaluator(network.model).evaluate(images).accuracy
    assert right == json.loads((out / "summary.json").read_text())["end"]["test"]
    with pytest.raises(BadInput, match="expected an empty or new folder for the edited network"):
        audit("--export", str(world / "edit"))


@pytest.mark.parametrize(
    ("extra", "keywords", "message"),
    [
        ((), ("zebra",), "expected a description with one of zebra in .*, got none among 8"),
        (("--validation", "nowhere"), ("text",), "expected a folder of images, got nowhere"),
        (("--controls", "0"), ("text",), "at least one random control, got 0"),
        (("--batch-size", "0"), ("text",), "batch size of at least 1, got 0"),
        (("--class-index", "nowhere"), ("text",), 'expected JSON like {"folder": 0'),
        (
            ("--descriptions", "nowhere"),
            ("text",),
            "a CSV table at nowhere, got no such file",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(
    world: Path, audit: Callable[..., Path], extra, keywords, message
) -> None:
    with pytest.raises(BadInput, match=message):
        audit(*extra, keywords=keywords)
    assert not (world / "out").exists()


def test_folders_that_are_no_classes_are_refused(world: Path, audit: Callable[..., Path]) -> None:
    (world / "test" / "cat").rename(world / "test" / "cats")
    with pytest.raises(BadInput, match="network's 3 classes, got 'cats'; nearest: cat"):
        audit()


def test_units_that_do_not_exist_are_refused(world: Path, audit: Callable[..., Path]) -> None:
    with (world / "described.csv").open("a") as file:
        file.write("conv1,8,text\n")
    with pytest.raises(BadInput, match="expected units 0 to 7 of layer 'conv1', got 8"):
        audit()
