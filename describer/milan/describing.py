"""Describing a whole folder of exemplars, a batch of units at a time.

    for batch in describe(folder, model, layers=["layer4"]):
        for unit in batch:
            store(unit.layer, unit.unit, unit.description)
    described, vanished = describe_folder(folder, model, Path("descriptions.csv"))

Batches come as soon as they are described, so that the caller can commit as it goes and leave out
what it has when it starts again. Units whose exemplars are all missing are not described.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from db import tables
from db.arrays import new_file
from db.errors import BadInput
from db.jobs import Watch
from describer.milan.features import Encoded, ExemplarSource, encode, images_of
from describer.milan.model import BATCH_UNITS, Description, Model

COLUMNS = ("layer", "unit", "description", "score", "log_p_given_e", "log_p")
MEMORY_LIMIT = 1 << 30  # bytes of features held at once


@dataclass(frozen=True)
class SearchOptions:
    """How sentences are searched for; see Model.describe_features.

    Attributes:
        strategy: "rerank", "beam", "greedy", "beam_mi" or "greedy_mi".
        beam_size: hypotheses a unit.
        temperature: weight of log p(d).
        downsampling: of masks, "bilinear" or "area"; None: as the checkpoint was trained.
    """

    strategy: str = "rerank"
    beam_size: int = 50
    temperature: float = 0.2
    downsampling: str | None = None


@dataclass(frozen=True)
class UnitDescription:
    """A described unit.

    Attributes:
        layer: the unit's layer.
        unit: its index in the layer.
        description: what was said, with all candidates.
        images: how many exemplars the unit has.
        vanished: for each layer of the encoder, on how many of these images the mask was lost by
            downsampling, so that this part of the features was zero.
    """

    layer: str
    unit: int
    description: Description
    images: int
    vanished: tuple[int, ...]


def describe(
    source: ExemplarSource,
    model: Model,
    *,
    layers: Sequence[str] | None = None,
    units: Mapping[str, Sequence[int]] | None = None,
    options: SearchOptions | None = None,
    memory_limit: int = MEMORY_LIMIT,
    watch: Watch | None = None,
) -> Iterator[list[UnitDescription]]:
    """Describe units of a folder, layer by layer.

    Each distinct image is encoded once for as many units as fit into memory_limit, which is all of
    them for some 4,500 units of the published encoder.

    Args:
        source: the exemplars.
        model: the MILAN model; the encoder runs where it does.
        layers: which layers; by default all of the folder.
        units: layer -> which units of it; by default all. Layers that it leaves out are whole.
        options: how sentences are searched for.
        memory_limit: bytes of features held at once.
        watch: told images and units done and in all; asked before every batch of either.

    Yields:
        The units of a batch, in the order of layers and indices.

    Raises:
        BadInput: a layer or unit that the folder does not have, or an encoder that does not fit.
        Cancelled: the watch said so.
    """
    watch = watch or Watch()
    chosen = _chosen(source, layers, units)
    options = options or SearchOptions()
    encoder = model.encoder(downsampling=options.downsampling)
    groups = list(_groups(source, chosen, model.decoder.config.feature_size * 4, memory_limit))
    images = [images_of(source, group) for group in groups]
    total = sum(images) + sum(map(len, chosen.values()))
    done = 0

    def report(more: int, message: str) -> None:
        watch.progress(done + more, total, message)

    for group, group_images in zip(groups, images, strict=True):
        encoded = encode(
            source,
            encoder,
            group,
            watch=Watch(lambda more, _of, message: report(more, message), watch.cancelled),
        )
        done += group_images
        for layer, part in encoded.items():
            for rows in _batches(part):
                watch.check(f"before unit {part.units[rows[0]]} of {layer}")
                yield _describe_rows(model, layer, part, rows, options)
                report(int(rows[-1]) + 1, f"describing {layer}")
            done += len(part.units)
    report(0, "done")


def describe_folder(
    source: ExemplarSource,
    model: Model,
    table: Path,
    *,
    layers: Sequence[str] | None = None,
    units: Sequence[int] | None = None,
    options: SearchOptions | None = None,
    watch: Watch | None = None,
) -> tuple[int, int]:
    """Describe units of a folder and write one row each; the table appears whole or not at all.

    Args:
        source: the exemplars.
        model: the MILAN model.
        table: a CSV file with the columns layer, unit, description, score, log_p_given_e, log_p.
        layers: by default all.
        units: of these layers, in this order; by default all.
        options: how sentences are searched for.
        watch: as for `describe`.

    Returns:
        How many units were described, and on how many of them every mask was lost at some layer of
        the encoder.
    """
    described, vanished = 0, 0
    chosen = None if units is None else dict.fromkeys(layers or source.layers, units)

    def rows() -> Iterator[list[object]]:
        nonlocal described, vanished
        for batch in describe(
            source, model, layers=layers, units=chosen, options=options, watch=watch
        ):
            for unit in batch:
                said = unit.description
                best = said.candidates[0]
                scores = (said.score, best.log_p_given_e, best.log_p)
                yield [unit.layer, unit.unit, said.text, *map(_number, scores)]
                described += 1
                vanished += max(unit.vanished) == unit.images

    with new_file(table) as temporary:
        tables.write(temporary, COLUMNS, rows())
    return described, vanished


def _chosen(
    source: ExemplarSource,
    layers: Sequence[str] | None,
    units: Mapping[str, Sequence[int]] | None,
) -> dict[str, list[int]]:
    names = source.layers
    for layer in (*(layers or ()), *(units or {})):
        if layer not in names:
            raise BadInput(f"expected a layer of the exemplars, {', '.join(names)}, got {layer!r}")
    chosen = {}
    for layer in dict.fromkeys(layers if layers is not None else names):
        count = source.units(layer)
        wanted = list((units or {}).get(layer, range(count)))
        outside = [unit for unit in wanted if not 0 <= unit < count]
        if outside:
            raise BadInput(f"expected units 0 to {count - 1} of {layer}, got {outside[0]}")
        chosen[layer] = wanted
    return chosen


def _groups(
    source: ExemplarSource, chosen: Mapping[str, Sequence[int]], image_bytes: int, limit: int
) -> Iterator[dict[str, list[int]]]:
    """Cut the units into groups whose features fit into the limit, keeping their order."""
    group: dict[str, list[int]] = {}
    used = 0
    for layer, units in chosen.items():
        unit_bytes = source.exemplars(layer).ids.shape[1] * image_bytes
        for unit in units:
            if group and used + unit_bytes > limit:
                yield group
                group, used = {}, 0
            group.setdefault(layer, []).append(unit)
            used += unit_bytes
    if group:
        yield group


def _batches(encoded: Encoded) -> Iterator[list[int]]:
    """Rows that are described together: neighbours with the same number of exemplars."""
    counts = encoded.present.sum(axis=1)
    for count, rows in groupby(range(len(counts)), key=lambda row: int(counts[row])):
        alike = list(rows)
        for first in range(0, len(alike) if count else 0, BATCH_UNITS):
            yield alike[first : first + BATCH_UNITS]


def _describe_rows(
    model: Model, layer: str, encoded: Encoded, rows: list[int], options: SearchOptions
) -> list[UnitDescription]:
    present = encoded.present[rows]
    count = int(present[0].sum())
    # Exemplars that are there, in order: (units, k, size) -> (units, count, size).
    features = encoded.features[rows][present].reshape(len(rows), count, -1)
    descriptions = model.describe_features(
        features,
        strategy=options.strategy,
        beam_size=options.beam_size,
        temperature=options.temperature,
    )
    vanished = encoded.vanished[rows].sum(axis=1)
    return [
        UnitDescription(
            layer, int(unit), description, count, tuple(int(lost) for lost in np.asarray(losses))
        )
        for unit, description, losses in zip(
            encoded.units[rows], descriptions, vanished, strict=True
        )
    ]


def _number(value: float) -> float | None:
    """A score for the table, of six digits; None where there is none."""
    return None if math.isnan(value) else float(f"{value:.6g}")
