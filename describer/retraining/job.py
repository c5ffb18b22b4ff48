"""MILAN trained on what a campaign collected: the loop of the paper, closed, as job `retrain`.

    jobs.enqueue(db, "retrain", {"campaign_id": 3, "checkpoint": "demo"}, …)

A fifth of the campaign's units is held out with all their sentences. A decoder and a language model
are trained from their beginnings on the others, with the features of the checkpoint's encoder, and
both the old and the new model describe the units that were held out. The new one becomes a
checkpoint of the workspace, whatever came out: the gain may be a loss, and is shown as what it is.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from db.access import users
from db.annotate import annotations, campaigns
from db.describe import exemplars, subjects
from db.describe.exemplars import UnitRow
from db.errors import BadInput
from db.jobs import Handle
from db.workspace import Workspace, open_database
from describer import milan, workspace_files
from describer.milan.checkpoints import folder as checkpoint_folder
from describer.milan.training import data, loop
from describer.milan.training.data import Annotated
from describer.retraining import gain
from describer.retraining.gain import Likeness
from describer.similarity import bertscore
from describer.subjects import devices

KIND = "retrain"
HELD_OUT = 0.2
LEAST = 10
EXAMPLES = 8


@dataclass(frozen=True)
class Lesson:
    """One unit with what people wrote of it."""

    unit: UnitRow
    sentences: tuple[str, ...]


def retrain(handle: Handle) -> dict[str, Any]:
    """Train on a campaign's sentences; returns the gain on held-out units, and a few of them.

    Raises:
        BadInput: fewer than LEAST units have a sentence and exemplars, or no such checkpoint.
        Cancelled: the job was asked to stop.
    """
    args, workspace = handle.job.args, handle.workspace
    with open_database(workspace) as db:
        name = campaigns.get(db, args["campaign_id"]).name
        lessons = collected(db, args["campaign_id"], simulated=bool(args.get("simulated")))
        source = _source(db, args["checkpoint"])
    held, seen = split(lessons, seed=int(args.get("seed", 0)))
    base = milan.load(source, device=devices.choose(handle.job.device))
    encoder = base.encoder()
    learned = data.gather(_annotated(workspace, seen), encoder, watch=handle.watch)
    tested = data.gather(_annotated(workspace, held), encoder, watch=handle.watch)
    config = loop.TrainingConfig(
        seed=int(args.get("seed", 0)), max_epochs=int(args.get("max_epochs", 100))
    )
    trained = loop.train(
        learned.features, learned.references, encoder, config=config, watch=handle.watch
    )
    handle.watch.check("before the held-out units are described")
    before = [each.text for each in base.describe_features(tested.features)]
    after = [each.text for each in trained.model.describe_features(tested.features)]
    likeness = None if args.get("words_alone") else _likeness()
    found = gain.measure(before, after, tested.references, likeness=likeness)
    made = f"retrained-{handle.job.job_id}"
    _keep(workspace, made, trained, name)
    return {
        "checkpoint": made,
        "base": args["checkpoint"],
        "trained_units": len(learned.references),
        "held_out_units": len(tested.references),
        "sentences": sum(map(len, learned.references)),
        "gain": found.to_json(),
        "examples": [
            {"before": one, "after": other, "people": people}
            for one, other, people in list(zip(before, after, tested.references, strict=True))[
                :EXAMPLES
            ]
        ],
    }


def collected(db: Database, campaign_id: int, *, simulated: bool = False) -> list[Lesson]:
    """The units of a campaign with the sentences that count, in the campaign's order.

    Those of simulated annotators only when asked for.
    """
    nobody = users.simulated(db)
    said: dict[int, list[str]] = defaultdict(list)
    for answer in annotations.of_campaign(db, campaign_id):
        counts = answer.slot is not None and answer.kind == "text" and not answer.withdrawn
        if counts and (simulated or answer.annotator not in nobody):
            said[answer.unit_id].append(answer.text)
    found = [
        Lesson(exemplars.unit(db, unit_id), tuple(said[unit_id]))
        for unit_id in campaigns.unit_ids(db, campaign_id)
        if unit_id in said
    ]
    return [lesson for lesson in found if lesson.unit.folder]


def split(lessons: Sequence[Lesson], *, seed: int) -> tuple[list[Lesson], list[Lesson]]:
    """Units that are held out, and those that are learned from.

    Raises:
        BadInput: there are fewer than LEAST.
    """
    if len(lessons) < LEAST:
        raise BadInput(
            f"expected at least {LEAST} units with sentences and exemplars to train on, got "
            f"{len(lessons)}"
        )
    order = list(range(len(lessons)))
    random.Random(seed).shuffle(order)
    cut = max(2, round(HELD_OUT * len(lessons)))
    held = set(order[:cut])
    return (
        [lesson for index, lesson in enumerate(lessons) if index in held],
        [lesson for index, lesson in enumerate(lessons) if index not in held],
    )


def _annotated(workspace: Workspace, lessons: Sequence[Lesson]) -> list[Annotated]:
    folders: dict[str, dict[tuple[str, int], Sequence[str]]] = defaultdict(dict)
    for lesson in lessons:
        folders[lesson.unit.folder][lesson.unit.layer, lesson.unit.unit] = lesson.sentences
    return [
        Annotated(workspace_files.open_source(workspace, folder), _mapping(said))
        for folder, said in folders.items()
    ]


def _likeness() -> Likeness | None:
    """BERTScore of sentences with their best reference; None: no language model is here."""
    try:
        scorer = bertscore.find()
    except BadInput:
        return None

    def alike(said: Sequence[str], truths: Sequence[Sequence[str]]) -> list[float]:
        pairs = [(text, truth) for text, own in zip(said, truths, strict=True) for truth in own]
        left, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        weights = scorer.weights([*left, *right])
        values = iter(scorer.pairs(left, right, weights, scorer.encode([*left, *right])))
        return [max(float(next(values)) for _ in own) for own in truths]

    return alike


def _mapping(said: Mapping[tuple[str, int], Sequence[str]]) -> data.Annotations:
    return said


def _source(db: Database, checkpoint: str) -> str:
    return (
        checkpoint if checkpoint == milan.DEMO else subjects.get_checkpoint(db, checkpoint).source
    )


def _keep(workspace: Workspace, made: str, trained: loop.Trained, campaign: str) -> None:
    """Write the checkpoint and let the workspace know it."""
    path = workspace.checkpoints / made
    checkpoint_folder.save(trained.model, path, training={**trained.record(), "campaign": campaign})
    with open_database(workspace) as db:
        workspace_files.enter_checkpoint(db, str(path), name=made)
