"""The code behind a network is part of what it is; how it is written down is not."""

from pathlib import Path

import pytest

from describer.exemplars import run
from describer.images import probing
from describer.subjects import definition, factory
from describer.subjects.code import code_hash
from describer.subjects.weights import weights_hash
from helpers.worlds import two_layer_subject


def known(path: Path) -> str:
    subject = definition.read(path)
    return code_hash(subject, factory.build(subject))


def test_another_forward_is_other_code_and_a_comment_is_not(tmp_path: Path) -> None:
    path = two_layer_subject(tmp_path / "a")
    elsewhere = known(two_layer_subject(tmp_path / "b"))
    network = path.with_name("network.py")
    text = network.read_text()
    assert known(path) == elsewhere != ""
    network.write_text(
        text.replace("    torch.manual_seed(0)\n", "\n    # seeded\n    torch.manual_seed(0)\n\n")
    )
    assert known(path) == elsewhere
    network.write_text(text.replace("nn.ReLU()", "nn.Tanh()"))
    assert known(path) != elsewhere
    model = factory.build(definition.read(path))
    other = definition.read(tmp_path / "b" / "SUBJECT.toml")
    assert weights_hash(definition.read(path), model) == weights_hash(
        other, factory.build(other)
    ), "weights alone do not tell the two apart"


def test_indentation_counts(tmp_path: Path) -> None:
    path = two_layer_subject(tmp_path)
    network = path.with_name("network.py")
    text = network.read_text() + "\n\ndef other(x):\n    if x:\n        x = 1\n    return x\n"
    network.write_text(text)
    before = known(path)
    network.write_text(text.replace("    return x\n", "        return x\n"))
    assert known(path) != before


def test_a_module_on_the_path_is_the_users_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = two_layer_subject(tmp_path)
    (tmp_path / "network.py").rename(tmp_path / "network_on_the_path.py")
    path.write_text(path.read_text().replace("network.py:", "network_on_the_path:"))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert known(path) == known(two_layer_subject(tmp_path / "file"))


@pytest.mark.parametrize(
    "made_by", ["torchvision.models:resnet18", "describer.demo.networks:residual"]
)
def test_what_is_installed_or_comes_with_the_workbench_is_no_users_code(
    tmp_path: Path, made_by: str
) -> None:
    path = two_layer_subject(tmp_path)
    text = path.read_text().replace("network.py:two_layers", made_by)
    path.write_text(text.replace("kwargs = { width = 6 }", "kwargs = {}"))
    assert known(path) == ""


def test_exemplars_of_other_code_are_other_exemplars(tmp_path: Path) -> None:
    path = two_layer_subject(tmp_path / "a")
    (tmp_path / "images").mkdir()
    from PIL import Image

    for place in range(16):
        Image.new("RGB", (32, 32), (place, 0, 0)).save(tmp_path / "images" / f"{place}.png")
    images = probing.open_folder(tmp_path / "images")
    before = run.prepare(definition.read(path), images).hashes
    network = path.with_name("network.py")
    network.write_text(network.read_text().replace("nn.ReLU()", "nn.Tanh()"))
    assert run.prepare(definition.read(path), images).hashes != before
