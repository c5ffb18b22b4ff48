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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from torch import Tensor

from audits.ablation.engine.hooks import Rule, check_units
from audits.ablation.engine.units import Predictions, by_layer
from audits.edit import carry, wrapper
from audits.edit.weights import Edited, card, edit
from audits.network.evaluation import Evaluator
from audits.network.images import Images, Network
from audits.network.labels import correct
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.layers import catalogue
from describer.subjects import code, definition, factory

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
        silenced, reason, outside = _weights(made, network, units, images, live, ablated.rule)
        if silenced is None:
            shutil.rmtree(made, ignore_errors=True)
            state = network.model.state_dict()
            outside = _write(made, network, state, units=units, means=ablated.means)
            different = _different(made, network, images, live, outside)
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
            warnings=[*about.warnings, *(f"It needs the installed module {f}." for f in outside)],
        )
        (made / "CARD.md").write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    way: Literal["weights", "wrapper"] = "wrapper" if silenced is None else "weights"
    accuracy = float(correct(live, images.labels).mean()) if images.labels is not None else None
    return Exported(folder, way, reason, images.count, accuracy)


def _weights(
    made: Path,
    network: Network,
    units: Mapping[str, Sequence[int]],
    images: Images,
    live: Predictions,
    rule: Rule,
) -> tuple[Edited | None, str, tuple[str, ...]]:
    """Write the network with its weights changed; what was changed, or None and why not.

    The last are the files of the user's code that were left where they are.
    """
    if rule != "zero":
        return None, "only zero can be written into weights, and these units keep their mean", ()
    try:
        silenced = edit(network.model, units, _first(images))
    except BadInput as error:
        return None, str(error), ()
    outside = _write(made, network, silenced.state)
    different = _different(made, network, images, live, outside)
    if different:
        return (
            None,
            f"the edited weights predict {different} of {images.count} images otherwise",
            (),
        )
    return silenced, "", outside


def check_free(folder: Path) -> None:
    """Raise BadInput unless the folder is new or empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput(f"expected an empty or new folder for the edited network, got {folder}")


def pack(folder: Path) -> Path:
    """Put an exported folder into a zip file beside it; equal files give equal bytes."""
    path = folder.with_name(folder.name + ".zip")
    temporary = path.with_name(f".{path.name}.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            # the date is the first that a zip file knows: when it was made is not what it is
            entry = zipfile.ZipInfo(
                f"{folder.name}/{file.relative_to(folder).as_posix()}", (1980, 1, 1, 0, 0, 0)
            )
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    temporary.replace(path)
    return path


def _write(
    folder: Path,
    network: Network,
    state: Mapping[str, Tensor],
    *,
    units: Mapping[str, Sequence[int]] | None = None,
    means: Mapping[str, Tensor] | None = None,
) -> tuple[str, ...]:
    """Write code, weights and subject file; with units, the wrapper that silences them as well.

    Returns the files of the user's code that were left where Python finds them.
    """
    folder.mkdir()
    carried = carry.carry(folder, network.subject, network.model)
    subject = carry.save_state(carried.subject, state)
    if units is not None:
        name = f"edited_{len(list(folder.glob('edited*.py'))) + 1}.py"
        shutil.copyfile(Path(wrapper.__file__), folder / name)
        kwargs: dict[str, Any] = {
            "factory": subject.factory,
            "arguments": subject.kwargs,
            "units": units,
            "places": _places(network, units),
        }
        if factory.loads_itself(subject):
            kwargs["saved"] = carry.SAVED
        if means is not None:
            kwargs["values"] = {layer: means[layer][units[layer]].tolist() for layer in units}
        subject = replace(subject, factory=f"{name}:build", kwargs=kwargs)
    carry.write_subject(replace(subject, name=f"{subject.name}-edited"))
    return carried.outside


def _places(network: Network, units: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
    """Where the units of each layer are, as the wrapper takes it."""
    known = catalogue.known(network.model)
    assert known is not None, "an opened network's layers were found"
    return {
        layer.name: {"module": layer.path, "call": layer.number, "axis": layer.unit_axis}
        for layer in catalogue.find(known, units)
    }


def _different(
    folder: Path, network: Network, images: Images, live: Predictions, outside: Sequence[str]
) -> int:
    """On how many images the network that is read from the folder predicts something else."""
    subject = definition.read(folder / "SUBJECT.toml")
    try:
        model = factory.build(subject, device=network.device)
    except BadInput as error:
        raise BadInput(
            f"expected {network.subject.factory} to be built from copies of its code and weights: "
            f"{error}"
        ) from error
    finally:
        for cached in list(folder.rglob("__pycache__")):
            shutil.rmtree(cached, ignore_errors=True)
    for file in sorted(code.files(subject, model)):
        if not file.is_relative_to(folder.resolve()) and str(file) not in outside:
            raise BadInput(
                f"expected {network.subject.factory} to be built from copies of its code, it still "
                f"imports {file}"
            )
    return int(np.count_nonzero(Evaluator(model).predict(images) != live))


def _first(images: Images) -> Iterator[Tensor]:
    """The batches up to some hundred images: enough to hold logits against each other."""
    seen = 0
    for batch in images.batches():
        yield batch
        seen += len(batch)
        if seen >= CHECKED_LOGITS:
            return
