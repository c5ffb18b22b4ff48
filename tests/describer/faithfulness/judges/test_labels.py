"""Labels as judges: concept sets, and the demo's truth pixel by pixel, say what holds where."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from db.jobs import Watch
from describer.demo import shipped
from describer.demo.world import albums, scene
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Atlas
from describer.faithfulness.judges import labels
from describer.images import probing
from describer.methods.concepts import opening
from describer.methods.concepts.opening import open_set
from describer.subjects import definition
from helpers import planted


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    return planted.world(tmp_path_factory.mktemp("planted"), count=8)


def test_a_concept_set_says_on_which_share_of_an_image_a_sentence_holds(
    world: tuple[Path, Path, Path],
) -> None:
    subject, images = definition.read(world[0]), probing.open_folder(world[1])
    concepts = open_set("segmentation", str(world[2]))
    texts = [
        "paint 3",
        "Paint 3 or paint 4 on a wall",
        "(paint 3 OR paint 4) AND NOT paint 3",
        "sky",
    ]
    with labels.labelled(images, subject, concepts, "paints", Watch()) as judge:
        held = judge.hold(texts, Watch())
        assert judge.rule == "where it holds on at least 0.1% of the image"
    from PIL import Image

    maps = [np.asarray(Image.open(world[2] / "labels" / f"{n:03d}.png")) for n in range(8)]
    for number, own in enumerate(maps):
        three, four = (own == 4).mean(), (own == 5).mean()
        assert held.degree[number] == pytest.approx([three, three + four, four, 0.0])
    assert (held.holds == (held.degree > 0)).all()
    assert held.known.tolist() == [True, True, True, False]


def test_a_text_means_the_same_whatever_is_asked_beside_it(world: tuple[Path, Path, Path]) -> None:
    subject, images = definition.read(world[0]), probing.open_folder(world[1])
    concepts = open_set("segmentation", str(world[2]))
    with labels.labelled(images, subject, concepts, "paints", Watch()) as judge:
        alone = judge.hold(["paint 3"], Watch()).degree[:, 0]
        beside = judge.hold(["paint 1 and paint 2", "paint 3"], Watch()).degree[:, 1]
    assert (alone == beside).all()


def test_the_demos_truth_is_that_of_its_pixels(tmp_path: Path) -> None:
    root = tmp_path / albums.PROBE.name
    albums._draw_some(root, albums.PROBE, range(12))
    images = probing.open_folder(root)
    subject = definition.read(shipped.SUBJECTS / "signs.toml")
    numbers = [int(Path(path).stem) for path in images.paths]
    atlas = Atlas.of(scene.render_many("probe", numbers, variant="probe"))
    concepts = opening.open_set("demo", albums.PROBE.name)
    with labels.labelled(images, subject, concepts, labels.TRUTH, Watch()) as judge:
        held = judge.hold(["Tires of automobiles", "green things"], Watch())
    for row in range(12):
        wheel, car, green = atlas.masks(row, ["wheel", "car", "green"])
        expected = [(wheel & car).mean(), green.mean()]
        assert held.degree[row] == pytest.approx([x if x >= 1 / 1024 else 0 for x in expected])
    assert "wheel" in NAMES


def test_a_set_that_knows_no_image_is_said(world: tuple[Path, Path, Path], tmp_path: Path) -> None:
    subject, images = definition.read(world[0]), probing.open_folder(world[1])
    (tmp_path / "labels").mkdir()
    (tmp_path / "names.txt").write_text("\ndog\n")
    from PIL import Image

    Image.new("L", (8, 8)).save(tmp_path / "labels" / "other.png")
    concepts = open_set("segmentation", str(tmp_path))
    with (
        pytest.raises(BadInput, match="expected dogs to know images of"),
        labels.labelled(images, subject, concepts, "dogs", Watch()),
    ):
        pass


def test_colours_beside_labels_are_of_the_images_that_the_labels_know(
    world: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    subject, images = definition.read(world[0]), probing.open_folder(world[1])
    shutil.copytree(world[2], tmp_path / "concepts")
    for number in (2, 5):
        (tmp_path / "concepts" / "labels" / f"{number:03d}.png").unlink()
    both = labels.WithColours(
        open_set("segmentation", str(tmp_path / "concepts")), open_set("colours", "")
    )
    with labels.labelled(images, subject, both, "both", Watch()) as judge:
        held = judge.hold(["paint 3", "grey"], Watch())
    assert np.flatnonzero(~held.judged).tolist() == [2, 5]
    assert (held.degree[held.judged, 1] > 0.2).all()
    assert held.part(np.array([2, 3])).judged.tolist() == [False, True]


def test_names_are_found_in_any_form_and_the_longest_first() -> None:
    find = labels.named(["dog", "hot dog", "traffic_light", "person", "tv-monitor"])
    assert find("two Hot Dogs") == {"hot dog"}
    assert find("dogs near traffic lights") == {"dog", "traffic_light"}
    assert find("a tv monitor") == {"tv-monitor"}
    assert find("nothing of it") == frozenset()
