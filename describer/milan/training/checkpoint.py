"""From annotated exemplars to a checkpoint folder.

trained = train_checkpoint([Annotated(...)], encoder, Path("checkpoint"), sources={...})
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from db.jobs import Watch
from describer.milan.checkpoints import folder as checkpoint_folder
from describer.milan.encoder import PyramidEncoder
from describer.milan.training import loop
from describer.milan.training.data import Annotated, gather
from describer.milan.training.loop import Trained, TrainingConfig


def train_checkpoint(
    annotated: Sequence[Annotated],
    encoder: PyramidEncoder,
    folder: Path,
    *,
    sources: Mapping[str, Any],
    config: TrainingConfig | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train a model on annotated exemplars and save it.

    Args:
        annotated: folders of exemplars with their annotations.
        encoder: whose features the model reads; its weights go into the checkpoint.
        folder: the checkpoint, replaced when it is there.
        sources: what the exemplars and annotations were, for the checkpoint's provenance.
        config: by default the paper's.
        watch: as for `gather` and `train`.
    """
    lessons = gather(annotated, encoder, watch=watch)
    trained = loop.train(
        lessons.features,
        lessons.references,
        encoder,
        config=config,
        watch=watch,
    )
    record = {**trained.record(), **sources, "units_left_out": lessons.left_out}
    checkpoint_folder.save(trained.model, folder, training=record)
    return trained
