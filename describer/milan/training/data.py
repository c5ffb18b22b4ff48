"""What MILAN is trained on: annotated units of folders of exemplars, as features and sentences.

    annotations, understood = read_annotations(Path("annotations.csv"))
    lessons = gather([Annotated(folder, annotations)], encoder)
    trained = train(lessons.features, lessons.references, encoder)

Annotations are `layer,unit,summary`, a row a sentence; further columns are not read.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from db import unit_tables
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.milan.encoder import PyramidEncoder
from describer.milan.features import ExemplarSource, encode

Annotations = Mapping[Unit, Sequence[str]]


@dataclass(frozen=True)
class Annotated:
    """Exemplars, and what people wrote about their units: (layer, unit) -> sentences."""

    source: ExemplarSource
    annotations: Annotations


@dataclass(frozen=True)
class Lessons:
    """What a model is trained on.

    Attributes:
        features: float32 (units, images, feature_size).
        references: for each unit its annotations.
        left_out: annotated units without exemplars, or with fewer images than the others.
        units: which they are, in the same order.
    """

    features: Tensor
    references: list[list[str]]
    left_out: int
    units: tuple[Unit, ...] = ()


def read_annotations(path: Path) -> tuple[dict[Unit, list[str]], str]:
    """Read a table of annotations; rows without a sentence are passed over.

    Returns:
        The sentences of every unit, and how the table was read where it is not spelled as ours are.

    Raises:
        BadInput: as `db.unit_tables.read`, or no sentence at all.
    """
    annotations: dict[Unit, list[str]] = {}
    table = unit_tables.read(path, prefer=unit_tables.SUMMARY, several=True)
    for said in table.rows:
        if said.text.strip():
            annotations.setdefault(said.place, []).append(said.text.strip())
    if not annotations:
        raise BadInput(f"expected annotations in {path}, got no row with a sentence")
    return annotations, table.understood


def gather(
    annotated: Sequence[Annotated],
    encoder: PyramidEncoder,
    *,
    watch: Watch | None = None,
) -> Lessons:
    """Encode the exemplars of all annotated units.

    Args:
        annotated: folders of exemplars with their annotations.
        encoder: whose features the model will read.
        watch: as for `encode`, a folder at a time.

    Raises:
        BadInput: annotations of none of a folder's layers, or of a unit that it does not have.
    """
    features: list[Tensor] = []
    counts: list[int] = []
    references: list[list[str]] = []
    places: list[Unit] = []
    for part in annotated:
        wanted = _wanted(part)
        encoded = encode(part.source, encoder, wanted, watch=watch)
        for layer, units in encoded.items():
            features += list(units.features)
            counts += units.present.sum(axis=1).tolist()
            references += [list(part.annotations[layer, int(unit)]) for unit in units.units]
            places += [(layer, int(unit)) for unit in units.units]
    # Units of one batch have the same number of images; nearly always all have k.
    usual = max(Counter(counts).items(), key=lambda item: (item[1], item[0]))[0]
    if not usual:
        raise BadInput("expected annotated units with exemplars, got units without any")
    kept = np.flatnonzero(np.asarray(counts) == usual).tolist()
    return Lessons(
        features=torch.stack([features[row][:usual] for row in kept]),
        references=[references[row] for row in kept],
        left_out=sum(len(part.annotations) for part in annotated) - len(kept),
        units=tuple(places[row] for row in kept),
    )


def _wanted(part: Annotated) -> dict[str, list[int]]:
    """The annotated units of the layers that there are exemplars of, by layer."""
    wanted: dict[str, list[int]] = {}
    for layer, unit in sorted(part.annotations):
        if layer not in part.source.layers:
            continue
        if unit >= part.source.units(layer):
            raise BadInput(
                f"expected annotations of units 0 to {part.source.units(layer) - 1} of {layer}, "
                f"got one of unit {unit}"
            )
        wanted.setdefault(layer, []).append(unit)
    if not wanted:
        others = sorted({layer for layer, _ in part.annotations})
        raise BadInput(
            f"expected annotations of the layers {', '.join(part.source.layers)}, "
            f"got annotations of {', '.join(others)}"
        )
    return wanted
