"""Array files are complete or absent, come back as they were, and never hold Python objects."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from db.arrays import ImageStore, new_file, new_folder, read_arrays, write_arrays
from db.errors import BadInput, NotFound

IMAGES = arrays_of.arrays(np.uint8, st.tuples(st.just(3), st.integers(1, 8), st.integers(1, 8)))
ANY_ARRAY = arrays_of.arrays(
    st.sampled_from([np.float16, np.float32, np.int64, np.bool_, np.uint8]),
    arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


@given(ANY_ARRAY)
def test_arrays_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, array) -> None:
    folder = tmp_path_factory.mktemp("arrays") / "layer"
    write_arrays(folder, {"maps": array})
    back = read_arrays(folder, memory_map=False)["maps"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@given(IMAGES)
def test_an_image_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, image) -> None:
    store = ImageStore(tmp_path_factory.mktemp("store"))
    np.testing.assert_array_equal(store.get(store.put(image)), image)


def test_an_image_is_kept_once(tmp_path: Path) -> None:
    store, image = ImageStore(tmp_path), np.full((3, 4, 4), 7, dtype=np.uint8)
    assert store.put(image) == store.put(image.copy())
    assert store.put(image) in store
    assert len(list(tmp_path.rglob("*.npy"))) == 1


def test_images_of_other_shapes_have_other_names(tmp_path: Path) -> None:
    store, image = ImageStore(tmp_path), np.zeros((3, 4, 2), dtype=np.uint8)
    assert store.put(image) != store.put(image.reshape(3, 2, 4))


@pytest.mark.parametrize("image", [np.zeros((3, 4, 4)), np.zeros((4, 4, 3), dtype=np.uint8)])
def test_what_is_no_image_is_refused(tmp_path: Path, image) -> None:
    with pytest.raises(ValueError, match="expected an image uint8"):
        ImageStore(tmp_path).put(image)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "abc", "g" * 40, "a" * 40])
def test_only_the_hash_of_a_stored_image_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        ImageStore(tmp_path).get(name)


def test_a_broken_writer_leaves_the_former_folder(tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    write_arrays(folder, {"ids": np.arange(3)})
    with pytest.raises(FileNotFoundError), new_folder(folder) as temporary:
        (temporary / "missing" / "ids.npy").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["layer"]
    assert read_arrays(folder)["ids"].tolist() == [0, 1, 2]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    write_arrays(folder, {"ids": np.arange(3), "old": np.arange(1)})
    write_arrays(folder, {"ids": np.arange(4)})
    assert sorted(read_arrays(folder)) == ["ids"]
    assert [path.name for path in tmp_path.iterdir()] == ["layer"]


def test_a_broken_writer_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "probe.csv"
    path.write_text("whole")
    with pytest.raises(TypeError), new_file(path) as temporary:
        temporary.write_text(temporary.write_text("ha"))  # type: ignore[arg-type]
    assert [each.read_text() for each in tmp_path.iterdir()] == ["whole"]


def test_python_objects_are_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadInput, match="without Python objects"):
        read_arrays(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00v\x00"])
def test_files_that_are_no_arrays_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ids.npy").write_bytes(content)
    with pytest.raises(BadInput, match=r"ids\.npy"):
        read_arrays(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="layer9"):
        read_arrays(tmp_path / "layer9")
