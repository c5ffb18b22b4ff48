"""Pooled activations of every image: kept in the same pass, in no hash, also after a stop."""

from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput, Cancelled
from describer.exemplars import layout, pooled, run
from describer.exemplars.records import Settings
from describer.images import probing
from describer.subjects import definition
from helpers.worlds import coloured_images, two_layer_subject

PLAIN = run.Options(settings=Settings(k=5), batch_size=8)
KEPT = run.Options(settings=Settings(k=5), batch_size=8, pooled=True)


@pytest.fixture
def world(tmp_path: Path) -> tuple[definition.Subject, probing.ProbingSet]:
    images = coloured_images(tmp_path / "images")
    (images / "red" / "broken.png").write_text("no image")
    return definition.read(two_layer_subject(tmp_path / "subject")), probing.open_folder(images)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_kept_is_what_the_layers_give(world, tmp_path: Path) -> None:
    source = run.study(*world, tmp_path / "kept", options=KEPT)
    plain = run.study(*world, tmp_path / "plain", options=PLAIN)
    both = files(tmp_path / "kept")
    extra = {f"{layer}/pooled-{how}.npy" for layer in ("early", "late") for how in ("max", "mean")}
    assert {name: both[name] for name in both if name not in extra} == files(tmp_path / "plain")
    assert extra <= both.keys()
    for layer in source.layers:
        found = pooled.read(source, layer, "max")
        assert found is not None
        assert found.dtype == np.float16
        each = source.exemplars(layer)
        for unit in range(source.units(layer)):
            assert np.allclose(found[each.ids[unit], unit], each.activations[unit], rtol=1e-3)
        missing = np.isnan(found).all(axis=1)
        assert missing.sum() == 1
        assert world[1].paths[int(np.flatnonzero(missing)[0])] == "red/broken.png"
        mean = pooled.read(source, layer, "mean")
        assert mean is not None
        assert (mean[~missing] <= found[~missing]).all()
    assert pooled.read(plain, "early", "max") is None
    with pytest.raises(BadInput, match="max or mean"):
        pooled.read(plain, "early", "median")


@pytest.mark.parametrize("batches", [1, 3])
def test_a_stopped_pass_ends_with_the_same_bytes(world, tmp_path: Path, batches: int) -> None:
    run.study(*world, tmp_path / "whole", options=KEPT)
    asked = iter(range(99))
    with pytest.raises(Cancelled):
        run.study(*world, tmp_path / "cut", options=KEPT, cancelled=lambda: next(asked) >= batches)
    run.study(*world, tmp_path / "cut", options=KEPT)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


def test_a_folder_without_gets_them_when_they_are_asked_for(world, tmp_path: Path) -> None:
    run.study(*world, tmp_path / "whole", options=KEPT)
    run.study(*world, tmp_path / "later", options=PLAIN)
    run.study(*world, tmp_path / "later", options=KEPT)
    assert files(tmp_path / "later") == files(tmp_path / "whole")
    assert isinstance(layout.read(tmp_path / "later"), layout.ExemplarFolder)
