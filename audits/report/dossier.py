"""What a third party asks of a report beside its findings: images, networks, and what ran.

    sheets(db, experiments, networks), cards(db, networks, experiments), environment()

Everything is read from the workspace and the installed packages. Nothing here says when.
"""

import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from audits.report.contents import Experiment, ImageSheet, ModelCard, Network
from db.describe import subjects
from db.errors import NotFound

_PACKAGES = (
    *("torch", "torchvision", "numpy", "pillow", "scipy", "safetensors", "spacy"),
    *("sqlite-utils", "cryptography", "gradio"),
)
_OURS = Path(__file__).resolve().parents[2]
_USES = ("validation", "test", "training")


def sheets(
    db: Database, networks: Sequence[Network], experiments: Iterable[Experiment]
) -> tuple[ImageSheet, ...]:
    """A data sheet of every set of images that exemplars or ablations of a report are about."""
    uses: dict[str, set[str]] = {}
    hashes: dict[str, set[str]] = {}
    notes: dict[str, list[str]] = {}
    for network in networks:
        for layer in network.layers:
            if layer.images:
                uses.setdefault(layer.images, set()).add(f"exemplars of {network.name}")
                hashes.setdefault(layer.images, set()).add(layer.images_hash)
    for each in experiments:
        data = each.summary.get("data", {})
        for use in _USES:
            if name := each.request.get(use):
                uses.setdefault(name, set()).add(f"{use} images of ablation {each.number}")
                said: dict[str, Any] = data.get(name) or data.get(use) or {}
                hashes.setdefault(name, set()).add(str(said.get("digest", "")))
                notes.setdefault(name, []).extend(said.get("notes") or ())
    return tuple(
        _sheet(db, name, hashes.get(name, set()), uses[name], notes.get(name, []))
        for name in sorted(uses)
    )


def cards(
    db: Database, networks: Sequence[Network], experiments: Iterable[Experiment]
) -> tuple[ModelCard, ...]:
    """A card of every network of a report."""
    measured: dict[str, list[str]] = {}
    for each in experiments:
        for point in each.points:
            if point.condition == "keyword" and point.n_ablated == 0:
                name = each.request.get(point.split, point.split)
                measured.setdefault(each.subject, []).append(
                    f"{point.accuracy:.4f} on {name} ({point.split} images)"
                )
    found = []
    for network in networks:
        row = subjects.get(db, network.name)
        found.append(
            ModelCard(
                name=row.name,
                origin=row.origin,
                weights=row.weights_hash,
                code=row.code_hash,
                layers=tuple(f"{one.name}: {one.units} units ({one.kind})" for one in row.layers),
                units=sum(one.units for one in row.layers),
                trained_on="not known to the workbench",
                accuracies=tuple(dict.fromkeys(measured.get(network.name, []))),
            )
        )
    return tuple(found)


@functools.cache
def environment() -> dict[str, str]:
    """The machine, the workbench's own code and the packages that measured, with their hashes."""
    found = {
        "machine": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "milan-workbench code": _code(),
    }
    for name in _PACKAGES:
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        # What pip wrote down of every file that it installed, with hashes.
        listed = (package.read_text("RECORD") or "").splitlines()
        kept = sorted(line for line in listed if ".pyc," not in line and "/bin/" not in line)
        digest = hashlib.sha256("\n".join(kept).encode()).hexdigest()
        found[name] = f"{package.version} sha256:{digest}"
    return found


def _code() -> str:
    total = hashlib.sha256()
    for folder in ("annotator", "audits", "db", "describer"):
        for path in sorted((_OURS / folder).rglob("*.py")):
            total.update(path.relative_to(_OURS).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{total.hexdigest()}"


def _sheet(
    db: Database, name: str, hashes: set[str], uses: set[str], notes: Sequence[str]
) -> ImageSheet:
    try:
        row = subjects.get_probing_set(db, name)
    except NotFound:
        row = None
    return ImageSheet(
        name,
        None if row is None else row.images,
        () if row is None else tuple(row.classes),
        tuple(sorted(hashes - {""})),
        tuple(sorted(uses)),
        tuple(dict.fromkeys(notes)),
    )
