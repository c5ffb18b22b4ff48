"""Looking at images: masks as the exemplars have them, concepts in the frame of the network."""

from pathlib import Path

import numpy as np
import pytest

from db.describe import masks
from db.errors import BadInput
from db.jobs import Watch
from describer.exemplars import run
from describer.exemplars.records import Settings
from describer.images import probing
from describer.methods.concepts import segmentation
from describer.methods.overlap import looking
from describer.methods.study import Study
from describer.subjects import definition
from helpers import concepts, planted


@pytest.fixture
def study(tmp_path: Path) -> Study:
    subject, images, _ = planted.world(tmp_path, count=6)
    opened = definition.read(subject), probing.open_folder(images)
    settings = Settings(k=6, quantile=0.995)
    source = run.study(*opened, tmp_path / "exemplars", options=run.Options(settings=settings))
    return Study(source, *opened)


@pytest.mark.parametrize("quantile", [0.995, 0.998])
def test_units_are_active_where_their_masks_are(
    study: Study, tmp_path: Path, quantile: float
) -> None:
    known = segmentation.read(tmp_path / "concepts")
    with looking.look(study, "near", [4, 1], known, quantile=quantile, watch=Watch()) as seen:
        found = list(seen)
    assert len(found) == 6
    share = np.array([np.bincount(one.units, minlength=2) for one in found]).sum() / (2 * 6 * 64**2)
    # Values of eight bits tie at the level, and what ties with it is not above.
    assert 0.85 * (1 - quantile) < share <= 1 - quantile
    if quantile == 0.995:
        for place, unit in enumerate([4, 1]):
            for rank, image_id in enumerate(study.source.exemplars("near").ids[unit]):
                one = found[image_id]
                mask = study.source.mask("near", unit, rank).reshape(-1)
                active = np.zeros_like(mask)
                active[one.pixels[one.units == place]] = True
                # Exemplars keep their maps in half precision.
                maps = study.source.exemplars("near")
                value = maps.maps[unit, rank].astype(np.float32).reshape(-1)
                clear = np.abs(value - maps.levels[unit]) > 1e-3
                assert np.array_equal(mask[clear], active[clear])
                assert clear.mean() > 0.99


def test_concepts_are_cut_as_their_pictures_are(study: Study) -> None:
    from dataclasses import replace

    assert study.subject is not None
    subject = replace(study.subject, image_size=20, resize_size=20)
    seen = looking._fitted(np.stack([concepts.square()] * 4), subject)
    assert seen.shape == (4, 20, 20)
    assert np.array_equal(seen[3], concepts.square()[:, 5:25])


def test_activity_leaves_out_no_pixel_of_the_definition() -> None:
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(40, 5, 5)).astype(np.float32)
    levels = generator.normal(1, 1, size=40).astype(np.float32)
    found = looking.active(maps, levels, (16, 16), whole=False)
    assert np.array_equal(found, masks.mask(maps, levels, 16).reshape(40, -1))
    vectors = looking.active(maps[:, :1, :1], levels, (4, 4), whole=True)
    assert np.array_equal(vectors.all(axis=1), maps[:, 0, 0] > levels)
    assert np.array_equal(vectors.any(axis=1), vectors.all(axis=1))


def test_concepts_of_other_images_are_refused(study: Study, tmp_path: Path) -> None:
    known = concepts.segmentation(tmp_path / "others")
    with (
        pytest.raises(BadInput, match="none that are about any of them"),
        looking.look(study, "near", [0], segmentation.read(known), quantile=0.97, watch=Watch()),
    ):
        pass
    with (
        pytest.raises(BadInput, match="expected the network and the images"),
        looking.look(
            Study(study.source), "near", [0], segmentation.read(known), quantile=0.97, watch=Watch()
        ),
    ):
        pass
