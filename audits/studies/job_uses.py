"""What a job of kind `uses` does: what the descriptions of a network can be used for.

    jobs.work(workspace, {"uses": uses})

What was found is returned, as plain values for the page; every evaluation is cached, so that a
job that was killed goes on without measuring anything twice.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audits.network.evaluation import Cache, DatabaseStore, Evaluator
from audits.studies import clusters
from audits.studies import plan as studies_plan
from audits.studies import uses as domain
from audits.studies.sources import Row, Seen, Study, about, look, model_of, open_study, read, write
from db.describe import exemplars
from db.errors import BadInput
from db.jobs import Handle, Watch
from db.workspace import open_database
from describer import shelf
from describer.milan.features import encode

# Of so many units, drawn at random, the exemplars are compared.
COMPARED = 200
TERMS = 3


def uses(handle: Handle) -> dict[str, Any]:
    """Describe-and-Dissect's Section 5, A.6 and A.8: groups, pruning, terms, classifier, likeness.

    Raises:
        BadInput, NotFound: what the plan names cannot be used any more.
        Cancelled: the job was asked to stop.
    """
    study = open_study(handle)
    plan, network = study.plan, study.network
    texts = [each.text for each in study.said]
    unseen = _unseen(handle, study)
    wanted = studies_plan.super_classes(plan.groups)
    # One reading for everything that is compared: sentences, super-classes and classes' names.
    phrases = [*texts, *(word for own in wanted.values() for word in own), *unseen.classes]
    known = read(handle, phrases)
    tagged, vectors = known.words[: len(texts)], known.vectors[: len(texts)]
    groups = clusters.cluster(vectors, threshold=plan.threshold)
    named, place = {}, len(texts)
    for name, stand in wanted.items():
        named[name] = known.vectors[place : place + len(stand)]
        place += len(stand)
    alone = clusters.loners(groups)
    terms = clusters.terms(tagged)
    asked = [each.strip().lower() for each in plan.terms.split(",") if each.strip()]
    # Words of one phrase share their units; one of them is enough.
    distinct = list({each.units: each for each in reversed(terms)}.values())[::-1]
    pruned_terms = [each for each in terms if each.lemma in asked] if asked else distinct[:TERMS]
    if missing := set(asked) - {each.lemma for each in pruned_terms}:
        raise BadInput(
            f"expected terms that descriptions hold, got {', '.join(sorted(missing))}; the "
            f"commonest are {', '.join(each.lemma for each in terms[:5])}"
        )

    def prune(places: Sequence[int]) -> dict[str, Any]:
        with open_database(handle.workspace) as db:
            found = clusters.prune(
                Evaluator(network.model, cache=Cache(DatabaseStore(db), network.identity)),
                study.images,
                study.units(places),
                network.sizes,
                controls=plan.controls,
                seed=plan.seed,
                watch=Watch(cancelled=handle.watch.cancelled),
            )
        return {
            "units": len(places),
            "share": found.share,
            "before": found.before.accuracy,
            "after": found.after.accuracy,
            "random": asdict(found.random),
            "classes_before": dict(found.before.by_class),
            "classes_after": dict(found.after.by_class),
            "drawn": [[f"{layer}-{unit}" for layer, unit in draw] for draw in found.draws],
        }

    handle.watch.progress(0, 0, "pruning units that are like no other")
    pruned = {}
    for layer in dict.fromkeys(each.layer for each in study.said):
        own = [row for row in alone if study.said[row].layer == layer]
        if own:
            pruned[layer] = prune(own)
    by_term = []
    for each in pruned_terms:
        handle.watch.progress(0, 0, f"pruning units of “{each.lemma}”")
        by_term.append({"term": each.lemma, **prune(each.units)})
    classified = None
    if plan.unseen:
        handle.watch.progress(0, 0, "looking for units that tell classes apart")
        classified = asdict(
            domain.classify(
                unseen.classes,
                unseen.labels,
                unseen.active,
                known.vectors[len(phrases) - len(unseen.classes) :],
                vectors,
                seed=plan.seed,
            )
        )
    result = {
        **about(study),
        "vectors": known.source,
        "threshold": plan.threshold,
        "groups": [
            {
                "name": name,
                "super_class": above,
                "units": [f"{layer}-{unit}" for layer, unit in study.units(group)],
            }
            for name, above, group in zip(
                domain.group_names(groups, tagged),
                domain.super_classes(vectors, groups, named),
                groups,
                strict=True,
            )
        ],
        "super_classes": list(wanted),
        "alone": len(alone),
        "pruned": pruned,
        "terms": [
            {"term": each.lemma, "units": len(each.units), "share": each.share}
            for each in terms[:20]
        ],
        "pruned_terms": by_term,
        "unseen": plan.unseen,
        "known": sorted(set(unseen.classes) & set(network.subject.classes)),
        "classified": classified,
        "likeness": _likeness(handle, study, vectors),
    }
    return {**result, "file": write(handle, _use_rows(result, study))}


def _unseen(handle: Handle, study: Study) -> Seen:
    """The images of the plan's other classes, seen by the described units."""
    if study.plan.unseen:
        return look(handle, study, study.plan.unseen)
    nothing = np.empty(0, dtype=np.int64)
    return Seen((), (), nothing, np.empty((0, len(study.said)), dtype=np.float32))


def _likeness(handle: Handle, study: Study, vectors: NDArray[np.floating]) -> dict[str, Any] | None:
    """Whether units whose exemplars are alike are described alike; None without exemplars."""
    generator = np.random.default_rng(study.plan.seed)
    rows = sorted(generator.permutation(len(study.said))[:COMPARED].tolist())
    model = model_of(handle, study.said)
    seen: dict[int, NDArray[np.floating]] = {}
    with open_database(handle.workspace) as db:
        sources: dict[str, tuple[Any, list[int]]] = {}
        for row in rows:
            unit = exemplars.unit(db, study.said[row].unit_id)
            if unit.folder and not study.said[row].dead:
                source = shelf.source_of(handle.workspace, unit)
                sources.setdefault(unit.hash, (source, []))[1].append(row)
    encoder = model.encoder()
    for source, own in sources.values():
        layer = study.said[own[0]].layer
        encoded = encode(
            source,
            encoder,
            {layer: [study.said[row].unit for row in own]},
            progress=handle.watch.progress,
            cancelled=handle.watch.cancelled,
        )[layer]
        features = encoded.features.float().mean(dim=1).numpy()  # (units, feature_size)
        number = {int(unit): place for place, unit in enumerate(encoded.units)}
        for row in own:
            if study.said[row].unit in number:
                seen[row] = features[number[study.said[row].unit]]
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
    return {**asdict(found), "units": len(kept), "encoder": encoder.config.name}


def _use_rows(result: dict[str, Any], study: Study) -> list[Row]:
    """Everything of `uses` in one tidy table."""
    text = {f"{each.layer}-{each.unit}": each.text for each in study.said}
    rows: list[Row] = [("what", "name", "detail", "value", "text")]
    for number, group in enumerate(result["groups"], start=1):
        for unit in group["units"]:
            rows.append((f"group {number}", group["name"], unit, group["super_class"], text[unit]))
    pruned = [("alone", layer, each) for layer, each in result["pruned"].items()]
    pruned += [("term", each["term"], each) for each in result["pruned_terms"]]
    for what, name, each in pruned:
        rows += [(f"pruned: {what}", name, key, each[key], "") for key in ("units", "share")]
        rows += [(f"pruned: {what}", name, key, each[key], "") for key in ("before", "after")]
        for key, value in each["random"].items():
            rows.append((f"pruned: {what}", name, f"random: {key}", value, ""))
        for label, value in each["classes_after"].items():
            rows.append((f"pruned: {what}", name, f"after: {label}", value, ""))
    for each in result["terms"]:
        rows.append(("term frequency", each["term"], each["units"], each["share"], ""))
    for each in (result["classified"] or {}).get("classes", ()):
        units = [f"{layer}-{unit}" for layer, unit in study.units(each["units"])]
        rows.append(("classifier", each["name"], " ".join(units), each["auroc"], text[units[0]]))
    return rows
