"""What a job of kind `faithfulness` does: do units act where their descriptions hold?

    jobs.work(workspace, {"faithfulness": faithfulness})

On each image a unit has an activation (the greatest over positions), and its sentence holds to some
degree. A faithful sentence finds the images on which the unit is most active: its AUPRC stands
beside that of a sentence that holds everywhere, and of other units' sentences. Where a sentence
holds is known exactly for the demo's own images; elsewhere it is judged by how like it is to the
name of the image's class, which knows nothing of colours, parts or textures, and says so.

A unit that is alike active on all images gets what chance gives.

AUPRC and correlation are used because they notice labels that are too wide or too narrow; areas
under the ROC curve alone do not.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.studies.sources import Row, Seen, Study, look, open_study, read, write
from db.describe import faithfulness as kept
from db.describe import subjects
from db.describe.faithfulness import Score
from db.jobs import Handle
from db.workspace import open_database
from describer.demo.checks import scores
from describer.demo.world import albums, scene
from describer.demo.world.truth import Atlas

TRUTH = "the demo world's truth"
SHOWN = 5
# AUPRC, AUROC, correlation, constant and shuffled where a unit is alike active on all images: no
# sentence can say where it is active.
CHANCE = (scores.ACTIVE_SHARE, 0.5, 0.0, scores.ACTIVE_SHARE, scores.ACTIVE_SHARE)

# How far a sentence holds in each image: float (images,).
Holds = Callable[[int], NDArray[np.float64]]


def faithfulness(handle: Handle) -> dict[str, Any]:
    """Score every sentence of the plan, keep the scores, and return what they come to.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    seen = look(handle, study, study.plan.images, pooling="max")
    judge, holds = _judge(handle, study, seen)
    generator = np.random.default_rng(study.plan.seed)
    known: dict[int, NDArray[np.float64]] = {}

    def held(row: int) -> NDArray[np.float64]:
        # The first unit of a sentence stands for all that bear it.
        first = texts[study.said[row].text]
        if first not in known:
            known[first] = holds(first)
        return known[first]

    texts: dict[str, int] = {}
    for row, each in enumerate(study.said):
        texts.setdefault(each.text, row)
    found, silent = [], 0
    for row, each in enumerate(study.said):
        handle.watch.progress(row, len(study.said), "scoring descriptions")
        active = seen.active[:, row]
        strongest = scores.strongest(active, seed=study.plan.seed)
        others = [
            other
            for other in range(len(study.said))
            if study.said[other].layer == each.layer and study.said[other].text != each.text
        ]
        drawn = generator.permutation(others)[: study.plan.controls].tolist()
        if not strongest.any():
            silent += 1
            found.append(Score(each.description_id, judge, study.plan.images, *CHANCE))
            continue
        shuffled = [scores.auprc(strongest, held(other)) for other in drawn]
        found.append(
            Score(
                each.description_id,
                judge,
                study.plan.images,
                scores.auprc(strongest, held(row)),
                scores.auroc(strongest, held(row)),
                scores.correlation(active.astype(np.float64), held(row)),
                float(strongest.mean()),
                float(np.mean(shuffled)) if shuffled else float(strongest.mean()),
            )
        )
    with open_database(handle.workspace) as db:
        kept.add(db, found)
    rows: list[Row] = [("layer", "unit", "auprc", "auroc", "correlation", "constant", "shuffled")]
    rows[0] = (*rows[0], "text")
    for each, score in zip(study.said, found, strict=True):
        numbers = (score.auprc, score.auroc, score.correlation, score.constant, score.shuffled)
        rows.append((each.layer, each.unit, *numbers, each.text))
    return {
        **_summary(study, found),
        "judge": judge,
        "silent": silent,
        "image_count": len(seen.paths),
        "images": study.plan.images,
        "file": write(handle, rows),
    }


def _judge(handle: Handle, study: Study, seen: Seen) -> tuple[str, Holds]:
    """Who says where the sentence of a row holds, and how far it does in each image."""
    with open_database(handle.workspace) as db:
        folder = subjects.get_probing_set(db, study.plan.images)
    album = next((each for each in albums.IMAGES if each.name == folder.name), None)
    if album is not None and folder.origin == "demo":
        handle.watch.progress(0, 0, "asking what is true")
        numbers = [int(Path(path).stem) for path in seen.paths]
        scenes = scene.render_many(album.split, numbers, variant=album.variant)
        truth = scores.Holdings(Atlas.of(scenes))
        return TRUTH, lambda row: truth.of(study.said[row].text)
    texts = [each.text for each in study.said]
    known = read(handle, [*texts, *seen.classes])
    # (sentences, classes)
    products = known.vectors[: len(texts)] @ known.vectors[len(texts) :].T

    def like_its_class(row: int) -> NDArray[np.float64]:
        return np.asarray(products[row][seen.labels], dtype=np.float64)

    return f"likeness to the images' classes, by {known.source}", like_its_class


def _summary(study: Study, found: list[Score]) -> dict[str, Any]:
    """Means by layer with intervals over units, and the most and the least faithful sentences."""
    layers = {}
    for layer in ("", *dict.fromkeys(each.layer for each in study.said)):
        own = [s for s, each in zip(found, study.said, strict=True) if layer in ("", each.layer)]
        layers[layer or "all"] = {
            "units": len(own),
            **{
                name: _estimate([getattr(score, name) for score in own])
                for name in ("auprc", "constant", "shuffled", "auroc", "correlation")
            },
        }
    order = sorted(range(len(found)), key=lambda row: -found[row].auprc)

    def shown(rows: list[int]) -> list[dict[str, Any]]:
        return [
            {
                "unit_id": study.said[row].unit_id,
                "name": f"{study.said[row].layer}-{study.said[row].unit}",
                "text": study.said[row].text,
                "score": found[row].auprc,
            }
            for row in rows
        ]

    return {
        "subject": study.plan.subject,
        "method": study.plan.method,
        "units": len(study.said),
        "layers": layers,
        "most": shown(order[:SHOWN]),
        "least": shown(order[-SHOWN:][::-1]),
    }


def _estimate(values: list[float]) -> dict[str, float]:
    found = scores.mean(np.array(values))
    return {"value": found.value, "low": found.low, "high": found.high}
