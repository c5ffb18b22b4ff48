"""What a job of kind `spurious` does: the whole of MILAN's Section 7 from a folder of images.

    jobs.work(workspace, {"spurious": spurious})

Images with words, a network trained on them, its exemplars and sentences, its text units, and their
ablation beside the controls. The network, its images and its units enter the workspace as any
others do. Every step keeps what it made: a job that was stopped and is queued again goes on there.

Units are chosen twice: by words of their descriptions, which is the method, and by where their
masks lie, which needs to know where words were written and is the control for descriptions whose
model may not know such images.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from audits.ablation import job as ablation_job
from audits.ablation import plan as ablation_plans
from audits.ablation.engine.units import by_layer
from audits.find import words
from audits.network.evaluation import Cache, DatabaseStore, evaluate
from audits.network.images import open_images, open_network
from audits.spurious import plan as spurious_plan
from audits.spurious import steps as experiment
from audits.spurious import writing
from audits.spurious.plan import Settings, folder_of, set_name
from audits.spurious.steps import Made
from db.arrays import ImageStore
from db.audit import ablations
from db.describe import descriptions, exemplars, subjects
from db.jobs import Handle
from db.units import Unit
from db.workspace import open_database
from describer import english, shelf
from describer.describe import job as description_runs
from describer.describe import plan as description_plans
from describer.exemplars import layout
from describer.subjects import definition as files
from describer.subjects import devices, probing

STEPS = 6
MOST_UNITS = 1_000_000
CONCEPTS = {
    "descriptions": "text, word or letter in the description",
    "masks": "masks on written words",
}


@dataclass(frozen=True)
class _Named:
    """Units chosen in one of the two ways, and those of all units that could be."""

    by: str
    units: tuple[Unit, ...]


def spurious(handle: Handle) -> dict[str, Any]:
    """Run one experiment; returns its numbers and the ids of its ablations.

    Raises:
        BadInput, NotFound: the images, the network or the checkpoint cannot be used.
        Cancelled: the job was asked to stop; what was finished is kept.
    """
    settings = Settings(**handle.job.args)
    spurious_plan.check(settings)
    folder = folder_of(handle.workspace, settings.name)
    size = settings.size
    if settings.network.endswith(".toml"):
        size = files.read(Path(settings.network).expanduser()).image_size

    step = _step(handle, 1)
    made = experiment.make_sets(
        folder / "images",
        settings,
        size=size,
        progress=step.watch.progress,
        cancelled=step.watch.cancelled,
    )
    step = _step(handle, 2)
    subject_file = experiment.train_network(
        folder / "network",
        made.folders,
        settings,
        device=devices.choose(handle.job.device),
        progress=step.watch.progress,
        cancelled=step.watch.cancelled,
    )
    layers = files.read(subject_file).layers
    with open_database(handle.workspace) as db:
        shelf.enter_subject(db, subject_file)
        for name, root in made.folders.items():
            shelf.enter_images(db, root, name=set_name(settings.name, name))

    step = _step(handle, 3)
    described = _described(settings, layers)
    description_runs.describe(_with(step, asdict(described)))

    every, chosen, agreement = _choose(handle, settings, made, size)
    found = [
        {"by": each.by, "ablation_id": _ablate(_step(handle, 4 + place), settings, each)}
        for place, each in enumerate(chosen)
        if each.units
    ]
    looked = _clean(_step(handle, STEPS), settings, found)
    record = experiment.record_of(folder / "network")
    return {
        "name": settings.name,
        "images": {name: len(probing.open_folder(root)) for name, root in made.folders.items()},
        "skipped": [[each.path, each.reason] for each in made.skipped],
        "training": {
            "epochs": len(record["epochs"]),
            "best": record["best"],
            **record["epochs"][record["best"] - 1],
        },
        "units": {layer: len(numbers) for layer, numbers in by_layer(every).items()},
        "agreement": agreement,
        **looked,
    }


def _described(settings: Settings, layers: tuple[str, ...]) -> description_plans.Plan:
    """How the network's units are described."""
    return description_plans.Plan(
        settings.name,
        set_name(settings.name, "training"),
        settings.checkpoint,
        layers,
        k=settings.k,
        beam_size=settings.beam_size,
    )


def _choose(
    handle: Handle, settings: Settings, made: Made, size: int
) -> tuple[list[Unit], list[_Named], dict[str, Any]]:
    """All units; those chosen by descriptions and by masks; how far the two agree."""
    said: dict[Unit, str] = {}
    with open_database(handle.workspace) as db:
        checkpoint = subjects.get_checkpoint(db, settings.checkpoint)
        known = _described(settings, ()).known_by(checkpoint.hash)
        sets = exemplars.sets(db, subject=settings.name)
        for row in descriptions.page(db, subject=settings.name, limit=MOST_UNITS).rows:
            if row.model_hash == known:
                said[row.layer, row.unit] = row.text
    source = layout.read(
        handle.workspace.exemplars / sets[-1].folder, images=ImageStore(handle.workspace.images)
    )
    every = [(layer, unit) for layer in source.layers for unit in range(source.units(layer))]
    query = words.query_of(["preset:text"])
    nlp = english.load()
    matched = words.find(
        words.analyse(nlp, said.values()),
        query,
        forms=words.analyse(nlp, words.keywords_of(query)),
    )
    named = tuple(unit for unit in every if said.get(unit) in matched)
    root = made.folders["training"]
    written = writing.read(root)
    shares = experiment.written_shares(source, written, probing.open_folder(root).paths)
    base = experiment.base_rate(written, size)
    true = tuple(experiment.on_text(shares, base))
    both = len(set(named) & set(true))
    agreement = {
        "described": len(named),
        "on_words": len(true),
        "both": both,
        "precision": both / len(named) if named else None,
        "recall": both / len(true) if true else None,
        "base_rate": base,
        "examples": [
            [f"{layer}-{unit}", said.get((layer, unit), ""), shares.get((layer, unit))]
            for layer, unit in _examples(named, true)
        ],
    }
    return every, [_Named("descriptions", named), _Named("masks", true)], agreement


def _examples(named: Sequence[Unit], true: Sequence[Unit], count: int = 12) -> list[Unit]:
    """Some of the chosen units of either way, those of both first."""
    both = [unit for unit in named if unit in set(true)]
    return list(dict.fromkeys([*both, *named[:count], *true[:count]]))[: 2 * count]


def _ablate(handle: Handle, settings: Settings, chosen: _Named) -> int:
    """Ablate the chosen units as any listed ones are; returns the experiment's id."""
    with open_database(handle.workspace) as db:
        known = {
            (each.layer, unit.unit): unit.unit_id
            for each in exemplars.sets(db, subject=settings.name)
            for unit in exemplars.units_of(db, each.exemplar_set_id)
        }
    plan = ablation_plans.Plan(
        settings.name,
        CONCEPTS[chosen.by],
        set_name(settings.name, "validation"),
        set_name(settings.name, "adversarial"),
        controls=settings.controls,
        seed=settings.seed,
        sort_all=settings.sort_all,
        source="list",
    )
    args = {
        **asdict(plan),
        "places": [list(unit) for unit in chosen.units],
        "unit_ids": [known[unit] for unit in chosen.units],
    }
    return int(ablation_job.ablate(_with(handle, args))["ablation_id"])


def _clean(handle: Handle, settings: Settings, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy on the test images without words, of the network as it is and of each edit."""
    with open_database(handle.workspace) as db:
        row = subjects.get(db, settings.name)
        network = open_network(files.read(row.source), device=devices.choose(handle.job.device))
        cache = Cache(DatabaseStore(db), network.identity)
        test = {
            name: open_images(
                subjects.get_probing_set(db, set_name(settings.name, name)).root,
                network,
                name=name,
                progress=handle.watch.progress,
                cancelled=handle.watch.cancelled,
            )
            for name in ("clean", "adversarial")
        }

        def right(name: str, units: Sequence[Unit] = ()) -> float:
            return evaluate(
                network.model,
                test[name],
                units=by_layer(units),
                cache=cache,
                progress=handle.watch.progress,
                cancelled=handle.watch.cancelled,
            ).accuracy

        choices = []
        for each in found:
            summary = ablations.get(db, each["ablation_id"]).summary
            order = [(layer, unit) for layer, unit in summary["units"]]
            counts = {name: summary[name]["n_ablated"] for name in ("chosen", "best")}
            edits = {name: right("clean", order[:count]) for name, count in counts.items()}
            choices.append({**each, "clean": edits})
        return {
            "clean": right("clean"),
            "adversarial": right("adversarial"),
            "choices": choices,
        }


def _with(handle: Handle, args: dict[str, Any]) -> Handle:
    """The same job, asked for another thing."""
    return replace(handle, job=replace(handle.job, args=args))


def _step(handle: Handle, number: int) -> Handle:
    """The same job, whose progress says at which step it is."""

    def tell(done: int, total: int, message: str) -> None:
        handle.watch.progress(done, total, f"step {number} of {STEPS}, {message}")

    return replace(handle, watch=replace(handle.watch, progress=tell))
