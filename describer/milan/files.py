"""The two things one does with MILAN and files: describe a folder into a table, train a checkpoint.

    described = describe_folder(folder, model, Path("descriptions.csv"))
    trained = train_checkpoint([Annotated(...)], encoder, Path("checkpoint"), sources={...})

What is written appears complete or not at all.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from db.arrays import new_file
from db.jobs import Progress
from describer.milan.checkpoints import folder as checkpoint_folder
from describer.milan.describing import SearchOptions, describe
from describer.milan.encoder import PyramidEncoder
from describer.milan.features import Cancel, ExemplarSource
from describer.milan.model import Model
from describer.milan.training import loop
from describer.milan.training.data import Annotated, gather
from describer.milan.training.loop import Trained, TrainingConfig

COLUMNS = ("layer", "unit", "description", "score", "log_p_given_e", "log_p")


def describe_folder(
    source: ExemplarSource,
    model: Model,
    table: Path,
    *,
    layers: Sequence[str] | None = None,
    options: SearchOptions | None = None,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> tuple[int, int]:
    """Describe all units of a folder and write one row each.

    Args:
        source: the exemplars.
        model: the MILAN model.
        table: a CSV file with the columns layer, unit, description, score, log_p_given_e, log_p.
        layers: by default all.
        options: how sentences are searched for.
        progress, cancelled: as for `describe`.

    Returns:
        How many units were described, and on how many of them every mask was lost at some layer of
        the encoder.
    """
    described, vanished = 0, 0
    with new_file(table) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for batch in describe(
            source, model, layers=layers, options=options, progress=progress, cancelled=cancelled
        ):
            for unit in batch:
                said = unit.description
                best = said.candidates[0]
                scores = (said.score, best.log_p_given_e, best.log_p)
                rows.writerow([unit.layer, unit.unit, said.text, *map(_number, scores)])
                described += 1
                vanished += max(unit.vanished) == unit.images
    return described, vanished


def train_checkpoint(
    annotated: Sequence[Annotated],
    encoder: PyramidEncoder,
    folder: Path,
    *,
    sources: Mapping[str, Any],
    config: TrainingConfig | None = None,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> Trained:
    """Train a model on annotated exemplars and save it.

    Args:
        annotated: folders of exemplars with their annotations.
        encoder: whose features the model reads; its weights go into the checkpoint.
        folder: the checkpoint, replaced when it is there.
        sources: what the exemplars and annotations were, for the checkpoint's provenance.
        config: by default the paper's.
        progress, cancelled: as for `gather` and `train`.
    """
    lessons = gather(annotated, encoder, progress=progress, cancelled=cancelled)
    trained = loop.train(
        lessons.features,
        lessons.references,
        encoder,
        config=config,
        progress=progress,
        cancelled=cancelled,
    )
    record = {**trained.record(), **sources, "units_left_out": lessons.left_out}
    checkpoint_folder.save(trained.model, folder, training=record)
    return trained


def _number(value: float) -> str:
    """A score for the table; empty where there is none."""
    return "" if math.isnan(value) else f"{value:.6g}"
