"""Labels come from folders, from a table in or beside the folder, or are not known."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from audits.network.assignment import warnings
from audits.network.evaluation import judged
from audits.network.images import Images
from audits.network.label_table import read_labels
from audits.network.labels import (
    assigned,
    class_indices,
    correct,
    labels_of,
    one_each,
    read_class_table,
    several_note,
)
from db.errors import BadInput
from describer.images.probing import ProbingSet, open_folder

NAMES = ("0.png", "1.png", "2.png")


@pytest.fixture
def flat(tmp_path: Path) -> ProbingSet:
    """Three images without folders; what is in them does not matter here."""
    (tmp_path / "photos").mkdir()
    for name in NAMES:
        (tmp_path / "photos" / name).write_bytes(b"")
    return open_folder(tmp_path / "photos")


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    for path in ("cat/a.png", "dog/b.png"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_bytes(b"")
    found = labels_of(open_folder(tmp_path), classes=("dog", "cow", "cat"))
    assert found is not None
    assert found.tolist() == [2, 0]


@pytest.mark.parametrize("place", ["photos/labels.csv", "photos.csv"])
def test_a_table_in_or_beside_a_flat_folder_labels_it(
    flat: ProbingSet, tmp_path: Path, place: str
) -> None:
    assert labels_of(flat, classes=("cat", "dog")) is None
    (tmp_path / place).write_text("path,class\n0.png,dog\n1.png,cat\n2.png,dog\n")
    found = labels_of(flat, classes=("cat", "dog"))
    assert found is not None
    assert found.tolist() == [1, 0, 1]


def test_numbers_are_outputs_where_the_network_names_none(flat: ProbingSet) -> None:
    found = labels_of(flat, labels={"0.png": "7", "1.png": "0", "2.png": "10"})
    assert found is not None
    assert found.tolist() == [7, 0, 10]


def test_a_given_table_goes_before_the_folders(flat: ProbingSet) -> None:
    found = labels_of(flat, labels=dict.fromkeys(NAMES, "x"), table={"x": 4})
    assert found is not None
    assert found.tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"0.png": "cat"}, r"for each of the 3 images of .*none for 2 of them, first '1\.png'"),
        (dict.fromkeys(NAMES, "cta"), "network's 2 classes, got 'cta'; nearest: cat"),
    ],
)
def test_tables_that_do_not_fit_are_refused(flat: ProbingSet, labels, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        labels_of(flat, classes=("cat", "dog"), labels=labels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("where,what\na,b\n", "expected the columns path and class in the table, got where, what"),
        ("", "expected the columns path and class in the table, got none"),
        (
            "path,class\na.png,cat|\n",
            "a path and its class in the table, got 'a.png': 'cat.*line 2",
        ),
        ("path,class\na.png,\n", "a path and its class in the table, got 'a.png': '' in line 2"),
        ('path,class\n"a', "expected a CSV table, got the table: the quotes of the row .* line 2"),
    ],
)
def test_texts_that_are_no_table_are_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read_labels(text)


def test_tables_are_read_with_other_columns_and_a_mark_of_their_encoding(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("\ufeffclass,path,who\ncat, a.png ,ann\n", encoding="utf-8")
    assert read_labels(tmp_path / "l.csv") == {"a.png": "cat"}
    with pytest.raises(BadInput, match=r"expected a CSV table at .*missing.csv, got no such"):
        read_labels(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("content", "understood"),
    [
        (f"path;class\n./{NAMES[0]};cat\n", "Understood: cells separated by semicolons."),
        (
            f" Filename , LABEL \n.\\{NAMES[0]},cat\n",
            "Understood: column `Filename` read as path; column `LABEL` read as class.",
        ),
        (f"path,class\n{NAMES[0]},\"['cat']\"\n,\n", "Understood: 1 empty line left out."),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_labels_are_understood_however_a_table_spells_them(
    tmp_path: Path, content: str, understood: str, encoding: str
) -> None:
    (tmp_path / "l.csv").write_text(content, encoding=encoding)
    found = read_labels(tmp_path / "l.csv")
    assert found == {NAMES[0]: "cat"}
    said = "Understood: UTF-16 text; " if encoding == "utf-16" else "Understood: "
    assert found.understood == understood.replace("Understood: ", said)


def test_names_are_compared_in_one_unicode_form(tmp_path: Path) -> None:
    names = [unicodedata.normalize("NFD", "é.png"), "b.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    labels = read_labels("path,class\né.png,dog\nb.png,cat\n")
    found = labels_of(open_folder(tmp_path), classes=("cat", "dog"), labels=labels)
    assert found is not None
    assert dict(zip(open_folder(tmp_path).paths, found.tolist(), strict=True)) == {
        names[0]: 1,
        "b.png": 0,
    }


@pytest.mark.parametrize(
    "cell",
    [
        "cat|dog",
        "\"['cat', 'dog']\"",
        '"[""cat"", ""dog""]"',
        "cat\n0.png,dog",
        "cat;dog",
        '"dog, cat"',
    ],
)
def test_an_image_may_have_several_classes(flat: ProbingSet, cell: str) -> None:
    rows = "".join(f"{path},dog\n" for path in flat.paths[1:])
    labels = read_labels(f"path,class\n{flat.paths[0]},{cell}\n{rows}")
    found = labels_of(flat, classes=("owl", "cat", "dog", "cat, owl"), labels=labels)
    assert found is not None
    assert sorted(found[0].tolist()) == [1, 2]
    assert found[1:].tolist() == [[2, -1]] * (len(flat) - 1)
    assert correct(np.array([1, 2, 1]), found).tolist() == [True, True, False]
    assert several_note(found)[0].startswith("1 of 3 images have several classes, up to 2: a pred")
    with pytest.raises(BadInput, match="one class for each image to train on, got 2"):
        one_each(found, purpose="to train on")
    rows_of = {row.name: row.images for row in assigned(flat, found, classes=("owl", "cat", "dog"))}
    assert rows_of == {"cat": 1, "dog": 3}


def test_a_name_with_a_comma_in_it_is_one_class(flat: ProbingSet) -> None:
    labels = dict.fromkeys(flat.paths, "cat, owl")
    found = labels_of(flat, classes=("owl", "cat", "dog", "cat, owl"), labels=labels)
    assert found is not None
    assert found.tolist() == [3, 3, 3]
    assert several_note(found) == ()


def test_an_accuracy_over_images_of_several_classes() -> None:
    truth = np.array([[0, 1], [1, -1], [2, 0], [2, -1]])
    images = Images("test", "d", 4, list, truth, ("a", "b", "c"))
    found = judged(np.array([1, 0, 1, 2], dtype=np.int32), images)
    assert (found.measure, found.accuracy) == ("accuracy", 0.5)
    assert found.by_class == {"a": 0.5, "b": 0.5, "c": 0.5}
    assert found.images_by_class == {"a": 2, "b": 2, "c": 2}
    (said,) = warnings(judged(np.array([2, 2, 1, 1], dtype=np.int32), images), images)
    assert "which is chance (50.0% for 3 classes) or less" in said


def test_a_missing_image_names_the_one_of_the_table_that_is_most_like_it(flat: ProbingSet) -> None:
    labels = read_labels(f"path,class\nimages/{NAMES[0].upper()},cat\n")
    with pytest.raises(BadInput, match=f"it has 'images/{NAMES[0].upper()}'"):
        labels_of(flat, classes=("cat", "dog"), labels=labels)


def test_a_name_of_several_outputs_has_to_say_which() -> None:
    classes = ("crane", "dog", "crane")
    with pytest.raises(BadInput, match=r"got 'crane', as outputs 0, 2 are called; say crane \(0\)"):
        class_indices(["crane", "dog"], classes=classes)
    assert class_indices(["crane (2)", "dog"], classes=classes) == [2, 1]
    assert class_indices(["crane"], classes=classes, table={"crane": 2}) == [2]


def test_folders_become_outputs() -> None:
    assert class_indices(["a", "b"]) == [0, 1]
    assert class_indices(["cat"], classes=["dog", "cat"]) == [1]
    assert class_indices(["n1_cat"], classes=["dog", "cat"], table={"n1_cat": 7}) == [7]
    with pytest.raises(BadInput, match="network's 2 classes, got 'cats'; nearest: cat"):
        class_indices(["cats"], classes=["dog", "cat"])


@pytest.mark.parametrize("content", ["[1]", '{"a": -1}', '{"a": "b"}', '{"a": true}', "{", "\xff"])
def test_bad_class_tables_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "classes.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(BadInput, match=r"classes\.json"):
        read_class_table(path)


def test_class_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    path.write_text(json.dumps({"n1_cat": 3}))
    assert read_class_table(path) == {"n1_cat": 3}
    with pytest.raises(BadInput, match=r"expected JSON like .*No such file"):
        read_class_table(tmp_path / "missing.json")
