"""Pictures of a text by a tiny random pipeline."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from describer.methods.models.pictures import Maker


def test_a_picture_follows_from_its_text_and_seed(models_that_draw: Path) -> None:
    maker = Maker.open("pipeline", models_that_draw, device="cpu", steps=2)
    many = maker.make("a red door", list(range(7)))
    assert len(many) == 7
    assert many[0].shape == (3, 16, 16)
    assert many[0].dtype == np.uint8
    again = maker.make("a red door", list(range(7)))
    np.testing.assert_array_equal(np.stack(many), np.stack(again))
    assert (many[0] != many[1]).any()
    assert (maker.make("a dog", [0])[0] != many[0]).any()


def test_another_model_is_refused(models_that_draw: Path) -> None:
    with pytest.raises(BadInput, match="expected a model that makes pictures"):
        Maker.open("blip", models_that_draw, device="cpu")


@pytest.mark.parametrize("name", [["evil", "Evil"], "Evil"])
def test_code_of_a_pipeline_is_not_run(
    models_that_draw: Path, tmp_path: Path, name: str | list[str]
) -> None:
    shutil.copytree(models_that_draw / "pipeline", tmp_path / "evil")
    index = tmp_path / "evil" / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "_class_name": name}))
    if name == "Evil":
        (tmp_path / "evil" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(BadInput, match="got one with code of its own"):
        Maker.open("evil", tmp_path, device="cpu")
    assert not (tmp_path / "ran").exists()
