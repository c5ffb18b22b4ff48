"""Images in tables, tars and data sets of torchvision are those of the same files in folders."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from audits.network.labels import labels_of
from db.errors import BadInput
from describer.images import probing
from describer.subjects.definition import Subject

CLASSES = ("owl", "cat")
TRUTH = [0, 1, 1, 0, 1]
SUBJECT = Subject("n", "a:b", 8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def contents() -> list[bytes]:
    """Five png files, one of them transparent."""
    made = []
    for number in range(5):
        values = np.random.default_rng(number).integers(0, 256, (9, 12, 4 if number == 3 else 3))
        written = io.BytesIO()
        Image.fromarray(values.astype(np.uint8)).save(written, "png")
        made.append(written.getvalue())
    return made


def as_folder(folder: Path) -> Path:
    folder.mkdir()
    for number, content in enumerate(contents()):
        (folder / f"{number}.png").write_bytes(content)
    return folder


def as_parquet(folder: Path) -> Path:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": CLASSES}}
    folder.mkdir()
    for part, places in enumerate((slice(0, 3), slice(3, 5))):
        table = pa.table(
            {
                "image": [{"bytes": each, "path": None} for each in contents()[places]],
                "label": TRUTH[places],
            }
        ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        parquet.write_table(table, folder / f"test-{part}.parquet", row_group_size=2)
    return folder


def as_saved(folder: Path) -> Path:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=list(CLASSES))}
    )
    rows = {"image": [{"bytes": each, "path": None} for each in contents()], "label": TRUTH}
    datasets.disable_progress_bars()
    datasets.Dataset.from_dict(rows, features=features).save_to_disk(folder)
    return folder


def as_tars(folder: Path) -> Path:
    folder.mkdir()
    for part, places in enumerate((range(3), range(3, 5))):
        with tarfile.open(folder / f"shard-{part}.tar", "w") as archive:
            for place in places:
                name = CLASSES[TRUTH[place]]
                files = {"png": contents()[place], "cls": name.encode()}
                if part:
                    files = {"png": contents()[place], "json": json.dumps({"label": name}).encode()}
                for kind, content in files.items():
                    member = tarfile.TarInfo(f"im/{place:04}.{kind}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    return folder


@pytest.mark.parametrize("pack", [as_parquet, as_saved, as_tars])
def test_packed_images_are_those_of_the_files(tmp_path: Path, pack) -> None:
    plain = probing.open_folder(as_folder(tmp_path / "plain"))
    packed = probing.open_folder(pack(tmp_path / "packed"))
    assert (packed.name, len(packed)) == ("packed", 5)
    assert probing.file_hashes(packed) == probing.file_hashes(plain)
    first, second = (list(probing.batches(one, SUBJECT, batch_size=2)) for one in (plain, packed))
    assert [batch.ids.tolist() for batch in second] == [[0, 1], [2, 3], [4]]
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.images, other.images)
    assert packed.labels is not None
    assert [packed.classes[label] for label in packed.labels] == [CLASSES[each] for each in TRUTH]
    assert "1 picture (transparent" in probing.conversions(packed, SUBJECT)[0]
    found = labels_of(packed, classes=["cat", "owl"])
    assert found is not None
    assert found.tolist() == [1 - each for each in TRUTH]
    assert probing.digest(packed) == probing.digest(probing.open_folder(packed.root))


def test_classes_of_a_table_keep_their_numbers(tmp_path: Path) -> None:
    packed = probing.open_folder(as_parquet(tmp_path / "packed"))
    found = labels_of(packed, outputs=2)
    assert packed.classes == CLASSES
    assert found is not None
    assert found.tolist() == TRUTH, "nothing names the outputs: they are the table's own numbers"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_metadata_of_an_imagefolder_gives_the_classes(tmp_path: Path, kind: str) -> None:
    folder = as_folder(tmp_path / "images")
    rows = [(f"{place}.png", CLASSES[label]) for place, label in enumerate(TRUTH)]
    lines = [f"{name},{label}" for name, label in rows]
    if kind == "jsonl":
        lines = [json.dumps({"file_name": name, "label": label}) for name, label in rows]
    else:
        lines.insert(0, "file_name,label")
    (folder / f"metadata.{kind}").write_text("\n".join(lines))
    opened = probing.open_folder(folder)
    assert opened.left_out == ()
    found = labels_of(opened, classes=CLASSES)
    assert found is not None
    assert found.tolist() == TRUTH
    (folder / f"metadata.{kind}").write_text(lines[0].replace("label", "caption") + "\n0.png,x")
    assert labels_of(opened, classes=CLASSES) is None


def test_a_data_set_of_torchvision_that_is_on_the_disk(tmp_path: Path) -> None:
    import pickle

    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32)).astype(np.uint8)
    batch = {"data": pixels.reshape(4, -1), "labels": [3, 0, 9, 3]}
    (folder / "test_batch").write_bytes(pickle.dumps(batch))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CIFAR10, "_check_integrity", lambda self: True)
        patch.setattr("torchvision.datasets.cifar.check_integrity", lambda path, md5: True)
        found = probing.open_folder(Path(f"torchvision:CIFAR10?root={tmp_path}&split=test"))
        again = probing.open_folder(found.root)
    assert (found.name, found.labels, again.labels) == (
        "CIFAR10-split-test",
        (3, 0, 9, 3),
        (3, 0, 9, 3),
    )
    assert found.classes == tuple("abcdefghij")
    assert found.left_out == (f"torchvision.datasets.CIFAR10(root={str(tmp_path)!r}, train=False)",)
    subject = Subject("n", "a:b", 32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    (read,) = probing.batches(found, subject)
    assert np.array_equal(read.images, pixels)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "broken.tar").write_bytes(b"no tar" * 100)
    tarfile.open(tmp_path / "empty.tar", "w").close()
    for name, reason in (
        ("broken.parquet", "expected images in .*broken.parquet, got Arrow"),
        ("broken.tar", "expected images in .*broken.tar, got ReadError"),
        ("empty.tar", "expected pictures in .*empty.tar, found none"),
        (f"torchvision:CIFAR10?root={tmp_path}", "expected the data set CIFAR10 .*not found"),
        ("torchvision:CIFAR10", "expected torchvision:NAME.root=DIR&split=test"),
        (f"torchvision:CIFAR10?root={tmp_path}&split=val", "expected split=train or split=test"),
        (f"torchvision:CIFAR10?root={tmp_path}&download=true", "nothing is fetched here"),
    ):
        with pytest.raises(BadInput, match=reason):
            probing.open_folder(tmp_path / name if ":" not in name else Path(name))
    saved = tmp_path / "saved" / "train"
    saved.mkdir(parents=True)
    (saved.parent / "dataset_dict.json").write_text("{}")
    (saved / "state.json").write_text("{}")
    with pytest.raises(BadInput, match=r"expected one split of .*, name its folder: train"):
        probing.open_folder(saved.parent)


def test_one_split_is_taken_and_pictures_go_before_their_archive(tmp_path: Path) -> None:
    packed = as_parquet(tmp_path / "packed")
    (packed / "test-0.parquet").rename(packed / "train-00000-of-00001.parquet")
    with pytest.raises(BadInput, match=r"expected one split of .*/test\*\.parquet, .*/train\*"):
        probing.open_folder(packed)
    found = probing.open_folder(packed / "train*.parquet")
    assert (found.name, len(found), len(probing.open_folder(found.root))) == ("train", 3, 3)
    folder = as_folder(tmp_path / "plain")
    (as_tars(tmp_path / "tars") / "shard-0.tar").rename(folder / "all.tar")
    assert len(probing.open_folder(folder)) == 5


def test_a_loader_is_not_given_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text("def load(path):\n    raise AssertionError\n")
    subject = Subject(
        "n", "a:b", 8, (0.5,) * 4, (0.5,) * 4, loader="load.py:load", source=tmp_path / "S.toml"
    )
    skipped: list[probing.Skipped] = []
    packed = probing.open_folder(as_tars(tmp_path / "packed"))
    assert list(probing.batches(packed, subject, skipped=skipped)) == []
    assert {one.reason for one in skipped} == {
        "lies inside another file, and a loader reads files of their own"
    }
