"""The spurious-text experiment: the whole of MILAN's Section 7 from a folder of images.

    result = run(workspace, Settings("cats", "/data/cats"), watch, device="cpu", person="ada")

Images with words, a network trained on them, its exemplars and sentences, its text units, and their
ablation beside the controls. The network, its images and its units enter the workspace as any
others do. Every step keeps what it made: an experiment that was stopped and is asked for again goes
on there.

Units are chosen twice: by words of their descriptions, which is the method, and by where their
masks lie, which needs to know where words were written and is the control for descriptions whose
model may not know such images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from audits.ablation import experiment as ablation
from audits.ablation import plan as ablation_plan
from audits.ablation import result as ablation_summary
from audits.ablation.engine.units import by_layer
from audits.ablation.plan import How, Request
from audits.find import words
from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.network.images import open_images, open_network
from audits.spurious import plan as spurious_plan
from audits.spurious import steps, writing
from audits.spurious.plan import Settings, folder_of, set_name
from audits.spurious.result import Agreement, Choice, Clean, Example, Result, Training
from audits.spurious.steps import Made
from db.arrays import ImageStore
from db.audit import ablations
from db.describe import descriptions, exemplars, subjects
from db.jobs import Watch
from db.units import Unit
from db.workspace import Workspace, open_database
from describer import english, workspace_files
from describer.describe import job as description_job
from describer.describe import plan as description_plan
from describer.exemplars import layout
from describer.images import probing
from describer.methods.options import MilanOptions
from describer.subjects import definition

STEPS = 6
MOST_UNITS = 1_000_000
CONCEPTS = {
    "descriptions": "text, word or letter in the description",
    "masks": "masks on written words",
}


class _Chosen(NamedTuple):
    """All units; those chosen in each of the two ways; how far the two agree."""

    every: list[Unit]
    by: Mapping[str, tuple[Unit, ...]]
    agreement: Agreement


def run(
    workspace: Workspace,
    settings: Settings,
    watch: Watch,
    *,
    device: str,
    person: str,
    job_id: int | None = None,
) -> Result:
    """Run one experiment.

    Args:
        job_id: of the job that asks; it finds the ablations that it began before it was stopped.

    Raises:
        BadInput, NotFound: the images, the network or the checkpoint cannot be used.
        Cancelled: the watch said so; what was finished is kept.
    """
    spurious_plan.check(settings)
    folder = folder_of(workspace, settings.name)
    size = settings.size
    if settings.network.endswith(".toml"):
        size = definition.read(Path(settings.network).expanduser()).image_size
    made = steps.make_sets(folder / "images", settings, size=size, watch=_step(watch, 1))
    subject_file = steps.train_network(
        folder / "network", made.folders, settings, device=device, watch=_step(watch, 2)
    )
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, subject_file)
        for name, root in made.folders.items():
            workspace_files.enter_images(db, root, name=set_name(settings.name, name))
    described = _described(settings, definition.read(subject_file).layers)
    description_job.run_plan(workspace, described, _step(watch, 3), device=device)
    chosen = _choose(workspace, settings, made, size)
    found = {
        by: ablation.run(
            workspace,
            _request(workspace, settings, by, units),
            _step(watch, 4 + place),
            device=device,
            person=person,
            job_id=job_id,
        )
        for place, (by, units) in enumerate(chosen.by.items())
        if units
    }
    clean, adversarial, choices = _clean(
        workspace, settings, found, _step(watch, STEPS), device=device
    )
    record = steps.record_of(folder / "network")
    return Result(
        settings.name,
        {name: len(probing.open_folder(root)) for name, root in made.folders.items()},
        tuple((each.path, each.reason) for each in made.skipped),
        Training(len(record["epochs"]), record["best"], **record["epochs"][record["best"] - 1]),
        {layer: len(numbers) for layer, numbers in by_layer(chosen.every).items()},
        chosen.agreement,
        clean,
        adversarial,
        choices,
    )


def _described(settings: Settings, layers: tuple[str, ...]) -> description_plan.Plan:
    """How the network's units are described."""
    return description_plan.Plan(
        settings.name,
        set_name(settings.name, "training"),
        layers,
        (_milan(settings),),
        k=settings.k,
    )


def _milan(settings: Settings) -> MilanOptions:
    return MilanOptions(settings.checkpoint, settings.beam_size)


def _choose(workspace: Workspace, settings: Settings, made: Made, size: int) -> _Chosen:
    """Choose units by descriptions and by masks."""
    said: dict[Unit, str] = {}
    with open_database(workspace) as db:
        checkpoint = subjects.get_checkpoint(db, settings.checkpoint)
        known = _milan(settings).known_by(checkpoint.hash)
        sets = exemplars.sets(db, subject=settings.name)
        for row in descriptions.page(db, subject=settings.name, limit=MOST_UNITS).rows:
            if row.model_hash == known:
                said[row.layer, row.unit] = row.text
    source = layout.read(workspace.exemplars / sets[-1].folder, images=ImageStore(workspace.images))
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
    shares = steps.written_shares(source, written, probing.open_folder(root).paths)
    base = steps.base_rate(written, size)
    true = tuple(steps.on_text(shares, base))
    both = len(set(named) & set(true))
    agreement = Agreement(
        described=len(named),
        on_words=len(true),
        both=both,
        precision=both / len(named) if named else None,
        recall=both / len(true) if true else None,
        base_rate=base,
        examples=tuple(
            Example(f"{layer}-{unit}", said.get((layer, unit), ""), shares.get((layer, unit)))
            for layer, unit in _examples(named, true)
        ),
    )
    return _Chosen(every, {"descriptions": named, "masks": true}, agreement)


def _examples(named: Sequence[Unit], true: Sequence[Unit], count: int = 12) -> list[Unit]:
    """Some of the chosen units of either way, those of both first."""
    both = [unit for unit in named if unit in set(true)]
    return list(dict.fromkeys([*both, *named[:count], *true[:count]]))[: 2 * count]


def _request(workspace: Workspace, settings: Settings, by: str, units: tuple[Unit, ...]) -> Request:
    """The chosen units, to be ablated as any listed ones are."""
    with open_database(workspace) as db:
        known = ablation_plan.computed(db, settings.name)
    plan = ablation_plan.Plan(
        settings.name,
        CONCEPTS[by],
        set_name(settings.name, "validation"),
        set_name(settings.name, "adversarial"),
        How(controls=settings.controls, seed=settings.seed, sort_all=settings.sort_all),
        source="list",
    )
    return Request(plan, units, tuple(known[unit] for unit in units))


def _clean(
    workspace: Workspace, settings: Settings, found: Mapping[str, int], watch: Watch, *, device: str
) -> tuple[float, float, tuple[Choice, ...]]:
    """Accuracy on the test images without words and with random ones, and without words of each
    edit.

    Args:
        found: the experiment of each way of choosing units.
    """
    with open_database(workspace) as db:
        row = subjects.get(db, settings.name)
        network = open_network(definition.read(row.source), device=device)
        evaluator = Evaluator(network.model, cache=Cache(DatabaseStore(db), network.identity))
        test = {
            name: open_images(
                subjects.get_probing_set(db, set_name(settings.name, name)).root,
                network,
                name=name,
                watch=watch,
            )
            for name in ("clean", "adversarial")
        }

        def right(name: str, units: Sequence[Unit] = ()) -> float:
            return evaluator.evaluate(test[name], by_layer(units), watch=watch).accuracy

        choices = []
        for by, ablation_id in found.items():
            summary = ablation_summary.of(ablations.get(db, ablation_id))
            assert summary is not None, "it was finished above"
            assert summary.chosen is not None, "it has validation images"
            counts = (summary.chosen.n_ablated, summary.best.n_ablated)
            edits = [right("clean", summary.units[:count]) for count in counts]
            choices.append(Choice(by, ablation_id, Clean(*edits)))
        return right("clean"), right("adversarial"), tuple(choices)


def _step(watch: Watch, number: int) -> Watch:
    """The same watch, told at which step it is."""

    def tell(done: int, total: int, message: str) -> None:
        watch.progress(done, total, f"step {number} of {STEPS}, {message}")

    return replace(watch, progress=tell)
