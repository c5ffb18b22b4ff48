"""What a job of kind `faithfulness` does: do units act where their descriptions hold?

    jobs.work(workspace, {"faithfulness": faithfulness})

Who says where a sentence holds is the best judge that is there for these images: the truth about
the demo's, a set of concepts, an image-text model, or how like a sentence is to the name of the
image's class, which knows nothing of colours, parts or textures. The judge is named.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.studies.faithfulness import extremes, layers, score
from audits.studies.material import (
    Row,
    Seen,
    Study,
    look,
    open_study,
    read,
    source_of_vectors,
    write,
)
from audits.studies.results import Faithfulness
from db.describe import faithfulness as kept
from db.describe import subjects
from db.errors import BadInput
from db.jobs import Handle
from db.workspace import open_database
from describer.faithfulness.judges import opening
from describer.faithfulness.judges.shape import Held
from describer.images import probing


def faithfulness(handle: Handle) -> dict[str, Any]:
    """Score every sentence of the plan, keep the scores, and return what they come to.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    plan = study.plan
    seen = look(handle, study, plan.images, pooling="max")
    judge, held = _judged(handle, study, seen)
    found = score(
        study.said,
        seen.active,
        held,
        judge=judge,
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
        judge=judge,
        layers=layers(study.said, found.scores),
        most=most,
        least=least,
        silent=found.silent,
        file=write(handle, rows),
    ).to_json()


def _judged(handle: Handle, study: Study, seen: Seen) -> tuple[str, Held]:
    """Who says where sentences hold, and where that is on the images that could be read."""

    def vectors(texts: Sequence[str]) -> NDArray[np.floating]:
        return read(handle, texts).vectors

    with open_database(handle.workspace) as db:
        folder = probing.open_folder(subjects.get_probing_set(db, study.plan.images).root)
        given = opening.Images(
            folder,
            study.network.subject,
            handle.workspace.models,
            str(study.network.device),
            vectors,
            source_of_vectors(handle),
        )
        with opening.opened("", given, handle.watch, db=db) as judge:
            if judge is None:
                raise BadInput(f"expected images whose classes are known, got {study.plan.images}")
            held = judge.hold(sorted({one.text for one in study.said}), handle.watch)
    place = {path: row for row, path in enumerate(folder.paths)}
    return judge.name, held.part(np.array([place[path] for path in seen.paths], dtype=np.int64))
