"""The edit as files that load elsewhere: weights, the subject file, a card, a wrapper if need be.

    exported = export(folder, network, order, test, about=About({unit: "Text"}))
    exported.way                        # "weights", or "wrapper" with exported.reason
    pack(folder)                        # folder.zip, the same bytes for the same files

Where the architecture allows it, the units are removed from the weights (weights.py). Where it
does not, or where units are to keep their mean, `edited.py` beside the unedited weights silences
them as the network runs. Either way the folder is read back as any subject is, and has to predict
what the live ablation predicts, image by image, before it is handed out.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tomli_w
from torch import Tensor

from audits.ablation.engine.hooks import Rule, check_units
from audits.ablation.engine.units import Predictions, by_layer
from audits.edit import wrapper
from audits.edit.weights import Edited, card, edit
from audits.network.evaluation import Evaluator
from audits.network.images import Images, Network
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.layers import catalogue
from describer.subjects import definition, factory
from describer.subjects.definition import Subject

WEIGHTS = "weights.safetensors"
CHECKED_LOGITS = 256


@dataclass(frozen=True)
class About:
    """What a card says of an edit: its units' descriptions, (what, value) measured, warnings."""

    descriptions: Mapping[Unit, str] = field(default_factory=dict)
    rows: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    `way` says whether the weights were changed or a wrapper silences the units; then `reason` says
    why. `images` predictions were compared with the live ablation's, and none differed.
    """

    folder: Path
    way: Literal["weights", "wrapper"]
    reason: str
    images: int
    accuracy: float | None


def export(
    folder: Path,
    network: Network,
    order: Sequence[Unit],
    images: Images,
    *,
    ablated: Evaluator | None = None,
    about: About | None = None,
    watch: Watch | None = None,
) -> Exported:
    """Write the network without some of its units into a folder that does not exist yet.

    Args:
        order: the units to remove.
        images: what the written network is compared with the live ablation on.
        ablated: by which rule the units are silenced (default: they become zero).
        about: for the card.

    Raises:
        BadInput: no units, units that do not exist, a folder that holds files already, or a
            network that predicts otherwise once it is read back.
        Cancelled: the watch said so.
    """
    if not order:
        raise BadInput("expected at least one unit to remove, got none")
    check_free(folder)
    units = {layer: sorted(set(numbers)) for layer, numbers in by_layer(order).items()}
    check_units(units, network.sizes)
    ablated, about = ablated or Evaluator(network.model), about or About()
    ablated.check(units)
    live = ablated.predict(images, units, watch=watch)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as temporary:
        made = Path(temporary) / "network"
        silenced, reason = _weights(made, network, units, images, live, ablated.rule)
        if silenced is None:
            shutil.rmtree(made, ignore_errors=True)
            _write(made, network, network.model.state_dict(), units=units, means=ablated.means)
            different = _different(made, network, images, live)
            if different:
                raise BadInput(
                    f"expected the written network to predict as the ablated one does, got "
                    f"{different} of {images.count} images otherwise: {reason}"
                )
        text = card(
            network.subject.name,
            network.weights,
            {unit: about.descriptions.get(unit, "") for unit in order},
            silenced,
            reason=reason,
            images=images.count,
            rows=about.rows,
            warnings=about.warnings,
        )
        (made / "CARD.md").write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    way: Literal["weights", "wrapper"] = "wrapper" if silenced is None else "weights"
    accuracy = float((live == images.labels).mean()) if images.labels is not None else None
    return Exported(folder, way, reason, images.count, accuracy)


def _weights(
    made: Path,
    network: Network,
    units: Mapping[str, Sequence[int]],
    images: Images,
    live: Predictions,
    rule: Rule,
) -> tuple[Edited | None, str]:
    """Write the network with its weights changed; what was changed, or None and why not."""
    if rule != "zero":
        return None, "only zero can be written into weights, and these units keep their mean"
    try:
        silenced = edit(network.model, units, _first(images))
    except BadInput as error:
        return None, str(error)
    _write(made, network, silenced.state)
    different = _different(made, network, images, live)
    if different:
        return None, f"the edited weights predict {different} of {images.count} images otherwise"
    return silenced, ""


def check_free(folder: Path) -> None:
    """Raise BadInput unless the folder is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"expected an empty or new folder for the edited network, got {folder}")


def pack(folder: Path) -> Path:
    """Put an exported folder into a zip file beside it; equal files give equal bytes."""
    path = folder.with_name(folder.name + ".zip")
    temporary = path.with_name(f".{path.name}.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            # the date is the first that a zip file knows: when it was made is not what it is
            entry = zipfile.ZipInfo(f"{folder.name}/{file.name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    temporary.replace(path)
    return path


def subject_text(subject: Subject, *, name: str, factory: str, kwargs: Mapping[str, Any]) -> str:
    """A SUBJECT.toml of the same preparation, layers and classes, over `WEIGHTS`."""
    values: dict[str, Any] = {
        "name": name,
        "factory": factory,
        "kwargs": dict(kwargs),
        "weights": WEIGHTS,
        "layers": list(subject.layers),
        "image_size": subject.image_size,
        "resize_size": subject.resize_size,
        "mean": list(subject.mean),
        "std": list(subject.std),
        "classes": list(subject.classes),
        "axis": subject.axis.get("") if set(subject.axis) == {""} else dict(subject.axis),
        "prefix_tokens": subject.prefix_tokens,
    }
    kept = {key: value for key, value in values.items() if value not in (None, {})}
    try:
        return tomli_w.dumps(kept)
    except TypeError as error:
        raise BadInput(f"expected arguments that a subject file can hold, got {error}") from error


def _write(
    folder: Path,
    network: Network,
    state: Mapping[str, Tensor],
    *,
    units: Mapping[str, Sequence[int]] | None = None,
    means: Mapping[str, Tensor] | None = None,
) -> None:
    """Write weights and subject file; with units, the wrapper that silences them as well."""
    from safetensors.torch import save_file

    folder.mkdir()
    kept = {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}
    save_file(kept, folder / WEIGHTS)
    subject = network.subject
    factory, kwargs = subject.factory, dict(subject.kwargs)
    factory = bring_factory(folder, subject.source.parent, factory, kwargs)
    if units is not None:
        name = f"edited_{len(list(folder.glob('edited*.py'))) + 1}.py"
        shutil.copyfile(Path(wrapper.__file__), folder / name)
        kwargs = {
            "factory": factory,
            "arguments": kwargs,
            "units": units,
            "places": _places(network, units),
        }
        if means is not None:
            kwargs["values"] = {layer: means[layer][units[layer]].tolist() for layer in units}
        factory = f"{name}:build"
    text = subject_text(subject, name=f"{subject.name}-edited", factory=factory, kwargs=kwargs)
    (folder / "SUBJECT.toml").write_text(text, encoding="utf-8")


def _places(network: Network, units: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
    """Where the units of each layer are, as the wrapper takes it."""
    known = catalogue.known(network.model)
    assert known is not None, "an opened network's layers were found"
    return {
        layer.name: {"module": layer.path, "call": layer.number, "axis": layer.unit_axis}
        for layer in catalogue.find(known, units)
    }


def bring_factory(folder: Path, beside: Path, factory: str, kwargs: Mapping[str, Any]) -> str:
    """Copy the factory's file beside the weights, when it is a file; returns how it is called.

    A network that was exported before brings the factory inside its wrapper as well.
    """
    where, _, name = factory.rpartition(":")
    if not where.endswith(".py"):
        return factory
    source = (beside / where).resolve()
    shutil.copyfile(source, folder / source.name)
    inner = kwargs.get("factory")
    if isinstance(inner, str) and ".py:" in inner:
        bring_factory(folder, source.parent, inner, kwargs.get("arguments", {}))
    return f"{source.name}:{name}"


def _different(folder: Path, network: Network, images: Images, live: Predictions) -> int:
    """On how many images the network that is read from the folder predicts something else."""
    try:
        model = factory.build(definition.read(folder / "SUBJECT.toml"), device=network.device)
    except (ImportError, FileNotFoundError) as error:
        raise BadInput(
            f"expected a factory that can be read away from the files around it, got "
            f"{network.subject.factory}: {error}; make it a module that is installed"
        ) from error
    return int(np.count_nonzero(Evaluator(model).predict(images) != live))


def _first(images: Images) -> Iterator[Tensor]:
    """The batches up to some hundred images: enough to hold logits against each other."""
    seen = 0
    for batch in images.batches():
        yield batch
        seen += len(batch)
        if seen >= CHECKED_LOGITS:
            return
