"""Images that lie inside other files: tables of Hugging Face, WebDataset tars, torchvision.

    packed = opened(Path("test.parquet"))       # None where it is none of these
    packed.paths, packed.classes, packed.labels, packed.data(0)

Known are what `datasets` saved (`save_to_disk`, and parquet of its columns), a tar of WebDataset,
compressed or not, or a folder of such, and a data set of torchvision that is on the disk already:
`torchvision:CIFAR10?root=DIR&split=test`. `DIR/test-*.parquet` are those files of a folder that has
several splits. Nothing is fetched. Order is that of the files, sorted by
name, and of the rows in them. pyarrow (`pip install milan-workbench[export]`) and torchvision are
imported when they are needed.
"""

from __future__ import annotations

import inspect
import io
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import parse_qsl

from db import reading
from db.errors import BadInput
from describer.images import tars
from describer.images.folders import by_number
from describer.images.pictures import suffixes
from describer.subjects import importing, offline

TORCHVISION = re.compile(r"torchvision:(?P<kind>\w+)(?:\?(?P<query>.*))?")
_IMAGES = ("image", "img", "images", "jpg", "png", "webp", "jpeg", "picture", "pixel_values")
_LABELS = ("label", "labels", "class", "target", "cls", "fine_label", "class_label")
# What tells the files of one split apart: test-00000-of-00002-9f3c, shard_000012.
_NUMBERS = re.compile(r"[-_]?\d+(-of-\d+.*)?$")
# Groups of rows that are kept in memory: images are read in order, by several threads.
_GROUPS = 4


@dataclass(frozen=True)
class Packed:
    """Images inside other files.

    Attributes:
        root: what was opened, in one spelling.
        name: what the images are called unless they are named.
        paths: a name for each image, unique.
        data: the bytes of the picture file at a place; several threads may call it.
        classes: names of the classes, in the order of their numbers; else empty.
        labels: for each image the index of its class; None when some have none, or several.
        several: for each image the indices of its classes, where one has several.
        notes: how it was read, in sentences.
    """

    root: Path
    name: str
    paths: tuple[str, ...]
    data: Callable[[int], bytes]
    classes: tuple[str, ...] = ()
    labels: tuple[int, ...] | None = None
    several: tuple[tuple[int, ...], ...] | None = None
    notes: tuple[str, ...] = ()


def opened(root: Path) -> Packed | None:
    """Open what holds images inside; None where it is a folder of pictures, or nothing.

    Raises:
        BadInput: it holds no images, cannot be read, or a package that it needs is not installed.
    """
    if found := TORCHVISION.fullmatch(str(root)):
        return _torchvision(found["kind"], dict(parse_qsl(found["query"] or "")))
    if root.is_file() and (root.suffix in (".parquet", ".arrow") or tars.is_tar(root)):
        return _of_files(root, [root])
    if "*" in root.name and (files := sorted(root.parent.glob(root.name))):
        return _of_files(root, files)
    if not root.is_dir():
        return None
    if (root / "dataset_dict.json").is_file():
        splits = [path.parent.name for path in sorted(root.glob("*/state.json"))]
        raise BadInput(f"expected one split of {root}, name its folder: {', '.join(splits)}")
    there = [path for path in root.iterdir() if not path.name.startswith(".")]
    if any(path.is_dir() or path.suffix.lower() in suffixes() for path in there):
        # Pictures, perhaps beside the tar that they came in.
        return None
    for kind in (".arrow", ".parquet", *tars.SUFFIXES):
        if files := sorted(path for path in there if path.name.lower().endswith(kind)):
            if len(splits := sorted({_NUMBERS.sub("", tars.stem(path)) for path in files})) > 1:
                names = ", ".join(f"{root / split}*{kind}" for split in splits)
                raise BadInput(f"expected one split of {root}, name it: {names}")
            return _of_files(root, files)
    return None


def absolute(root: Path) -> Path:
    """A path that means the same from elsewhere; what names a data set of torchvision is kept."""
    return root if TORCHVISION.fullmatch(str(root)) else root.expanduser().resolve()


def _of_files(root: Path, files: Sequence[Path]) -> Packed:
    root, files = root.resolve(), [file.resolve() for file in files]
    try:
        if tars.is_tar(files[0]):
            return _tars(root, files)
        return _tables(root, files)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"expected pyarrow to read {root}, {error.name} is not installed: pip install pyarrow"
        ) from error
    except BadInput:
        raise
    # Each reader has errors of its own for files that are broken or cut off.
    except Exception as error:
        raise BadInput(f"expected images in {root}, got {importing.blamed(error)}") from error


def _called(root: Path) -> str:
    return (
        root.name
        if root.is_dir()
        else _NUMBERS.sub("", tars.stem(root).replace("*", "")).strip("-_.")
    )


def _tars(root: Path, files: Sequence[Path]) -> Packed:
    """The pictures of tars of WebDataset."""
    found = tars.members(files, _label_in)
    if not found.paths:
        raise BadInput(f"expected pictures in {root}, found none")
    known = _numbered(found.labels, ())
    said = (found.said,) if found.said else ()
    return Packed(
        root, _called(root), found.paths, found.data, **known, notes=(*said, *_said(known))
    )


def _label_in(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return None
    return next((said[key] for key in (*_LABELS, "class_name") if key in said), None)


def _tables(root: Path, files: Sequence[Path]) -> Packed:
    """The rows of parquet, or of the arrow files that `datasets` writes."""
    groups = [group for file in files for group in _groups(file)]
    schema, counts = groups[0].schema, [group.rows for group in groups]
    image, label = _columns(schema, root)
    features = _features(schema, files[0])
    starts = [sum(counts[:place]) for place in range(len(counts))]
    lock = threading.Lock()

    @lru_cache(maxsize=_GROUPS)
    def pictures(place: int) -> Any:
        return groups[place].column(image)

    def cell(index: int) -> tuple[bytes, str]:
        place = max(place for place, start in enumerate(starts) if start <= index)
        with lock:
            value = pictures(place)[index - starts[place]].as_py()
        if isinstance(value, Mapping):
            return value.get("bytes") or b"", value.get("path") or ""
        return value or b"", ""

    count = sum(counts)
    if count > sum(file.stat().st_size for file in files):
        raise BadInput(f"expected a picture in each row of {root}, got {count:,} rows")
    if not count:
        raise BadInput(f"expected images in {root}, found none")
    first, path = cell(0)
    if not first:
        raise BadInput(f"expected the pictures themselves in {root}, got paths such as {path!r}")
    given: list[Any] = []
    for group in groups if label else ():
        given += group.column(label or "").to_pylist()
    feature = features.get(label or "", {})
    # Of a list of classes the names are those of its elements.
    inner = feature.get("feature", feature) if isinstance(feature, Mapping) else {}
    names = tuple(inner.get("names") or ()) if isinstance(inner, Mapping) else ()
    if not all(isinstance(name, str) for name in names):
        raise BadInput(f"expected the names of classes as texts in {root}, got {names[:3]}")
    known = _numbered(given or [None], names)
    said = f"images are the column {image}" + (f", classes the column {label}" if label else "")
    return Packed(
        root,
        _called(root),
        tuple(f"{row:09d}" for row in range(count)),
        lambda index: cell(index)[0],
        **known,
        notes=(said, *_said(known)),
    )


@dataclass(frozen=True)
class _Group:
    """Rows that are read at once: how many, and how to read one of their columns."""

    schema: Any
    rows: int
    column: Callable[[str], Any]


def _groups(file: Path) -> Iterator[_Group]:
    import pyarrow as pa

    if file.suffix == ".parquet":
        from pyarrow import parquet

        table = parquet.ParquetFile(file)
        for group in range(table.num_row_groups):
            count = table.metadata.row_group(group).num_rows
            yield _Group(table.schema_arrow, count, partial(_column, table, group))
        return
    _check_arrow(file)
    mapped = pa.memory_map(str(file))
    try:
        whole = pa.ipc.open_stream(mapped).read_all()
    except pa.ArrowInvalid:
        whole = pa.ipc.open_file(mapped).read_all()
    yield _Group(whole.schema, whole.num_rows, lambda name: whole[name])


def _check_arrow(file: Path) -> None:
    """Open an arrow file in a process of its own first: pyarrow ends it over some damages.

    Raises:
        BadInput: it cannot be read.
    """
    program = (
        "import sys, pyarrow as pa\nfile = pa.memory_map(sys.argv[1])\n"
        "try: pa.ipc.open_stream(file).read_all().validate(full=True)\n"
        "except pa.ArrowInvalid: pa.ipc.open_file(file).read_all().validate(full=True)"
    )
    made = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        last = (made.stderr.strip().splitlines() or ["it is damaged"])[-1]
        raise BadInput(f"expected an arrow file as `datasets` writes it in {file}, got {last}")


def _column(table: Any, group: int, name: str) -> Any:
    return table.read_row_group(group, columns=[name])[name]


def _features(schema: Any, file: Path) -> dict[str, Any]:
    """What `datasets` noted of the columns, in the table itself or beside it."""
    said = (schema.metadata or {}).get(b"huggingface")
    beside = file.parent / "dataset_info.json"
    if said is None and beside.is_file():
        noted = {"info": reading.of_json_file(beside, dict[str, Any], "a data set's columns")}
    else:
        where = f"the head of {file}"
        noted = reading.of_json(said, dict[str, Any], "columns", where) if said else {}
    info = noted.get("info")
    features = info.get("features") if isinstance(info, Mapping) else None
    return {
        name: each
        for name, each in (features.items() if isinstance(features, Mapping) else ())
        if isinstance(each, Mapping)
    }


def _columns(schema: Any, root: Path) -> tuple[str, str | None]:
    """The column of pictures, by its name or the first that holds bytes, and that of classes.

    Raises:
        BadInput: there is no column of pictures.
    """
    known = {name.lower(): name for name in schema.names}
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    held = [name for name, kind in kinds.items() if "binary" in kind]
    pictures = [known[name] for name in _IMAGES if known.get(name) in held] or held[:1]
    if not pictures:
        columns = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        raise BadInput(f"expected a column of pictures in {root}, got {columns}")
    return pictures[0], next((known[name] for name in _LABELS if name in known), None)


def _torchvision(kind: str, query: dict[str, str]) -> Packed:
    """A data set of torchvision from its folder; `split` is `train` where it knows that alone."""
    from torchvision import datasets

    spelled = f"torchvision:{kind}"
    made: Any = getattr(datasets, kind, None)
    if not inspect.isclass(made) or "root" not in query:
        raise BadInput(f"expected torchvision:NAME?root=DIR&split=test, got {spelled} with {query}")
    root = str(Path(query["root"]).expanduser().resolve())
    given: dict[str, Any] = {**query, "root": root}
    if "split" in given and "train" in inspect.signature(made).parameters:
        if given["split"] not in ("train", "test"):
            raise BadInput(f"expected split=train or split=test of {kind}, got {given['split']}")
        given["train"] = given.pop("split") == "train"
    truth = {"true": True, "false": False}
    given = {key: truth.get(value, value) for key, value in given.items()}
    if given.pop("download", False):
        raise BadInput(f"expected {kind} in {root} already: nothing is fetched here")
    try:
        with offline.refused():
            data: Any = made(**given)
            count = len(data)
    # Each data set has reasons of its own why it is not there.
    except Exception as error:
        raise BadInput(
            f"expected the data set {kind} of torchvision in {root}, got {importing.blamed(error)}"
        ) from error
    lock = threading.Lock()

    def picture(index: int) -> bytes:
        written = io.BytesIO()
        with lock:
            data[index][0].save(written, "png")
        return written.getvalue()

    targets = getattr(data, "targets", getattr(data, "labels", []))
    names = tuple(str(name) for name in getattr(data, "classes", ()))
    values = targets.tolist() if hasattr(targets, "tolist") else list(targets)
    known = _numbered(values if len(values) == count else [None], names)
    rest = "".join(f"&{key}={value}" for key, value in query.items() if key != "root")
    return Packed(
        Path(f"{spelled}?root={root}{rest}"),
        re.sub(r"[^\w.-]+", "-", kind + rest.replace("=", "-")),
        tuple(f"{row:09d}" for row in range(count)),
        picture,
        **known,
        notes=(
            f"torchvision.datasets.{kind}({', '.join(f'{k}={v!r}' for k, v in given.items())})",
            *_said(known),
        ),
    )


class _Known(TypedDict):
    """What is known of classes; the fields of `Packed`."""

    classes: tuple[str, ...]
    labels: tuple[int, ...] | None
    several: tuple[tuple[int, ...], ...] | None


_NOTHING: _Known = {"classes": (), "labels": None, "several": None}


def _numbered(given: Sequence[Any], names: Sequence[str]) -> _Known:
    """Names of classes and the numbers of each image's; nothing where an image has none."""
    rows = [tuple(value) if isinstance(value, list | tuple) else (value,) for value in given]
    values = [value for row in rows for value in row]
    if not all(rows) or any(value is None or value == -1 for value in values):
        return _NOTHING
    if not all(isinstance(value, str | int) for value in values):
        return _NOTHING
    if names and all(isinstance(value, int) and 0 <= value < len(names) for value in values):
        classes, places = tuple(names), rows
    else:
        classes = by_number({str(value) for value in values})
        index = {name: place for place, name in enumerate(classes)}
        places = [tuple(index[str(value)] for value in row) for row in rows]
    places = [tuple(dict.fromkeys(row)) for row in places]
    if all(len(row) == 1 for row in places):
        return {"classes": classes, "labels": tuple(row[0] for row in places), "several": None}
    return {"classes": classes, "labels": None, "several": tuple(places)}


def _said(known: _Known) -> tuple[str, ...]:
    return () if known["classes"] else ("no class for every image, so there are no classes",)
