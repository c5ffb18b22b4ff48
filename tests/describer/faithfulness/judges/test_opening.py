"""Which judge is taken: the one that is named, or the best of those that are there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.errors import BadInput
from db.jobs import Watch
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.demo import shipped
from describer.demo.world import albums
from describer.faithfulness.judges import opening
from describer.faithfulness.judges.classes import Classes, lemmas
from describer.faithfulness.judges.opening import Images
from describer.images import probing
from describer.subjects import definition
from helpers.image_text import save
from helpers.worlds import coloured_images, two_layer_subject


@pytest.fixture
def given(tmp_path: Path) -> Images:
    subject = definition.read(two_layer_subject(tmp_path / "subject"))
    return Images(probing.open_folder(coloured_images(tmp_path / "images", count=2)), subject)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return create(tmp_path / "workspace")


def labels_of(folder: Path, image: str) -> Path:
    """A set of one concept that is all over one image."""
    (folder / "labels" / image).parent.mkdir(parents=True)
    (folder / "names.txt").write_text("\npatch\n")
    Image.new("L", (32, 32), 1).save(folder / "labels" / f"{image}.png")
    return folder


def name_of(word: str, given: Images, workspace: Workspace | None = None) -> str:
    if workspace is None:
        with opening.opened(word, given, Watch()) as judge:
            return judge.name if judge else ""
    with open_database(workspace) as db, opening.opened(word, given, Watch(), db=db) as judge:
        return judge.name if judge else ""


def test_the_best_that_is_there_is_taken(
    given: Images, workspace: Workspace, tmp_path: Path
) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed")
    assert "classes" in name_of("", given, workspace)
    flat = replace(given, probing=replace(given.probing, labels=None, classes=()))
    assert name_of("", flat, workspace) == ""
    # Colours alone are no judge, and labels of other images know nothing of these.
    with open_database(workspace) as db:
        workspace_files.enter_concepts(db, "colours")
        workspace_files.enter_concepts(
            db, str(labels_of(tmp_path / "others", "elsewhere/9")), form="segmentation"
        )
        before = opening.identity("", given, db)
    assert "classes" in name_of("", given, workspace)
    with_model = replace(given, models=tmp_path / "models")
    save(tmp_path / "models" / "clip", "clip")
    assert "image-text model" in name_of("", with_model, workspace)
    with open_database(workspace) as db:
        workspace_files.enter_concepts(
            db, str(labels_of(tmp_path / "patches", "red/000")), form="segmentation"
        )
        # What the choice depends on changed, so that a finished layer is scored again.
        assert before != opening.identity("", given, db) != opening.identity("", with_model, db)
    assert name_of("", with_model, workspace) == "the concepts of others, patches, colours"


def test_the_demos_images_are_known_by_their_pixels(tmp_path: Path) -> None:
    root = tmp_path / albums.PROBE.name
    albums._draw_some(root, albums.PROBE, range(4))
    subject = definition.read(shipped.SUBJECTS / "signs.toml")
    given = Images(probing.open_folder(root), subject)
    assert name_of("", given) == name_of("demo", given) == "the demo world's truth"
    # A folder that only has the name holds other pictures.
    other = coloured_images(tmp_path / "other" / albums.PROBE.name, count=2)
    assert "classes" in name_of("", Images(probing.open_folder(other), subject))


def test_a_judge_can_be_named_or_left_out(given: Images, tmp_path: Path) -> None:
    assert name_of("none", given) == ""
    assert name_of("colours", given) == "the concepts of colours"
    assert "classes" in name_of("classes", given)
    flat = replace(given, probing=replace(given.probing, labels=None, classes=()))
    with pytest.raises(BadInput, match="folders of classes"):
        name_of("classes", flat)
    concepts = labels_of(tmp_path / "others", "elsewhere/9")
    with pytest.raises(BadInput, match="got none that it does"):
        name_of(f"segmentation:{concepts}", given)
    with pytest.raises(BadInput, match="--subject"):
        name_of("colours", replace(given, subject=None))


def test_seeds_have_no_judge_unless_one_is_named() -> None:
    assert name_of("", Images(probing.open_folder(Path("seeds:4")))) == ""


def test_class_names_are_compared_as_words() -> None:
    judge = Classes(("red_car", "dog"), np.array([0, 0, 1]), lemmas, "lemmas")
    held = judge.hold(["red cars", "a car", "something"], Watch())
    assert held.degree[:, 0] == pytest.approx([1, 1, 0])
    assert held.degree[:, 1] == pytest.approx([0.5**0.5, 0.5**0.5, 0])
    assert held.holds[:, 1].tolist() == [True, True, False]
    assert held.known.tolist() == [True, True, False]
