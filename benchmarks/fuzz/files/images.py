"""Readers of images, and files that hold many of them."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.fuzz.kind import Reader


def picture(size: tuple[int, int] = (8, 8), kind: str = "PNG") -> bytes:
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind)
    return written.getvalue()


def _tar(folder: Path) -> Path:
    with tarfile.open(folder / "test-0001.tar", "w") as archive:
        for number in range(3):
            for kind, content in (
                ("png", picture()),
                ("cls", str(number % 2).encode()),
                ("json", json.dumps({"label": number % 2}).encode()),
            ):
                member = tarfile.TarInfo(f"{number:04d}.{kind}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return folder / "test-0001.tar"


def _parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    pictures = [{"bytes": picture(), "path": f"{number}.png"} for number in range(3)]
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    table = pa.table({"image": pictures, "label": [0, 1, 0]})
    noted = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    parquet.write_table(table.replace_schema_metadata(noted), folder / "test.parquet")
    return folder / "test.parquet"


def _arrow(folder: Path) -> Path:
    import pyarrow as pa

    pictures = [{"bytes": picture(), "path": f"{number}.png"} for number in range(3)]
    table = pa.table({"image": pictures, "label": [0, 1, 0]})
    with pa.ipc.new_stream(folder / "data.arrow", table.schema) as stream:
        stream.write_table(table)
    (folder / "dataset_info.json").write_text(
        json.dumps({"features": {"label": {"names": ["cat", "dog"]}}})
    )
    return folder / "data.arrow"


def _dataset_info(folder: Path) -> Path:
    return _arrow(folder).parent / "dataset_info.json"


def _image(name: str, kind: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "images" / "a").mkdir(parents=True)
        (folder / "images" / "a" / "whole.png").write_bytes(picture())
        (folder / "images" / "a" / name).write_bytes(picture((16, 12), kind))
        return folder / "images" / "a" / name

    return make


def _look(root: Path) -> None:
    from describer.images import probing
    from describer.subjects.definition import Subject

    images = probing.open_folder(root)
    subject = Subject("net", "net.py:Net", 8, (0.5,) * 3, (0.5,) * 3)
    skipped: list[probing.Skipped] = []
    for _ in probing.batches(images, subject, skipped=skipped):
        pass
    probing.conversions(images, subject)
    probing.digest(images)


def _read_packed(target: Path) -> None:
    _look(target if target.suffix != ".json" else target.parent)


def _read_image(target: Path) -> None:
    _look(target.parent.parent)


READERS: dict[str, Reader] = {
    "tar of images": Reader("tar", _tar, _read_packed),
    "parquet of images": Reader("bytes", _parquet, _read_packed),
    "arrow of images": Reader("bytes", _arrow, _read_packed),
    "dataset_info.json": Reader("json", _dataset_info, _read_packed),
    "PNG": Reader("bytes", _image("x.png", "PNG"), _read_image),
    "JPEG": Reader("bytes", _image("x.jpg", "JPEG"), _read_image),
    "TIFF": Reader("bytes", _image("x.tif", "TIFF"), _read_image),
    "GIF": Reader("bytes", _image("x.gif", "GIF"), _read_image),
    "WebP": Reader("bytes", _image("x.webp", "WEBP"), _read_image),
}
