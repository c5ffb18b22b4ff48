"""Exemplars are those of the call that was named, read off against the network's own values."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import app
from describer.exemplars import layout, run
from describer.exemplars.records import Settings
from describer.images import probing
from describer.subjects import definition, factory
from helpers import layered

SUBJECT = """
name = "n"
factory = "net.py:{network}"
image_size = 16
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    generator = np.random.default_rng(1)
    (tmp_path / "images").mkdir()
    for index in range(9):
        pixels = generator.integers(0, 256, (16, 16, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "images" / f"{index}.png")
    return tmp_path / "images"


def subject(folder: Path, network: str) -> Path:
    (folder / "net.py").write_text(Path(layered.__file__).read_text())
    (folder / "SUBJECT.toml").write_text(SUBJECT.format(network=network))
    return folder / "SUBJECT.toml"


@pytest.mark.parametrize(
    ("network", "name", "value", "axis"),
    [
        ("SharedReLU", "relu#1", "relu#1", 1),
        ("SharedReLU", "relu", "relu#3", 1),
        ("SharedReLU", "relu#3", "relu#3", 1),
        ("ChannelsLast", "norm", "norm", 3),
        ("Lengths", "line", "line", 1),
        ("SequenceFirst", "attention", "attention", 2),
        ("FunctionalReLU", "first:relu", "first:relu", 1),
    ],
)
def test_activations_are_those_of_the_call(
    tmp_path: Path, images: Path, network: str, name: str, value: str, axis: int
) -> None:
    found = definition.read(subject(tmp_path, network))
    seen = probing.open_folder(images)
    options = run.Options(layers=(name,), settings=Settings(k=3), batch_size=4)
    run.study(found, seen, tmp_path / "out", options=options)
    source = layout.read(tmp_path / "out")
    model = factory.build(found)
    batch = next(iter(probing.batches(seen, found, batch_size=9)))
    with torch.no_grad():
        model(probing.as_inputs(batch.images, found))
    values = model.values[value]
    batch_axis = 1 if network == "SequenceFirst" else 0
    largest = values.movedim((batch_axis, axis), (0, 1)).flatten(2).amax(2)
    expected = largest.sort(dim=0, descending=True).values[:3].t()
    assert source.layers == [name]
    np.testing.assert_allclose(source.exemplars(name).activations, expected, rtol=0, atol=1e-5)
    assert source.record(name).layer.name == name


def test_chosen_units_are_described_and_the_list_is_printed(
    tmp_path: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml, out = str(subject(tmp_path, "SharedReLU")), str(tmp_path / "out")
    assert app.main(["layers", toml]) == 0
    printed = capsys.readouterr().out
    assert "relu#1" in printed
    assert "the last, also relu#3" in printed
    command = ["exemplars", toml, str(images), "--out", out, "--k", "3", "--layers", "relu#2"]
    assert app.main(command) == 0
    assert (tmp_path / "out" / "relu#2" / "ids.csv").is_file()
    table = tmp_path / "said.csv"
    command = ["describe", out, "--milan", "demo", "--out", str(table), "--strategy", "greedy"]
    assert app.main([*command, "--units", "7", "2"]) == 0
    rows = table.read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["relu#2", "7"], ["relu#2", "2"]]
