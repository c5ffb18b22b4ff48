"""What a job of kind `uses` does: what the descriptions of a network can be used for.

    jobs.work(workspace, {"uses": uses})

Every evaluation is cached, so that a job that was killed goes on without measuring anything twice.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.studies import clusters
from audits.studies import plan as studies_plan
from audits.studies import uses as domain
from audits.studies.clusters import Term
from audits.studies.material import Row, Seen, Study, look, model_of, open_study, read, write
from audits.studies.results import (
    Group,
    LikenessOfUnits,
    Pruning,
    TermCount,
    TermPruning,
    Uses,
)
from audits.studies.uses import Classified
from db.audit.words import Word
from db.describe import exemplars
from db.errors import BadInput
from db.jobs import Handle, Watch
from db.workspace import open_database
from describer import workspace_files
from describer.milan.features import encode

# Of so many units, drawn at random, the exemplars are compared.
COMPARED = 200
LISTED = 20


@dataclass(frozen=True)
class _Read:
    """Everything that is compared, read at once: sentences, super-classes and classes' names.

    Vectors are of length 1 or 0: (sentences, dimensions), by super-class (words, dimensions), and
    (classes, dimensions).
    """

    words: Sequence[tuple[Word, ...]]
    sentences: NDArray[np.floating]
    super_classes: dict[str, NDArray[np.floating]]
    classes: NDArray[np.floating]
    source: str


def uses(handle: Handle) -> dict[str, Any]:
    """Describe-and-Dissect's Section 5, A.6 and A.8: groups, pruning, terms, classifier, likeness.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    plan = study.plan
    unseen = _unseen(handle, study)
    known = _read(handle, study, unseen)
    groups = clusters.cluster(known.sentences, threshold=plan.threshold)
    alone = clusters.loners(groups)
    terms = clusters.terms(known.words)
    chosen = clusters.chosen_terms(terms, plan.terms)
    pruned = _prune_alone(handle, study, alone)
    pruned_terms = _prune_terms(handle, study, chosen)
    classified = _classified(handle, study, unseen, known)
    found = Uses(
        subject=plan.subject,
        method=plan.method,
        images=study.images.name,
        image_count=study.images.count,
        units=len(study.said),
        vectors=known.source,
        threshold=plan.threshold,
        groups=tuple(
            Group(name, above, _names(study, group))
            for name, above, group in zip(
                domain.group_names(groups, known.words),
                domain.super_classes(known.sentences, groups, known.super_classes),
                groups,
                strict=True,
            )
        ),
        super_classes=tuple(known.super_classes),
        alone=len(alone),
        pruned=pruned,
        terms=tuple(TermCount(term.lemma, len(term.units), term.share) for term in terms[:LISTED]),
        pruned_terms=pruned_terms,
        unseen=plan.unseen,
        known=tuple(sorted(set(unseen.classes) & set(study.network.subject.classes))),
        classified=classified,
        likeness=_likeness(handle, study, known.sentences),
        file=studies_plan.file_name(handle.job.job_id, handle.job.kind),
    )
    write(handle, _rows(found, study))
    return found.to_json()


def _read(handle: Handle, study: Study, unseen: Seen) -> _Read:
    texts = [said.text for said in study.said]
    wanted = studies_plan.super_classes(study.plan.groups)
    known = read(
        handle, [*texts, *(word for own in wanted.values() for word in own), *unseen.classes]
    )
    ends = np.cumsum([len(texts), *(len(own) for own in wanted.values())]).tolist()
    sentences, *of_classes = np.split(known.vectors, ends)
    *above, classes = of_classes
    return _Read(
        known.words[: len(texts)],
        sentences,
        dict(zip(wanted, above, strict=True)),
        classes,
        known.source,
    )


def _unseen(handle: Handle, study: Study) -> Seen:
    """The images of the plan's other classes, seen by the described units."""
    if study.plan.unseen:
        return look(handle, study, study.plan.unseen)
    nothing = np.empty(0, dtype=np.int64)
    return Seen((), (), nothing, np.empty((0, len(study.said)), dtype=np.float32))


def _prune_alone(handle: Handle, study: Study, alone: Sequence[int]) -> dict[str, Pruning]:
    """What the units that no other is like are worth, layer by layer."""
    handle.watch.progress(0, 0, "pruning units that are like no other")
    by_layer: dict[str, list[int]] = {}
    for row in alone:
        by_layer.setdefault(study.said[row].layer, []).append(row)
    return {layer: _prune(handle, study, rows) for layer, rows in by_layer.items()}


def _prune_terms(handle: Handle, study: Study, chosen: Sequence[Term]) -> tuple[TermPruning, ...]:
    """What the units of each term are worth."""
    found = []
    for term in chosen:
        handle.watch.progress(0, 0, f"pruning units of “{term.lemma}”")
        found.append(TermPruning(**vars(_prune(handle, study, term.units)), term=term.lemma))
    return tuple(found)


def _prune(handle: Handle, study: Study, places: Sequence[int]) -> Pruning:
    network = study.network
    with open_database(handle.workspace) as db:
        found = clusters.prune(
            Evaluator(network.model, cache=Cache(DatabaseStore(db), network.identity)),
            study.images,
            study.units(places),
            network.sizes,
            controls=study.plan.controls,
            seed=study.plan.seed,
            watch=Watch(cancelled=handle.watch.cancelled),
        )
    return Pruning(
        len(places),
        found.share,
        found.before.accuracy,
        found.after.accuracy,
        found.random,
        dict(found.before.by_class),
        dict(found.after.by_class),
        tuple(tuple(f"{layer}-{unit}" for layer, unit in draw) for draw in found.draws),
    )


def _classified(handle: Handle, study: Study, unseen: Seen, known: _Read) -> Classified | None:
    if not study.plan.unseen:
        return None
    handle.watch.progress(0, 0, "looking for units that tell classes apart")
    return domain.classify(
        unseen.classes,
        unseen.labels,
        unseen.active,
        known.classes,
        known.sentences,
        seed=study.plan.seed,
    )


def _likeness(
    handle: Handle, study: Study, vectors: NDArray[np.floating]
) -> LikenessOfUnits | None:
    """Whether units whose exemplars are alike are described alike; None without exemplars."""
    generator = np.random.default_rng(study.plan.seed)
    rows = sorted(generator.permutation(len(study.said))[:COMPARED].tolist())
    seen, encoder = _features(handle, study, rows)
    kept = sorted(seen)
    try:
        found = domain.likeness(
            vectors[kept],
            np.stack([seen[row] for row in kept]) if kept else np.empty((0, 1)),
            [study.said[row].layer for row in kept],
            seed=study.plan.seed,
        )
    except BadInput:
        return None
    return LikenessOfUnits(**vars(found), units=len(kept), encoder=encoder)


def _features(
    handle: Handle, study: Study, rows: Sequence[int]
) -> tuple[dict[int, NDArray[np.floating]], str]:
    """Mean features of the exemplars of some sentences' units, and the encoder they are from."""
    sources: dict[str, tuple[Any, list[int]]] = {}
    with open_database(handle.workspace) as db:
        for row in rows:
            unit = exemplars.unit(db, study.said[row].unit_id)
            if unit.folder and not study.said[row].dead:
                source = workspace_files.source_of(handle.workspace, unit)
                sources.setdefault(unit.hash, (source, []))[1].append(row)
    encoder = model_of(handle, study.said).encoder()
    seen: dict[int, NDArray[np.floating]] = {}
    for source, own in sources.values():
        layer = study.said[own[0]].layer
        encoded = encode(
            source,
            encoder,
            {layer: [study.said[row].unit for row in own]},
            watch=handle.watch,
        )[layer]
        features = encoded.features.float().mean(dim=1).numpy()  # (units, feature_size)
        number = {int(unit): place for place, unit in enumerate(encoded.units)}
        for row in own:
            if study.said[row].unit in number:
                seen[row] = features[number[study.said[row].unit]]
    return seen, encoder.config.name


def _names(study: Study, places: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{layer}-{unit}" for layer, unit in study.units(places))


def _rows(found: Uses, study: Study) -> list[Row]:
    """Everything that was found in one tidy table."""
    text = {f"{said.layer}-{said.unit}": said.text for said in study.said}
    rows: list[Row] = [("what", "name", "detail", "value", "text")]
    for number, group in enumerate(found.groups, start=1):
        for unit in group.units:
            rows.append((f"group {number}", group.name, unit, group.super_class, text[unit]))
    pruned = [("pruned: alone", layer, pruning) for layer, pruning in found.pruned.items()]
    pruned += [("pruned: term", pruning.term, pruning) for pruning in found.pruned_terms]
    for what, name, pruning in pruned:
        rows += [
            (what, name, "units", pruning.units, ""),
            (what, name, "share", pruning.share, ""),
            (what, name, "before", pruning.before, ""),
            (what, name, "after", pruning.after, ""),
        ]
        for key, value in asdict(pruning.random).items():
            rows.append((what, name, f"random: {key}", value, ""))
        for label, accuracy in pruning.classes_after.items():
            rows.append((what, name, f"after: {label}", accuracy, ""))
    for term in found.terms:
        rows.append(("term frequency", term.term, term.units, term.share, ""))
    for one in found.classified.classes if found.classified else ():
        units = _names(study, one.units)
        rows.append(("classifier", one.name, " ".join(units), one.auroc, text[units[0]]))
    return rows
