"""NetDissect: counts against a loop over pixels, planted concepts, parts that add up."""

import numpy as np
import pytest

from db.errors import BadInput
from describer.methods.overlap.netdissect import Overlaps, strongest

CATEGORIES = ("object", "color", "object", "part", "color", "color")


def images(count: int, units: int, seed: int = 0):
    generator = np.random.default_rng(seed)
    for _ in range(count):
        present = np.sort(generator.permutation(len(CATEGORIES))[: generator.integers(0, 5)])
        yield (
            generator.random((units, 9, 7)) > 0.7,
            present,
            generator.random((len(present), 9, 7)) > 0.6,
        )


def brute_force(units: int, seen: list, *, whole: bool) -> np.ndarray:
    """The definition, pixel by pixel."""
    found = np.zeros((units, len(CATEGORIES)))
    for unit in range(units):
        for concept, category in enumerate(CATEGORIES):
            common = own = size = 0
            for masks, present, labels in seen:
                mask = masks[unit]
                same = [
                    labels[place]
                    for place, one in enumerate(present)
                    if CATEGORIES[one] == category
                ]
                if whole or any((mask & label).any() for label in same):
                    own += int(mask.sum())
                for place, one in enumerate(present):
                    if one == concept:
                        common += int((mask & labels[place]).sum())
                        size += int(labels[place].sum())
            found[unit, concept] = common / max(own + size - common, 1)
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_overlaps_equal_a_loop_over_pixels(whole: bool) -> None:
    seen = list(images(12, 50))
    overlaps = Overlaps(50, CATEGORIES)
    for masks, present, labels in seen:
        overlaps.add(masks, present, labels)
    assert np.allclose(overlaps.iou(whole=whole), brute_force(50, seen, whole=whole), atol=1e-12)


def test_parts_add_up_to_the_whole() -> None:
    seen = list(images(10, 4))
    whole, first, second = (Overlaps(4, CATEGORIES) for _ in range(3))
    for place, one in enumerate(seen):
        whole.add(*one)
        (first if place % 3 else second).add(*one)
    first.merge(second)
    assert np.array_equal(first.iou(), whole.iou())
    with pytest.raises(BadInput, match="the same categories"):
        first.merge(Overlaps(4, CATEGORIES[::-1]))


def test_the_planted_concept_is_named() -> None:
    generator = np.random.default_rng(3)
    overlaps = Overlaps(6, CATEGORIES)
    for _ in range(40):
        labels = generator.random((6, 8, 8)) > 0.7
        noise = generator.random((6, 8, 8)) > 0.95
        overlaps.add(labels ^ noise, np.arange(6), labels)
    named = [int(strongest(row, generator)[0]) for row in overlaps.iou()]
    assert named == list(range(6))


def test_ties_are_drawn_and_a_silent_unit_has_no_concept() -> None:
    iou = np.array([0.5, 0.5, 0.1])
    chosen = [strongest(iou, np.random.default_rng(seed)).tolist() for seed in range(200)]
    assert {tuple(order) for order in chosen} == {(0, 1, 2), (1, 0, 2)}
    assert 70 < sum(order[0] == 0 for order in chosen) < 130
    assert strongest(np.zeros(3), np.random.default_rng(0)).size == 0


def test_shapes_that_do_not_go_together_are_refused() -> None:
    overlaps = Overlaps(2, CATEGORIES)
    with pytest.raises(BadInput, match=r"expected masks \(2, height, width\)"):
        overlaps.add(np.zeros((3, 4, 4), bool), np.array([0]), np.zeros((1, 4, 4), bool))
    with pytest.raises(BadInput, match="of 2 concepts"):
        overlaps.add(np.zeros((2, 4, 4), bool), np.array([0, 1]), np.zeros((1, 4, 4), bool))
