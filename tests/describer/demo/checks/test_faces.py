"""Face units are chosen by the truth and drawn with their masks, whatever is said of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from describer.demo import units
from describer.demo.checks import faces
from describer.demo.checks.case import Case
from describer.demo.sentences import milan
from describer.demo.training import curriculum, recipes
from describer.demo.units import Source
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Profile

SENTENCES = ("People", "hair of people", "blue skies")


def profile(face: float, *attributes: str) -> Profile:
    shares = np.zeros(len(NAMES))
    shares[NAMES.index("hair")] = face
    return Profile(None, (), None, False, shares, 1, attributes)


@pytest.fixture(scope="module")
def source() -> Source:
    gallery = milan.gallery(("small", 30))
    model = curriculum.build(recipes.subject("people-sharp")).eval()
    return Source.of(units.examine(model, gallery, ["conv1"]), gallery)


@pytest.fixture(scope="module")
def case(source: Source) -> Case:
    recipe = recipes.subject("people-sharp")
    names = (("conv1", 0), ("conv1", 1), ("conv1", 2))
    return Case(
        recipe,
        curriculum.build(recipe).eval(),
        names,
        (profile(0.3, "hair"), profile(0.6, "hair", "beard"), profile(0.0)),
        (("a", "b", "c"),) * 3,
        {"MILAN": SENTENCES},
        np.zeros((1, 3)),
        faces.strips(source, names[:2]),
    )


def test_attributes_by_the_truth_choose_the_units_and_sentences_sort_them(case: Case) -> None:
    found = faces.attribute_units(case)
    assert [each.unit for each in found] == [("conv1", 1), ("conv1", 0)]
    assert [each.told for each in found] == [True, False]


def test_the_table_counts_named_true_and_told_units(case: Case) -> None:
    ((network, named, true, both, with_attribute, told, which),) = faces.table([case]).rows
    assert network == "people-sharp"
    assert (named, true, both, with_attribute, told) == ("1", "1", "1", "2", "1")
    assert "conv1-0 (hair) “People”" in which


def test_exemplars_are_dimmed_outside_the_masks(source: Source) -> None:
    (strip,) = faces.strips(source, [("conv1", 0)]).values()
    assert strip.height == faces.STRIP.tile
    assert strip.width > 9 * faces.STRIP.tile
    first = strip.crop((0, 0, faces.STRIP.tile, faces.STRIP.tile))
    picture = source.image(int(source.exemplars("conv1").ids[0, 0])).transpose(1, 2, 0)
    whole = Image.fromarray(np.ascontiguousarray(picture)).resize(first.size)
    assert np.asarray(first).mean() < 0.8 * np.asarray(whole).mean()


def test_the_sheet_has_a_row_for_each_unit(case: Case, tmp_path: Path) -> None:
    path = faces.write([case], tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "faces.png"
    two = Image.open(path)
    assert two.height > 2 * faces.STRIP.tile
    shown = {tuple(color) for color in np.asarray(two.convert("RGB"))[:, 300:].reshape(-1, 3)}
    assert len(shown) > 20
    one = replace(case, profiles=(case.profiles[0], case.profiles[2], case.profiles[2]))
    assert Image.open(faces.write([one], tmp_path)).height < two.height


def test_networks_without_such_units_are_drawn_as_having_none(case: Case, tmp_path: Path) -> None:
    none = replace(case, profiles=(profile(0.0),) * 3)
    drawn = np.asarray(Image.open(faces.write([none], tmp_path)).convert("L"))
    assert drawn.min() < 128  # the sentence that says so
