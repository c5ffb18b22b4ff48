"""The edit made for good: a network's state dict in which chosen units are silent.

    edited = edit(model, {"layer4": [5]}, batches)
    text = card("resnet18", weights, {("layer4", 5): "Text"}, edited, images=500)

The weights that make a unit, or all that take it on, become zero (removal.py says which). The
result fits the same architecture, and what the ablation gives is what it gives: that is checked
on images before the weights are handed out, and where it does not hold, the edit is refused with
the reason. Only "zero" can be made for good; "mean" has no such weights.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from audits.ablation.engine.hooks import Units, ablated, check_units
from audits.ablation.engine.rows import relative_difference
from audits.edit.removal import removal
from db.errors import BadInput

# The two networks sum the same numbers, except zeros.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Edited:
    """A state dict with units silenced for good, and how far it is from the live ablation.

    `changed` names the tensors that were changed. `difference` is the largest difference of two
    logits over the images it was checked on, relative to the largest logit.
    """

    state: Mapping[str, Tensor]
    changed: tuple[str, ...]
    difference: float
    images: int


def edit(model: nn.Module, units: Units, batches: Iterable[Tensor]) -> Edited:
    """Silence units in a copy of the network's weights, and check the copy against the ablation.

    Args:
        model: in evaluation mode; it is not changed.
        units: unit numbers by layer.
        batches: float (n, 3, H, W), to check on.

    Raises:
        BadInput: a layer whose units cannot be silenced by weights, with the reason, or an edit
            that gives other logits than the ablation.
    """
    twin = copy.deepcopy(model)
    state = twin.state_dict()
    changed: list[str] = []
    difference, images = 0.0, 0
    with torch.no_grad():
        for batch in batches:
            if not images:
                changed = _silence(model, state, units, batch)
            with ablated(model, units):
                live = model(batch)
            difference = max(difference, relative_difference(twin(batch), live))
            images += len(batch)
    if not images:
        raise BadInput("expected images to check the edited network on, got none")
    if not difference <= TOLERANCE:
        raise BadInput(
            f"expected the edited network to give the ablated one's logits on {images} images, "
            f"they differ by {difference:.1e} of the largest: another part of the network uses the "
            "same weights or values, so the units cannot be removed by weights alone"
        )
    return Edited(twin.state_dict(), tuple(dict.fromkeys(changed)), difference, images)


def card(
    name: str,
    weights: str,
    units: Mapping[tuple[str, int], str],
    edited: Edited | None,
    *,
    images: int,
    reason: str = "",
    rows: Iterable[tuple[str, str]] = (),
    warnings: Iterable[str] = (),
) -> str:
    """What was removed and what it cost, as Markdown.

    Args:
        name: of the network; `weights` is the hash of the unedited ones.
        units: (layer, unit) with its description, in the order of their ablation.
        edited: None where a wrapper silences the units, then `reason` says why.
        images: on how many the written network was compared with the live ablation.
        rows: what was measured, (what, value).
    """
    count = f"{len(units)} unit" + ("" if len(units) == 1 else "s")
    if edited is not None:
        how = (
            f"{count} of the network with weights `{weights}` "
            f"{'is' if len(units) == 1 else 'are'} silenced for good: "
            f"{len(edited.changed)} tensors were changed ({', '.join(edited.changed)}). "
            f"On {edited.images} images the edited network's logits differ from those of the live "
            f"ablation by at most {edited.difference:.1e} of the largest logit."
        )
    else:
        how = (
            f"{count} of the network with weights `{weights}` "
            f"{'is' if len(units) == 1 else 'are'} silenced while the network runs, by the "
            f"`.py` file beside the weights, which are the unedited ones: {_cell(reason)}."
        )
    removed = [f"| {layer} | {unit} | {_cell(text)} |" for (layer, unit), text in units.items()]
    measured = [f"| {_cell(what)} | {_cell(value)} |" for what, value in rows]
    parts = [
        f"# {_cell(name)}, edited",
        how,
        f"Read back from these files it predicts what the live ablation predicts on each of "
        f"{images} images. `SUBJECT.toml` says how it is built.",
        "## Removed units",
        "\n".join(["| layer | unit | description |", "|---|---|---|", *removed]),
    ]
    if measured:
        parts += ["## Cost", "\n".join(["| what | value |", "|---|---|", *measured])]
    parts += [
        "## Limits",
        "\n".join(
            [
                "- Removing units does not show that the network no longer uses what they were "
                "described with: other units may carry it.",
                *(f"- {_cell(warning)}" for warning in warnings),
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _silence(model: nn.Module, state: dict[str, Tensor], units: Units, images: Tensor) -> list[str]:
    """Set the units' places in the state dict to zero; returns the names of its tensors."""
    changed = []
    for layer, numbers in units.items():
        if not numbers:
            continue
        zeroings, size = removal(model, layer, images)
        check_units({layer: numbers}, {layer: size})
        for zeroing in zeroings:
            changed.append(zeroing.tensor)
            for unit in numbers:
                zeroing.apply(state, unit)
    return changed


def _cell(text: str) -> str:
    """Text as it is in a Markdown table: one line, no markup."""
    escaped = "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#" else letter for letter in text)
    return " ".join(escaped.split())
