"""An exported edit, read back somewhere else, predicts what the live ablation predicts."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from audits.ablation.engine.hooks import layer_means
from audits.edit.export import export, pack
from audits.network.evaluation import Evaluator
from audits.network.images import Images, Network, open_network
from db.errors import BadInput
from describer.subjects import definition, factory
from describer.subjects.weights import weights_hash
from helpers import networks

PICTURES = torch.randn(40, 3, 16, 16, generator=torch.Generator().manual_seed(5)) * 2
LABELS = np.arange(40) % 5
PROJECT = Path(__file__).resolve().parents[3]


def images() -> Images:
    return Images("test", "noise", 40, lambda: list(torch.split(PICTURES, 16)), LABELS)


def network(folder: Path, kind: str) -> Network:
    """A subject of its own file, whose factory gives seeded weights."""
    folder.mkdir(parents=True)
    source = Path(networks.__file__).read_text()
    made = f"\n\ndef make(classes=5):\n    return ready({kind}(classes))\n"
    (folder / "factory.py").write_text(source + made)
    (folder / "SUBJECT.toml").write_text(
        'name = "tiny"\nfactory = "factory.py:make"\nkwargs = { classes = 5 }\nimage_size = 16\n'
        "mean = [0.5, 0.5, 0.5]\nstd = [0.5, 0.5, 0.5]\n"
    )
    return open_network(definition.read(folder / "SUBJECT.toml"))


@pytest.mark.parametrize(
    ("kind", "layer", "rule", "way", "reason"),
    [
        ("Residual", "layer2", "zero", "weights", ""),
        ("Residual", "layer1", "mean", "wrapper", "only zero can be written into weights"),
        ("Tokens", "norm", "zero", "wrapper", "they are read by"),
        ("Untraceable", "conv", "zero", "wrapper", "graph cannot be read"),
        ("TwoBranches", "twice", "zero", "wrapper", "differ by"),
        ("TwoBranches", "twice#1", "zero", "wrapper", "differ by"),
        ("Tokens", "attention", "zero", "wrapper", ""),
        ("Residual", "layer1.relu#1", "zero", "weights", ""),
        ("Residual", "layer1.relu", "mean", "wrapper", "only zero"),
        ("Untraceable", "conv.0:relu", "zero", "weights", ""),
    ],
)
def test_an_export_predicts_as_the_ablation_does_wherever_it_is_read(
    tmp_path: Path, kind: str, layer: str, rule, way: str, reason: str
) -> None:
    original = network(tmp_path / "original", kind)
    units = {layer: [0, 3]}
    means = layer_means(original.model, units, images().batches()) if rule == "mean" else None
    ablated = Evaluator(original.model, rule, means)
    live = ablated.predict(images(), units)
    order = [(layer, 3), (layer, 0)]
    found = export(tmp_path / "made", original, order, images(), ablated=ablated)
    assert (found.way, found.images) == (way, 40)
    assert reason in found.reason
    assert found.accuracy == float((live == LABELS).mean())
    # Somewhere else: the files that it was made of are gone.
    shutil.rmtree(tmp_path / "original")
    shutil.move(tmp_path / "made", tmp_path / "elsewhere")
    again = definition.read(tmp_path / "elsewhere" / "SUBJECT.toml")
    assert np.array_equal(Evaluator(factory.build(again)).predict(images()), live)
    assert not np.array_equal(live, Evaluator(original.model).predict(images())), (
        "units of no effect"
    )
    assert weights_hash(again, factory.build(again)) != original.weights


def test_a_wrapper_needs_nothing_of_the_workbench(tmp_path: Path) -> None:
    original = network(tmp_path / "original", "Untraceable")
    export(tmp_path / "made", original, [("conv", 1)], images())
    script = (
        "import sys, tomllib, torch; sys.path.insert(0, '.'); import edited_1 as edited; "
        "from safetensors.torch import load_file; "
        "model = edited.build(**tomllib.load(open('SUBJECT.toml', 'rb'))['kwargs']).eval(); "
        "model.load_state_dict(load_file('weights.safetensors')); "
        "print(float(model.get_submodule('conv')(torch.ones(1, 3, 16, 16))[0, 1].abs().max()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path / "made",
        capture_output=True,
        text=True,
        env={"PATH": "", "OMP_NUM_THREADS": "1"},
    )
    assert done.stdout.strip() == "0.0", done.stderr


def test_an_edit_can_be_edited_again(tmp_path: Path) -> None:
    original = network(tmp_path / "original", "Untraceable")
    live = Evaluator(original.model).predict(images(), {"conv": [1, 2, 4]})
    place = tmp_path / "original"
    for number in (1, 2, 4):
        opened = open_network(definition.read(place / "SUBJECT.toml"))
        export(tmp_path / f"without-{number}", opened, [("conv", number)], images())
        shutil.rmtree(place)
        place = tmp_path / f"without-{number}"
    last = factory.build(definition.read(place / "SUBJECT.toml"))
    assert np.array_equal(Evaluator(last).predict(images()), live)


def test_a_factory_that_needs_its_neighbours_is_refused(tmp_path: Path) -> None:
    original = network(tmp_path / "original", "Residual")
    path = tmp_path / "original" / "factory.py"
    path.write_text("import missing_neighbour\n" + path.read_text())
    with pytest.raises(BadInput, match=r"a module for factory 'factory\.py:make'.*not installed"):
        export(tmp_path / "made", original, [("layer2", 2)], images())
    assert [path.name for path in tmp_path.iterdir()] == ["original"]


def test_equal_exports_are_equal_files(tmp_path: Path) -> None:
    original = network(tmp_path / "original", "Residual")
    packed = [
        pack(export(tmp_path / name / "edit", original, [("layer2", 3)], images()).folder)
        for name in ("a", "b")
    ]
    assert packed[0].name == "edit.zip"
    assert packed[0].read_bytes() == packed[1].read_bytes()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([], "expected at least one unit to remove, got none"),
        ([("layer2", 99)], "expected units 0 to 19 of layer 'layer2', got 99"),
        ([("layer9", 0)], "expected a layer of the network, got 'layer9'; nearest: layer"),
    ],
)
def test_what_cannot_be_exported_writes_nothing(tmp_path: Path, order, message: str) -> None:
    original = network(tmp_path / "original", "Residual")
    with pytest.raises(BadInput, match=message):
        export(tmp_path / "made", original, order, images())
    assert [path.name for path in tmp_path.iterdir()] == ["original"]


def test_a_folder_that_holds_files_is_not_written_to(tmp_path: Path) -> None:
    original = network(tmp_path / "original", "Residual")
    with pytest.raises(BadInput, match="expected an empty or new folder for the edited network"):
        export(tmp_path / "original", original, [("layer2", 3)], images())
