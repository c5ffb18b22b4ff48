"""The dataset folder loads with Hugging Face `datasets`: a row a unit, or an answer."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from sqlite_utils import Database

from annotator.corpus import cleaning
from annotator.exchange import dataset, exports, imports, write
from annotator.exchange.exports import Pictures
from db.annotate import transfers
from db.errors import BadInput, NotFound

SECRET = b"0" * 32
HEAD = {"pretty_name": "Toy: spring", "license": "cc-by-4.0", "language": ["en"]}


def shown(*, known: int = 3) -> Pictures:
    """Pictures of the first units: red alone on the unit's own number of pixels."""

    def read(subject: str, layer: str, unit: int, hash_: str) -> tuple[np.ndarray, np.ndarray]:
        if unit >= known:
            raise NotFound(f"expected exemplars {hash_}, found none")
        images = np.zeros((15, 3, 8, 8), np.uint8)
        images[:, 0] = 80 * (unit + 1)
        return images, np.ones((15, 1, 8, 8), bool)

    return read


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    return lambda folder: datasets.load_dataset(
        str(folder), split="train", cache_dir=str(tmp_path / "cache")
    )


def card(folder: Path) -> dict[str, object]:
    head, _, _ = (folder / "README.md").read_text("utf-8").partition("\n---\n")
    found = yaml.safe_load(head.removeprefix("---"))
    assert isinstance(found, dict)
    return found


def test_a_row_is_a_unit_with_its_picture_and_sentences(
    filled: Database, tmp_path: Path, load: object
) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    dataset.write(tmp_path / "d", records, shown(), title="Toy: spring", licence="cc-by-4.0")
    rows = list(load(tmp_path / "d"))  # type: ignore[operator]
    said: dict[int, list[tuple[str, str]]] = {}
    for record in exports.counting(records):
        said.setdefault(record.unit, []).append((record.text, record.annotator))
    assert {
        row["unit"]: list(zip(row["sentences"], row["annotators"], strict=True)) for row in rows
    } == said
    for row in rows:
        red, green, _ = row["image"].convert("RGB").getpixel((100, 100))
        assert abs(red - 80 * (row["unit"] + 1)) < 8
        assert green < 8
        assert (row["subject"], row["layer"], row["exemplar_hash"]) == ("toy", "conv1", "toy-conv1")
    assert card(tmp_path / "d").items() >= HEAD.items()


def test_without_pictures_a_row_is_an_answer(
    filled: Database, tmp_path: Path, load: object
) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    kept = exports.counting(records)
    for number, pictures in enumerate((None, shown(known=0))):
        folder = tmp_path / str(number)
        dataset.write(folder, records, pictures, title="Toy")
        assert sorted(path.name for path in folder.iterdir()) == [
            "README.md",
            "answers.jsonl",
            "croissant.json",
        ]
        assert card(folder)["license"] == "unknown"
        found = load(folder)  # type: ignore[operator]
        assert list(found["text"]) == [record.text for record in kept]
        assert imports.read(folder / "answers.jsonl") == kept


def test_units_without_a_picture_are_counted(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    kept = exports.counting(records)
    dataset.write(tmp_path / "d", records, shown(known=1), title="Toy")
    lines = (tmp_path / "d" / "units" / "metadata.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["unit"] for line in lines] == [0]
    missing = len({record.unit for record in kept}) - 1
    text = (tmp_path / "d" / "README.md").read_text("utf-8")
    assert f"{missing} of the units have no picture" in text
    assert imports.read(tmp_path / "d" / "answers.jsonl") == kept


@pytest.mark.parametrize("licence", ["free: yes", "", "CC BY", "a\nconfigs: []", "x" * 41])
def test_a_licence_is_one_word(filled: Database, tmp_path: Path, licence: str) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    with pytest.raises(BadInput, match="a licence such as"):
        dataset.write(tmp_path / "d", records, title="x", licence=licence)
    assert not (tmp_path / "d").exists()


def test_a_title_cannot_write_the_card(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    dataset.write(tmp_path / "d", records, title='x"\nlicense: mit\n---\n')
    assert card(tmp_path / "d")["license"] == "unknown"


def test_nothing_to_export_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="got none"):
        dataset.write(tmp_path / "d", [], title="x")


def test_a_cleaned_dataset_names_the_version_of_its_rules(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    tidy = write.cleaned(records, cleaning.parse("replace: risk -> danger"), str, version=7)
    write.write(tmp_path / "d.zip", tidy, form="dataset", title="x", pictures=None)
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        assert sorted(archive.namelist()) == [
            "README.md",
            "answers.jsonl",
            "croissant.json",
        ]
        assert "version of the rules: 7" in archive.read("README.md").decode()
