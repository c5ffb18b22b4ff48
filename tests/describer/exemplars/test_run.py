"""Studying a folder: a killed run goes on, parts merge, folders read back as they were written."""

import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app import ROOT
from db.arrays import ImageStore
from db.errors import BadInput, Cancelled, NotFound
from describer.exemplars import layout, records, run, sharded
from describer.exemplars.published import PublishedFolder
from describer.exemplars.records import Settings
from describer.images import probing
from describer.images.probing import ProbingSet
from describer.subjects import definition
from describer.subjects.definition import Subject
from helpers.worlds import coloured_images, two_layer_subject

SMALL = run.Options(settings=Settings(k=5), batch_size=8)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return definition.read(two_layer_subject(tmp_path / "subject"))


@pytest.fixture
def images(tmp_path: Path) -> ProbingSet:
    root = coloured_images(tmp_path / "images")
    (root / "red" / "broken.png").write_text("no image")
    return probing.open_folder(root)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stop_after(batches: int) -> Callable[[], bool]:
    asked = iter(range(1_000))
    return lambda: next(asked) >= batches


@pytest.mark.parametrize("batches", [0, 1, 3, 5])
def test_a_stopped_run_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, subject: Subject, images: ProbingSet, batches: int
) -> None:
    run.study(subject, images, tmp_path / "whole", options=SMALL)
    with pytest.raises(Cancelled, match=f"stopped after {batches * 8} of 41 images"):
        run.study(
            subject, images, tmp_path / "halved", options=SMALL, cancelled=stop_after(batches)
        )
    seen: list[int] = []
    run.study(
        subject,
        images,
        tmp_path / "halved",
        options=SMALL,
        progress=lambda done, total, message: seen.append(done),
    )
    assert seen[0] == min(batches * 8 + 8, 41)
    assert contents(tmp_path / "halved") == contents(tmp_path / "whole")


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_parts_that_are_merged_equal_one_run(
    tmp_path: Path, subject: Subject, images: ProbingSet, shards: int
) -> None:
    whole = run.study(subject, images, tmp_path / "whole", options=SMALL)
    parts = [
        sharded.study_span(subject, images, span, options=SMALL)
        for span in sharded.spans(len(images), shards, SMALL.batch_size)
    ]
    prepared = run.prepare(subject, images, SMALL)
    states, skipped = sharded.merged(prepared, parts[::-1])
    store = ImageStore(tmp_path / "merged" / records.IMAGES)
    run.finish(prepared, states, skipped, tmp_path / "merged", store=store)
    assert contents(tmp_path / "merged") == contents(tmp_path / "whole")
    assert len(parts) == shards
    assert whole.skipped[0].path == "red/broken.png"


def test_a_ray_cluster_gives_the_bytes_of_one_run(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    pytest.importorskip("ray")
    run.study(subject, images, tmp_path / "whole", options=SMALL)
    options = ("--k", "5", "--batch-size", "8", "--engine", "ray", "--out", tmp_path / "ray")
    result = subprocess.run(
        [sys.executable, ROOT / "app.py", "exemplars", subject.source, images.root, *options],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert "1 images skipped, the first: red/broken.png" in result.stdout
    assert contents(tmp_path / "ray") == contents(tmp_path / "whole")


def test_what_is_there_is_opened_and_other_exemplars_are_not_overwritten(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    first = run.study(subject, images, tmp_path / "out", options=SMALL)
    before = contents(tmp_path / "out")
    again = run.study(subject, images, tmp_path / "out", options=SMALL, cancelled=lambda: True)
    assert again.hash("late") == first.hash("late")
    with pytest.raises(BadInput, match="expected a new folder for these exemplars"):
        run.study(subject, images, tmp_path / "out", options=run.Options())
    assert contents(tmp_path / "out") == before


def test_the_hash_follows_all_that_exemplars_depend_on(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    from dataclasses import replace

    def hashed(subject: Subject = subject, **settings: object) -> str:
        options = run.Options(settings=Settings(**{"k": 5, **settings}))  # type: ignore[arg-type]
        return run.prepare(subject, images, options).hashes["late"]

    different = {
        hashed(),
        hashed(k=6),
        hashed(quantile=0.98),
        hashed(pooling="mean"),
        hashed(replace(subject, kwargs={"width": 7})),
        hashed(replace(subject, mean=(0.4, 0.5, 0.5))),
        hashed(replace(subject, resize_size=40)),
    }
    assert len(different) == 7
    assert hashed() in different


def test_a_folder_reads_back_what_was_computed(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    prepared = run.prepare(subject, images, SMALL)
    states, _ = run.run(prepared, None, batch_size=8, device="cpu")
    run.study(subject, images, tmp_path / "out", options=SMALL)
    source = layout.read(tmp_path / "out")
    assert source.layers == ["early", "late"]
    for layer in source.layers:
        expected, found = states[layer].exemplars(), source.exemplars(layer)
        for name in ("ids", "activations", "maps", "levels", "dead", "nan_counts"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    unit = source.unit("late", 3)
    assert unit.images.shape == (5, 3, 32, 32)
    assert unit.masks.shape == (5, 1, 32, 32)
    np.testing.assert_array_equal(unit.masks[2, 0], source.mask("late", 3, 2))
    np.testing.assert_array_equal(unit.images[2], source.image(int(unit.ids[2])))


def test_the_published_layout_shows_the_same_units(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    from dataclasses import replace

    run.study(subject, images, tmp_path / "out", options=replace(SMALL, publish=True))
    ours = layout.read(tmp_path / "out")
    masks = np.load(tmp_path / "out" / "late" / "masks.npy")
    assert (masks.dtype, masks.shape) == (np.uint8, (8, 5, 1, 32, 32))
    expected = [ours.unit("late", unit) for unit in range(8)]
    (tmp_path / "out" / "exemplars.json").unlink()
    theirs = layout.read(tmp_path / "out")
    assert isinstance(theirs, PublishedFolder)
    for unit in range(8):
        for name in ("ids", "activations", "images", "masks"):
            np.testing.assert_array_equal(
                getattr(theirs.unit("late", unit), name), getattr(expected[unit], name)
            )
    (tmp_path / "out" / "late" / "ids.csv").unlink()
    bare = layout.read(tmp_path / "out")
    ids = bare.exemplars("late").ids
    assert len(np.unique(ids)) == ids.size
    np.testing.assert_array_equal(bare.image(int(ids[3, 1])), expected[3].images[1])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (run.Options(layers=("lat",)), "got 'lat'; nearest: late"),
        (run.Options(settings=Settings(k=42)), "number of images, 41, got k = 42"),
    ],
)
def test_bad_options_change_nothing(
    tmp_path: Path, subject: Subject, images: ProbingSet, options: run.Options, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        run.study(subject, images, tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_images_that_all_cannot_be_read_are_one_sentence(tmp_path: Path, subject: Subject) -> None:
    (tmp_path / "images").mkdir()
    for name in "abcde":
        (tmp_path / "images" / f"{name}.png").write_text("no image")
    with pytest.raises(BadInput, match=r"expected images that can be read.*a.png cannot be read"):
        run.study(
            subject, probing.open_folder(tmp_path / "images"), tmp_path / "out", options=SMALL
        )


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("exemplars.json", "{", "expected a description of exemplars"),
        ("exemplars.json", '{"format": "other"}', "got another format"),
        ("late/ids.csv", "1,2\n", "expected ids of shape"),
        ("late/activations.csv", "a,b\n", "expected a table of numbers"),
    ],
)
def test_a_damaged_folder_is_one_sentence(
    tmp_path: Path, subject: Subject, images: ProbingSet, file: str, content: str, sentence: str
) -> None:
    run.study(subject, images, tmp_path / "out", options=SMALL)
    (tmp_path / "out" / file).write_text(content)
    with pytest.raises(BadInput, match=sentence):
        layout.read(tmp_path / "out").exemplars("late")


def test_what_a_folder_does_not_hold_is_named(
    tmp_path: Path, subject: Subject, images: ProbingSet
) -> None:
    with pytest.raises(BadInput, match=r"expected exemplars \(exemplars.json"):
        layout.read(tmp_path / "none")
    source = run.study(subject, images, tmp_path / "out", options=SMALL)
    with pytest.raises(BadInput, match=r"\(early, late\), got 'layer9'"):
        source.exemplars("layer9")
    with pytest.raises(BadInput, match=r"expected a unit of late \(0 to 7\), got 8"):
        source.unit("late", 8)
    with pytest.raises(NotFound, match="got 40000"):
        source.image(40_000)


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "..", "-x", records.IMAGES, "a:relu"])
def test_a_layer_never_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    folder = records.folder_of(tmp_path, name)
    assert folder.parent == tmp_path
    assert set(folder.name) <= {*string.ascii_letters, *string.digits, *"_%.#-"}
    assert folder.name not in (name, records.IMAGES)
    assert folder.name[0] not in ".-"


def test_names_of_letters_digits_and_points_are_those_of_their_folders(tmp_path: Path) -> None:
    for name in ("conv1", "layer1.0.relu", "layer1.0.relu#1", "blocks_2.mlp-1"):
        assert records.folder_of(tmp_path, name) == tmp_path / name
