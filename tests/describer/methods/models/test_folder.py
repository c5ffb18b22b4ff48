"""Folders of models: what they are, and which are refused."""

import json
import shutil
from pathlib import Path

import pytest

from db.errors import BadInput
from describer.methods.models import folder
from describer.methods.models.captions import Captioner


def test_a_model_is_known_by_its_files(models: Path) -> None:
    kinds = {path.name: folder.kind(path) for path in models.iterdir() if path.is_dir()}
    kinds.pop("pipeline", None)
    assert kinds == {
        "blip": "captioner",
        "looker": "captioner",
        "causal": "writer",
        "clip": "likeness",
        "siglip": "likeness",
    }


def test_weights_that_could_run_code_are_refused(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "blip", tmp_path / "blip")
    (tmp_path / "blip" / "model.safetensors").rename(tmp_path / "blip" / "pytorch_model.bin")
    with pytest.raises(BadInput, match=r"only pytorch_model.bin, which could run code"):
        folder.locate("blip", tmp_path)


def test_code_of_a_model_is_not_run(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "blip", tmp_path / "odd")
    config = json.loads((tmp_path / "odd" / "config.json").read_text())
    config |= {"model_type": "odd", "auto_map": {"AutoConfig": "odd.Odd"}}
    (tmp_path / "odd" / "config.json").write_text(json.dumps(config))
    (tmp_path / "odd" / "odd.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(BadInput):
        Captioner.open("odd", tmp_path, device="cpu")
    assert not (tmp_path / "ran").exists()


def test_a_broken_model_is_named(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "blip", tmp_path / "broken")
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"can be loaded in .*broken"):
        Captioner.open("broken", tmp_path, device="cpu")


def test_a_hash_follows_the_contents(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "blip", tmp_path / "copy")
    first = folder.identity(models / "blip", "blip")
    assert folder.identity(tmp_path / "copy", "blip") == first
    with (tmp_path / "copy" / "config.json").open("a") as file:
        file.write(" ")
    assert folder.identity(tmp_path / "copy", "blip") != first


@pytest.mark.parametrize("name", ["", "..", "../x", "/etc", "a/b/c", "a/../b", ".hidden"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="expected the name of a model's folder"):
        folder.locate(name, tmp_path)


def test_the_licence_is_that_of_the_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\ntags: [a]\nlicense: bsd-3-clause\n---\nlicense: x\n")
    assert folder.licence(tmp_path) == "bsd-3-clause"
    assert folder.licence(tmp_path / "nobody") == ""


def test_a_model_of_the_local_cache_is_found_and_nothing_is_fetched(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BadInput, match="found none"):
        folder.locate("owner/blip", None)
    cached = tmp_path / "models--owner--blip"
    shutil.copytree(models / "blip", cached / "snapshots" / "0123")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("0123")
    assert folder.locate("owner/blip", None) == cached / "snapshots" / "0123"
    assert Captioner.open("owner/blip", None, device="cpu").identity["name"] == "owner/blip"
