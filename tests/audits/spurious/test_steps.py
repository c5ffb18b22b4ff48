"""The spurious-text experiment from a folder of images to its numbers, on small real things."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audits import commands
from audits.spurious import plan
from audits.spurious import steps as experiment
from audits.spurious import writing as spurious_writing
from audits.spurious.job import spurious as run
from audits.spurious.plan import Settings, enqueue, folder_of, free_name
from db import jobs
from db.audit import ablations
from db.describe import subjects
from db.errors import BadInput
from db.jobs import Handle
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.exemplars.records import LayerExemplars
from describer.layers import catalogue
from describer.subjects import definition as files
from helpers.worlds import coloured_images, tiny_milan

NETWORK = """
import torch
from torch import nn


def network(classes: int = 2) -> nn.Module:
    torch.manual_seed(0)
    found = nn.Sequential()
    found.add_module("early", nn.Sequential(nn.Conv2d(3, 5, 3, stride=2), nn.ReLU()))
    found.add_module("late", nn.Sequential(nn.Conv2d(5, 6, 3, stride=2), nn.ReLU()))
    found.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    found.add_module("head", nn.Linear(6, classes))
    return found
"""
SUBJECT = """
name = "given"
factory = "network.py:network"
layers = ["early", "late"]
image_size = 32
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
"""


@pytest.fixture(scope="module")
def files_(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    coloured_images(folder / "images", count=16)
    (folder / "network.py").write_text(NETWORK)
    (folder / "SUBJECT.toml").write_text(SUBJECT)
    tiny_milan(folder / "tiny-milan")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create(tmp_path / "workspace")


@pytest.fixture(scope="module")
def settings(files_: Path) -> Settings:
    return Settings(
        "tiny",
        str(files_ / "images"),
        network=str(files_ / "SUBJECT.toml"),
        checkpoint=str(files_ / "tiny-milan"),
        k=3,
        beam_size=2,
        learning_rate=0.02,
        batch_size=8,
        max_epochs=2,
        controls=5,
    )


def queued(workspace: Workspace, settings: Settings) -> int:
    with open_database(workspace) as db:
        return enqueue(db, settings, device="cpu", person="ada")


def job(workspace: Workspace, job_id: int) -> jobs.Job:
    with open_database(workspace) as db:
        return jobs.get(db, job_id)


def measured(workspace: Workspace) -> list[tuple[object, ...]]:
    with open_database(workspace) as db:
        return [
            (each.request["concept"], each.units, ablations.curve(db, each.ablation_id))
            for each in ablations.latest(db)
        ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Workspace:
    """A workspace whose job 1 ran from its beginning to its end."""
    found = create(tmp_path_factory.mktemp("whole") / "workspace")
    assert queued(found, settings) == 1
    jobs.work(found, {"spurious": run})
    return found


def test_an_experiment_makes_a_network_and_measures_its_edit(whole: Workspace) -> None:
    workspace = whole
    found = job(workspace, 1)
    assert (found.state, found.message) == ("done", "")
    result = found.result
    assert result["images"] == {"training": 20, "validation": 4, "clean": 8, "adversarial": 8}
    assert result["units"] == {"early": 5, "late": 6}
    assert 0 <= result["clean"] <= 1
    with open_database(workspace) as db:
        assert subjects.get(db, "tiny").source.is_relative_to(workspace.experiments)
        assert subjects.get_probing_set(db, "tiny-adversarial").classes == ("blue", "red")
        for choice in result["choices"]:
            summary = ablations.get(db, choice["ablation_id"]).summary
            assert summary["start"]["test"] == result["adversarial"]
            assert len(summary["controls"]) == 5
            assert len(summary["sorted_all"]) == len(summary["units"])
            assert set(choice["clean"]) == {"chosen", "best"}
    assert [each["by"] for each in result["choices"]] == [
        by
        for by, count in (
            ("descriptions", result["agreement"]["described"]),
            ("masks", result["agreement"]["on_words"]),
        )
        if count
    ]


@pytest.mark.parametrize("stopped_at", [2, 60, 75])
def test_a_stopped_experiment_goes_on_as_one_that_was_not(
    workspace: Workspace, whole: Workspace, settings: Settings, stopped_at: int
) -> None:
    asked: Iterator[int] = iter(range(100_000))

    def stopping(handle: Handle) -> dict[str, object]:
        return run(
            replace(
                handle, watch=replace(handle.watch, cancelled=lambda: next(asked) >= stopped_at)
            )
        )

    second = queued(workspace, settings)
    jobs.work(workspace, {"spurious": stopping})
    assert job(workspace, second).state == "cancelled"
    # The same experiment again is the same job.
    assert queued(workspace, settings) == second
    jobs.work(workspace, {"spurious": run})
    assert job(workspace, second).result == job(whole, 1).result
    assert measured(workspace) == measured(whole)


def test_the_test_sets_are_the_same_images_and_none_is_trained_on(
    tmp_path: Path, settings: Settings
) -> None:
    made = experiment.make_sets(tmp_path, settings, size=32)
    names = {
        which: {Path(one.path).name for one in spurious_writing.read(root)}
        for which, root in made.folders.items()
    }
    assert names["clean"] == names["adversarial"]
    assert not names["training"] & names["validation"]
    assert not (names["training"] | names["validation"]) & names["clean"]
    words = {
        which: [one.word_of for one in spurious_writing.read(root)]
        for which, root in made.folders.items()
    }
    assert words["clean"] == [None] * 8
    assert None not in words["adversarial"]
    assert sum(word is not None for word in words["training"]) == 10


@pytest.mark.parametrize("inside", ["", "red"])
def test_a_test_folder_that_is_trained_on_is_refused(
    workspace: Workspace, settings: Settings, inside: str
) -> None:
    test = str(Path(settings.images) / inside)
    with pytest.raises(BadInput, match="expected test images that are not trained on"):
        queued(workspace, replace(settings, test=test))


def test_test_images_that_are_copies_are_refused_before_anything_is_written(
    tmp_path: Path, settings: Settings
) -> None:
    test = coloured_images(tmp_path / "test", count=5, seed=9)
    given = replace(settings, test=str(test))
    experiment.make_sets(tmp_path / "apart", given, size=32)
    copied = next((Path(settings.images) / "blue").iterdir())
    (test / "blue" / "copied.png").write_bytes(copied.read_bytes())
    with pytest.raises(BadInput, match=r"1 of 11 in .* first blue/copied.png"):
        experiment.make_sets(tmp_path / "copies", given, size=32)
    assert not (tmp_path / "copies").exists()


def test_written_words_are_known_to_the_pixel(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (90, 90, 90)).save(tmp_path / "plain.png")
    for corner in spurious_writing.CORNERS:
        (tmp_path / corner / "in" / "cat").mkdir(parents=True)
        (tmp_path / corner / "in" / "cat" / "0.png").write_bytes(
            (tmp_path / "plain.png").read_bytes()
        )
        writing = spurious_writing.Writing(share=1.0, corner=corner, height=0.2, size=64)
        (one,) = spurious_writing.make(tmp_path / corner / "in", tmp_path / corner / "out", writing)
        image = np.asarray(Image.open(tmp_path / corner / "out" / one.path)).astype(int)
        assert image.shape == (64, 64, 3)
        rows, columns = np.nonzero((image != 90).any(axis=2))
        assert one.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert spurious_writing.read(tmp_path / corner / "out") == [one]
    with pytest.raises(BadInput, match="expected the table of written words"):
        spurious_writing.read(tmp_path)


class Planted:
    """Exemplars of two units over two images: one looks at the word, one at everything."""

    layers = ("late",)

    def units(self, layer: str) -> int:
        return 3

    def exemplars(self, layer: str) -> LayerExemplars:
        found = object.__new__(LayerExemplars)
        object.__setattr__(found, "ids", np.array([[0, 1], [0, 1], [-1, -1]]))
        return found

    def mask(self, layer: str, unit: int, rank: int) -> np.ndarray:
        mask = np.zeros((10, 10), bool)
        mask[:4, :5] = True
        return mask if unit == 0 else np.ones((10, 10), bool)


def test_units_that_look_at_words_are_told_from_those_that_look_anywhere() -> None:
    written = [
        spurious_writing.Written("a.png", "a", "a", (0, 0, 5, 4)),
        spurious_writing.Written("b.png", "b", None),
    ]
    shares = experiment.written_shares(Planted(), written, ["a.png", "b.png"])
    assert shares == {("late", 0): 0.5, ("late", 1): 0.1}
    assert experiment.base_rate(written, 10) == 0.1
    assert experiment.on_text(shares, 0.1) == [("late", 0)]
    assert experiment.on_text(shares, 0.2) == []


def test_the_layers_to_describe_make_maps_by_weights() -> None:
    import torchvision

    network = torchvision.models.resnet18(weights=None)
    assert experiment.described_layers(network, catalogue.trace(network, 64)) == (
        *("conv1", "layer1", "layer2", "layer3", "layer4"),
    )
    network = torchvision.models.squeezenet1_1(weights=None)
    found = experiment.described_layers(network, catalogue.trace(network, 64))
    assert found[0] == "features.0"
    assert len(found) == 9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": ""}, "Choose a folder of labelled images first"),
        ({"name": "../x"}, "a name of letters, digits"),
        ({"corner": "middle"}, "a corner among top-left"),
        ({"share": 0.0}, "a share of images that carry a word above 0"),
        ({"validation_share": 0.6, "test_share": 0.4}, "leave a tenth to train on"),
        ({"size": 4}, "images of 16 to 1024 pixels, got 4"),
        ({"controls": 0}, "at least one control"),
        ({"images": "red"}, "at least two sub-folders with images"),
        ({"images": "few"}, "at least 4 images of each class .*, got 2 of blue"),
        ({"test": "other"}, "they differ in green, red"),
        ({"checkpoint": "nothing.pth"}, "nothing.pth"),
    ],
)
def test_impossible_experiments_are_refused_before_they_are_queued(
    workspace: Workspace,
    settings: Settings,
    tmp_path: Path,
    change: dict[str, object],
    message: str,
) -> None:
    coloured_images(tmp_path / "few", count=2)
    coloured_images(tmp_path / "other", count=5)
    (tmp_path / "other" / "red").rename(tmp_path / "other" / "green")
    places = {
        "red": str(Path(settings.images) / "red"),
        "few": str(tmp_path / "few"),
        "other": str(tmp_path / "other"),
    }
    wanted = {key: places.get(str(value), value) for key, value in change.items()}
    with pytest.raises(BadInput, match=message):
        queued(workspace, replace(settings, **wanted))
    with open_database(workspace) as db:
        assert jobs.latest(db) == []


def test_a_name_belongs_to_one_experiment(
    workspace: Workspace, settings: Settings, files_: Path
) -> None:
    queued(workspace, settings)
    with pytest.raises(BadInput, match="expected a new name for an experiment of other settings"):
        queued(workspace, replace(settings, seed=1))
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, files_ / "SUBJECT.toml")
        assert free_name(db, "/somewhere/my images") == "my-images-text"
    with pytest.raises(BadInput, match="a name that no other network has, got 'given'"):
        queued(workspace, replace(settings, name="given"))


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("resnet81", "expected a callable in torchvision.models, got 'resnet81'"),
        ("SUBJECT.toml", r"one output for each of the 3 classes, got outputs of shape \(2,\)"),
        ("classes.toml", "expected the classes of"),
    ],
)
def test_networks_that_do_not_fit_are_refused(
    settings: Settings, files_: Path, network: str, message: str
) -> None:
    named = SUBJECT + 'classes = ["cat", "dog"]\n'
    (files_ / "classes.toml").write_text(named)
    path = str(files_ / network) if network.endswith(".toml") else network
    with pytest.raises(BadInput, match=message):
        experiment.untrained(replace(settings, network=path), ("a", "b", "c"))


def test_the_seed_is_where_a_training_begins(settings: Settings) -> None:
    wanted = replace(settings, network="small")
    states = [
        experiment.untrained(replace(wanted, seed=seed), ("a", "b"))[1].state_dict()
        for seed in (0, 0, 1)
    ]
    first, again, other = (state["conv1.0.weight"] for state in states)
    assert (first == again).all()
    assert (first != other).any()


def test_the_command_prints_and_writes_what_was_found(
    tmp_path: Path, files_: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers())
    arguments = f"spurious {files_ / 'images'} --workspace {tmp_path / 'workspace'} --name <b>"
    arguments = arguments.replace("<b>", "named") + f" --network {files_ / 'SUBJECT.toml'}"
    arguments += f" --milan {files_ / 'tiny-milan'} --beam-size 2 --epochs 1 --controls 1"
    options = parser.parse_args(f"{arguments} --out {tmp_path / 'out'}".split())
    options.run(options)
    printed = capsys.readouterr().out
    values = json.loads((tmp_path / "out" / "result.json").read_text())
    assert f"adversarial test: {values['adversarial']:.1%}" in printed
    page = (tmp_path / "out" / "result.html").read_text()
    assert "Spurious text: named" in page
    assert page.count("data:image/png;base64,") == 4
    with open_database(create(tmp_path / "workspace")) as db:
        (row,) = jobs.latest(db)
    assert asdict(Settings(**row.args))["name"] == "named"
    assert files.read(folder_of(create(tmp_path / "workspace"), "named") / "network/SUBJECT.toml")
    assert row.kind == plan.KIND
