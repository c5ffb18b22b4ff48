"""Sightings: counts of both against masks, and the same again from a file."""

from pathlib import Path

import numpy as np

from describer.methods.overlap.sightings import Kept, Sighting


def sighting(seed: int, concepts: int = 3) -> Sighting:
    generator = np.random.default_rng(seed)
    active = generator.random((5, 30)) > 0.8
    return Sighting.of(active, np.arange(concepts), generator.random((concepts, 30)) > 0.5)


def test_counts_are_those_of_the_masks() -> None:
    one = sighting(0)
    active = np.zeros((5, 30), bool)
    active[one.units, one.pixels] = True
    assert np.array_equal(one.common(5), active.astype(int) @ one.masks.T)
    even = one.pixels % 2 == 0
    assert np.array_equal(one.common(5, even), active[:, ::2].astype(int) @ one.masks.T[::2])


def test_a_file_gives_back_what_was_kept_as_often_as_it_is_read(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "file")
    assert list(kept) == []
    put = [sighting(seed, concepts) for seed, concepts in enumerate([3, 0, 2])]
    for one in put:
        kept.add(one)
    for _ in range(2):
        for one, again in zip(put, kept, strict=True):
            for name in ("units", "pixels", "present", "masks"):
                assert np.array_equal(getattr(one, name), getattr(again, name))
