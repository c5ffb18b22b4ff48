"""What a job of kind `faithfulness` does: do units act where their descriptions hold?

    jobs.work(workspace, {"faithfulness": faithfulness})

Where a sentence holds is known exactly for the demo's own images; elsewhere it is judged by how
like it is to the name of the image's class, which knows nothing of colours, parts or textures, and
says so.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.studies.faithfulness import Judge, extremes, layers, score
from audits.studies.material import Row, Seen, Study, look, open_study, read, write
from audits.studies.results import Faithfulness
from db.describe import faithfulness as kept
from db.describe import subjects
from db.jobs import Handle
from db.workspace import open_database
from describer.demo.checks import scores
from describer.demo.world import albums, scene
from describer.demo.world.truth import Atlas

TRUTH = "the demo world's truth"


def faithfulness(handle: Handle) -> dict[str, Any]:
    """Score every sentence of the plan, keep the scores, and return what they come to.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    plan = study.plan
    seen = look(handle, study, plan.images, pooling="max")
    judge = _judge(handle, study, seen)
    found = score(
        study.said,
        seen.active,
        judge,
        images=plan.images,
        controls=plan.controls,
        seed=plan.seed,
        watch=handle.watch,
    )
    with open_database(handle.workspace) as db:
        kept.add(db, found.scores)
    rows: list[Row] = [
        ("layer", "unit", "auprc", "auroc", "correlation", "constant", "shuffled", "text")
    ]
    for said, its in zip(study.said, found.scores, strict=True):
        numbers = (its.auprc, its.auroc, its.correlation, its.constant, its.shuffled)
        rows.append((said.layer, said.unit, *numbers, said.text))
    most, least = extremes(study.said, found.scores)
    return Faithfulness(
        subject=plan.subject,
        method=plan.method,
        images=plan.images,
        image_count=len(seen.paths),
        units=len(study.said),
        judge=judge.name,
        layers=layers(study.said, found.scores),
        most=most,
        least=least,
        silent=found.silent,
        file=write(handle, rows),
    ).to_json()


def _judge(handle: Handle, study: Study, seen: Seen) -> Judge:
    """Who says where the sentence of a row holds, and how far it does in each image."""
    with open_database(handle.workspace) as db:
        folder = subjects.get_probing_set(db, study.plan.images)
    album = next((known for known in albums.IMAGES if known.name == folder.name), None)
    if album is not None and folder.origin == "demo":
        handle.watch.progress(0, 0, "asking what is true")
        numbers = [int(Path(path).stem) for path in seen.paths]
        scenes = scene.render_many(album.split, numbers, variant=album.variant)
        truth = scores.Holdings(Atlas.of(scenes))
        return Judge(TRUTH, lambda row: truth.of(study.said[row].text))
    texts = [said.text for said in study.said]
    known = read(handle, [*texts, *seen.classes])
    # (sentences, classes)
    products = known.vectors[: len(texts)] @ known.vectors[len(texts) :].T

    def like_its_class(row: int) -> NDArray[np.float64]:
        return np.asarray(products[row][seen.labels], dtype=np.float64)

    return Judge(f"likeness to the images' classes, by {known.source}", like_its_class)
