"""The command that lists what can be used, and tries it."""

import shutil
from pathlib import Path

import pytest

import app
from describer.methods.models import inventory
from helpers.endpoints import said, serving


def test_an_empty_workspace_is_told_what_to_get(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["models", "--workspace", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    for kind in ("captioner", "writer", "likeness", "maker"):
        assert f"{kind}:" in listed
    assert "hf download Salesforce/blip-image-captioning-base" in listed
    assert f"--local-dir {tmp_path / 'models' / 'blip-image-captioning-base'}" in listed


def test_what_is_here_is_listed_with_size_and_licence(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "blip", tmp_path / "owner" / "blip")
    (tmp_path / "owner" / "blip" / "README.md").write_text("---\nlicense: mit\n---\n")
    shutil.copytree(models / "clip", tmp_path / "clip")
    (tmp_path / "clip" / "model.safetensors").unlink()
    with serving(lambda _n, _body: said("ready")) as server:
        server.settings(tmp_path)
        listed = list(inventory.lines(tmp_path))
        assert inventory.check("endpoint:writer", tmp_path, device="cpu").endswith("'ready'")
    assert any(line.startswith("  owner/blip  0.1 MB  mit") for line in listed)
    assert any("clip" in line and "NOT USABLE" in line for line in listed)
    assert any(line.startswith("  endpoint:writer  tiny at http://127") for line in listed)


@pytest.mark.parametrize("name", ["blip", "looker", "causal", "clip"])
def test_a_model_is_tried(
    models: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(models / name, tmp_path / "models" / name)
    command = ["models", "check", name, "--device", "cpu", "--workspace", str(tmp_path)]
    assert app.main(command) == 0
    assert capsys.readouterr().out.startswith(f"{name} ")


def test_a_model_that_is_not_there_ends_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["models", "check", "nobody", "--workspace", str(tmp_path)]) == 2
    assert "found none" in capsys.readouterr().err
