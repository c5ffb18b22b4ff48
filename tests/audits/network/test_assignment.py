"""The table of classes, and warnings about networks that do not fit their images' labels."""

from pathlib import Path

import numpy as np
import pytest

from audits.network.assignment import as_json, table, warnings
from audits.network.evaluation import judged
from audits.network.images import Images
from audits.network.labels import assigned, class_indices, labels_of, numbered
from db.errors import BadInput
from describer.images.probing import open_folder


def folder(root: Path, *names: str, empty: tuple[str, ...] = ()) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "0.png").touch()
    for name in empty:
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("names", "empty", "outputs", "expected"),
    [
        (("ant", "bee"), (), None, [0, 1]),
        (("ant", "bee"), (), 2, [0, 1]),
        (("bee", "cow"), ("ant",), 3, [1, 2]),
        (("bee", "cow"), ("tmp",), 2, [0, 1]),
        (("0", "1", "2", "10"), (), 12, [0, 1, 2, 10]),
        (("1", "2", "10"), (), 3, [0, 1, 2]),
        (("1990", "2000"), (), 2, [0, 1]),
        (("9", "10"), ("8",), 3, [1, 2]),
        (("ant", "bee"), (), 3, "each of the network's 3 outputs.*got 2"),
        (("ant", "bee", "cow"), (), 2, "each of the network's 2 outputs.*got 3"),
        (("bee",), ("ant",), 5, "got 1 .bee., and 1 without images"),
    ],
)
def test_folders_become_outputs_or_are_refused(
    tmp_path: Path,
    names: tuple[str, ...],
    empty: tuple[str, ...],
    outputs: int | None,
    expected: list[int] | str,
) -> None:
    opened = open_folder(folder(tmp_path / "images", *names, empty=empty))
    if isinstance(expected, str):
        with pytest.raises(BadInput, match=expected):
            labels_of(opened, outputs=outputs)
        return
    found = labels_of(opened, outputs=outputs)
    assert found is not None
    by_name = dict(zip((path.partition("/")[0] for path in opened.paths), found, strict=True))
    assert [by_name[name] for name in names] == expected


def test_classes_of_a_table_without_names_are_counted_too() -> None:
    assert numbered(["b", "a"], 2) == [0, 1]
    with pytest.raises(BadInput, match="name the outputs in `classes`"):
        numbered(["a", "b"], 1000)


def test_one_name_in_two_unicode_forms_is_one_class() -> None:
    assert class_indices(["cafe\u0301"], classes=["tea", "caf\u00e9"]) == [1]
    assert class_indices(["caf\u00e9"], classes=["cafe\u0301"]) == [0]


def test_the_table_shows_folders_images_and_outputs(tmp_path: Path) -> None:
    opened = open_folder(folder(tmp_path / "images", "bee", "cow", empty=("ant",)))
    rows = assigned(opened, labels_of(opened, outputs=3))
    assert table(rows) == [
        "folder  images  output  class",
        "bee          1       1",
        "cow          1       2",
        "ant          0       0",
    ]
    named = assigned(opened, labels_of(opened, classes=("cow", "bee")), classes=("cow", "bee"))
    assert [(row["folder"], row["name"]) for row in as_json(named)][:2] == [
        ("cow", "cow"),
        ("bee", "bee"),
    ]
    assert assigned(opened, None) == ()


def judge(predictions: list[int], truth: list[int]) -> list[str]:
    images = Images("test", "x", len(truth), list, np.array(truth))
    return warnings(judged(np.array(predictions, np.int32), images), images)


@pytest.mark.parametrize(
    ("predictions", "truth", "words"),
    [
        ([1, 1, 2, 2, 0, 0], [0, 0, 1, 1, 2, 2], "0.0% of test, and would be on 100.0%"),
        ([0, 0, 10, 2, 2, 3], [0, 0, 2, 10, 10, 3], "is output 10, answered 2"),
        ([3] * 6, [0, 0, 1, 1, 2, 2], "chance.*answers 3 on 6 of 6 images"),
        ([0, 1, 2, 1, 2, 0], [0, 0, 1, 1, 2, 2], ""),
        ([0, 0, 1, 1, 2, 0], [0, 0, 1, 1, 2, 2], ""),
        ([0, 0, 0], [0, 0, 0], ""),
    ],
)
def test_a_network_that_does_not_fit_its_labels_is_warned_of(
    predictions: list[int], truth: list[int], words: str
) -> None:
    import re

    found = judge(predictions, truth)
    assert bool(found) == bool(words)
    assert re.search(words, "".join(found))


def test_agreement_without_labels_is_not_judged() -> None:
    images = Images("test", "x", 2, list)
    before = judged(np.array([0, 1], np.int32), images, unedited=np.array([1, 0], np.int32))
    assert warnings(before, images) == []
