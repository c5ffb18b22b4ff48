"""Images in tables, tars and data sets of torchvision are those of the same files in folders."""

import io
import json
import tarfile
from functools import partial
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


def as_tars(folder: Path, packed: str = "") -> Path:
    folder.mkdir()
    for part, places in enumerate((range(3), range(3, 5))):
        file = f"shard-{part}.tar{packed and '.'}{packed}"
        with tarfile.open(folder / file, f"w:{packed}") as archive:  # type: ignore[call-overload]
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


def as_folder_in_tgz(folder: Path) -> Path:
    """A folder of classes, as `tar czf` packs it; the order of images is that in the tar."""
    folder.mkdir()
    with tarfile.open(folder / "all.tgz", "w:gz") as archive:
        for place, label in enumerate(TRUTH):
            member = tarfile.TarInfo(f"./val/{CLASSES[label]}/{place}.png")
            member.size = len(contents()[place])
            archive.addfile(member, io.BytesIO(contents()[place]))
    return folder


PACKS = {
    "parquet": as_parquet,
    "save_to_disk": as_saved,
    "tar": as_tars,
    "tar.gz": partial(as_tars, packed="gz"),
    "tar.xz": partial(as_tars, packed="xz"),
    "tar.bz2": partial(as_tars, packed="bz2"),
    "tgz of class folders": as_folder_in_tgz,
}


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
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
    (tmp_path / "broken.tar.gz").write_bytes(b"no gzip")
    tarfile.open(tmp_path / "empty.tar", "w").close()
    for name, reason in (
        ("broken.parquet", "expected images in .*broken.parquet, got Arrow"),
        ("broken.tar", "expected images in .*broken.tar, got ReadError"),
        ("broken.tar.gz", "expected images in .*broken.tar.gz, got BadGzipFile"),
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


LOAD = """
import numpy as np
from PIL import Image


def load(path):
    if path.endswith(".npy"):
        return np.load(path)
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float32).transpose(2, 0, 1)
    return np.concatenate([pixels, pixels[:1]])
"""


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_a_loader_reads_what_lies_inside_another_file(tmp_path: Path, pack) -> None:
    (tmp_path / "load.py").write_text(LOAD)
    subject = Subject(
        "n", "a:b", 8, (0.5,) * 4, (0.5,) * 4, loader="load.py:load", source=tmp_path / "S.toml"
    )
    plain = probing.open_folder(as_folder(tmp_path / "plain"))
    packed = probing.open_folder(pack(tmp_path / "packed"))
    skipped: list[probing.Skipped] = []
    (one,) = probing.batches(plain, subject, skipped=skipped)
    (other,) = probing.batches(packed, subject, skipped=skipped)
    assert skipped == []
    assert one.arrays is not None
    assert one.arrays.shape == (5, 4, 8, 8)
    assert np.array_equal(one.arrays, other.arrays)


def test_arrays_in_a_tar_or_a_table_are_for_a_loader(tmp_path: Path) -> None:
    (tmp_path / "load.py").write_text(LOAD)
    subject = Subject(
        "n", "a:b", 8, (0.5,) * 4, (0.5,) * 4, loader="load.py:load", source=tmp_path / "S.toml"
    )
    array = np.random.default_rng(0).random((4, 8, 8), np.float32)
    written = io.BytesIO()
    np.save(written, array)
    with tarfile.open(tmp_path / "bands.tar", "w") as archive:
        member = tarfile.TarInfo("0.npy")
        member.size = len(written.getvalue())
        archive.addfile(member, io.BytesIO(written.getvalue()))
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.table({"image": [written.getvalue()]}), tmp_path / "bands.parquet")
    for name in ("bands.tar", "bands.parquet"):
        (read,) = probing.batches(probing.open_folder(tmp_path / name), subject)
        assert read.arrays is not None
        assert np.array_equal(read.arrays[0], array)


@pytest.mark.parametrize("kind", ["parquet", "tar"])
def test_images_of_several_classes_in_tables_and_tars(tmp_path: Path, kind: str) -> None:
    given = [[0], [1, 0], [1]]
    if kind == "parquet":
        datasets = pytest.importorskip("datasets", reason="datasets is not installed")
        features = datasets.Features(
            {
                "image": datasets.Image(),
                "labels": datasets.Sequence(datasets.ClassLabel(names=list(CLASSES))),
            }
        )
        rows = {"image": [{"bytes": each, "path": None} for each in contents()[:3]]}
        datasets.disable_progress_bars()
        table = datasets.Dataset.from_dict({**rows, "labels": given}, features=features)
        table.to_parquet(tmp_path / "several.parquet")
    else:
        with tarfile.open(tmp_path / "several.tar", "w") as archive:
            for place, labels in enumerate(given):
                said = json.dumps({"labels": [CLASSES[label] for label in labels]}).encode()
                for name, content in (("png", contents()[place]), ("json", said)):
                    member = tarfile.TarInfo(f"{place}.{name}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
    packed = probing.open_folder(tmp_path / f"several.{kind}")
    assert packed.labels is None
    found = labels_of(packed, classes=CLASSES)
    assert found is not None
    assert [set(row) - {-1} for row in found.tolist()] == [set(row) for row in given]
