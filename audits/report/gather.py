"""A report on one concept: what was asked, who judged what, what was measured, what was not.

    report.state_purpose(db, "text", "Does it read signs?", person="ada")
    found = report.gather(db, concept="text")
    report.write(workspace, found, html=Path("text.html"), json_file=Path("text.json"))

Everything is read from the workspace at the moment it is asked for, in a fixed order, and nothing
says when that was: two reports over the same data are the same bytes. The page (page.py)
is one file that needs no other.
"""

import hashlib
import importlib.metadata
import json
import platform
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from audits.find import verdicts
from audits.report import dossier, findings, page, signing
from audits.report.contents import (
    Contents,
    Experiment,
    Layer,
    Network,
    NotExamined,
    Person,
    Report,
    Unit,
    Verdict,
)
from db import log
from db.audit import ablations, blind_review, finding, signoffs, words
from db.audit.ablations import Ablation
from db.describe import descriptions, exemplars, subjects
from db.describe.exemplars import UnitRow
from db.errors import BadInput
from db.workspace import Workspace

SOFTWARE = ("milan-workbench", "torch", "torchvision", "spacy", "numpy", "pillow", "sqlite-utils")
LIMITS = (
    "A unit whose description does not hold the words was not looked at: what describes units may "
    "miss what they do.",
    "A verdict is about the images that activate a unit most, not about all images.",
    "Removing units does not show that the network no longer uses what they were described with: "
    "other units may carry it.",
    "The range of random draws, a band in drawings, goes from the least to the greatest of them. "
    "It says nothing about other images.",
)


def state_purpose(db: Database, concept: str, purpose: str, *, person: str) -> None:
    """Put on record why a concept was looked for; the newest statement stands in its reports."""
    stated = " ".join(purpose.split())
    if stated and stated != purpose_of(db, concept):
        log.add(db, person, "stated the purpose", f"report:{concept}", purpose=stated)


def purpose_of(db: Database, concept: str) -> str:
    """Why a concept was looked for, as it was stated last; empty when nobody said."""
    stated = log.of(db, f"report:{concept}")
    return str(stated[-1].detail["purpose"]) if stated else ""


def gather(db: Database, *, concept: str, subject_names: Sequence[str] = ()) -> Report:
    """Collect a report on a concept, over some networks or all that have verdicts about it.

    Verdicts on units that wait for more of them are counted and withheld: any reviewer may ask for
    a report, and those who have not answered yet must stay blind.

    Raises:
        BadInput: nobody gave a verdict about the concept.
        NotFound: a name is no network of the workspace.
    """
    for name in subject_names:
        subjects.get(db, name)
    known = signoffs.concepts(db)
    if concept not in known:
        have = ", ".join(repr(each) for each in known) or "none yet"
        raise BadInput(
            f"expected a concept that verdicts were given about ({have}), got {concept!r}"
        )
    judged = {
        each.unit_id: exemplars.unit(db, each.unit_id)
        for each in signoffs.current(db, concept=concept)
    }
    wanted = set(subject_names) or {unit.subject for unit in judged.values()}
    units = [unit for unit in judged.values() if unit.subject in wanted]
    units.sort(key=lambda unit: (unit.subject, unit.exemplar_set_id, unit.unit))
    measured = [
        each
        for each in reversed(ablations.latest(db, limit=10_000))
        if each.subject in wanted and each.request.get("concept") == concept and each.summary
    ]
    reported = tuple(_network(db, name, concept) for name in sorted(wanted))
    experiments = tuple(_experiment(db, one) for one in measured)
    contents = Contents(
        concept=concept,
        purpose=purpose_of(db, concept),
        networks=reported,
        people=_people(db, concept, judged, wanted),
        reviewers_needed=blind_review.needed(db),
        filters=_filters(db, concept),
        units=tuple(_unit(db, unit, concept) for unit in units),
        not_examined=_not_examined(db, concept, sorted(wanted)),
        experiments=experiments,
        findings=findings.gather(db, concept=concept, units=units, names=wanted),
        limits=LIMITS,
        software=_software(),
        images=dossier.sheets(db, reported, experiments),
        cards=dossier.cards(db, reported, experiments),
        environment=dossier.environment(),
    )
    return Report(contents, tuple(units))


def as_json(found: Report) -> str:
    """The report as JSON, its keys sorted."""
    return json.dumps(found.values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_html(workspace: Workspace, found: Report) -> str:
    """The report as one page that needs no other file, pictures included."""
    from describer.workspace_files import picture_of

    pictures = {
        unit.name: picture_of(workspace, unit.unit_id, page.PICTURE)
        for unit in found.units
        if unit.folder
    }
    return str(page.page(found.contents, pictures))


def write(workspace: Workspace, found: Report, *, html: Path, json_file: Path | None) -> None:
    """Write the page, and the JSON where it is asked for, both signed with the workspace's key.

    Raises:
        BadInput: a file cannot be written.
    """
    key = signing.key_of(workspace)
    found = Report(replace(found.contents, signed_by=signing.public_of(key)), found.units)
    texts = [(html, as_html(workspace, found))]
    if json_file is not None:
        texts.append((json_file, as_json(found)))
    for path, plain in texts:
        text = signing.signed(plain, key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise BadInput(f"expected a file that can be written, got {path}: {error}") from error


def networks(db: Database, concept: str) -> list[str]:
    """The networks that have verdicts about a concept."""
    standing = signoffs.current(db, concept=concept)
    return sorted({exemplars.unit(db, each.unit_id).subject for each in standing})


def digest(found: Report) -> str:
    """A short name of what a report says."""
    return hashlib.sha256(as_json(found).encode()).hexdigest()[:16]


def file_name(concept: str) -> str:
    """How a concept's report is called, without its suffix.

    >>> file_name("text +sign")[:16]
    'report-text-sign'
    """
    plain = re.sub(r"[^a-z0-9]+", "-", concept.casefold()).strip("-")[:40]
    return f"report-{plain}-{hashlib.sha256(concept.encode()).hexdigest()[:8]}".replace("--", "-")


def _network(db: Database, name: str, concept: str) -> Network:
    """A network, the data that its exemplars come from, and what was found in each layer."""
    row = subjects.get(db, name)
    # Each row is of one set of exemplars, and so are the units that were judged by them.
    units = verdicts.confirmed(db, name, concept)
    confirmed = Counter(unit.exemplar_set_id for unit in units)
    sets = exemplars.sets(db, subject=name)
    return Network(
        name=row.name,
        weights=row.weights_hash,
        units=sum({one.layer: one.units for one in sets}.values()),
        confirmed=len({(unit.layer, unit.unit) for unit in units}),
        layers=tuple(
            Layer(
                layer=one.layer,
                units=one.units,
                confirmed=confirmed[one.exemplar_set_id],
                exemplars=one.hash,
                images=one.probing_set or "",
                images_hash=str(one.provenance.get("images", "")),
                images_count=one.provenance.get("image_count"),
                k=one.k,
                quantile=one.provenance.get("quantile"),
            )
            for one in sets
        ),
        layers_without_exemplars=tuple(
            sorted(
                {layer.name for layer in row.layers if layer.listed} - {one.layer for one in sets}
            )
        ),
    )


def _people(
    db: Database, concept: str, judged: dict[int, UnitRow], wanted: set[str]
) -> tuple[Person, ...]:
    counts: dict[str, Counter[str]] = {}
    for given in signoffs.current(db, concept=concept):
        if judged[given.unit_id].subject in wanted and not _blind(db, given.unit_id, concept):
            counts.setdefault(given.person, Counter())[given.verdict] += 1
    return tuple(
        Person(person, found["confirmed"], found["rejected"], found["unsure"])
        for person, found in sorted(counts.items())
    )


def _blind(db: Database, unit_id: int, concept: str) -> bool:
    return blind_review.decision(db, unit_id, concept).state == "waiting"


def _filters(db: Database, concept: str) -> tuple[dict[str, Any], ...]:
    """The filters that stood on the screen when verdicts were given, each once."""
    seen = {
        json.dumps(given.seen.get("filter", {}), sort_keys=True)
        for given in signoffs.current(db, concept=concept)
    }
    return tuple(json.loads(text) for text in sorted(seen))


def _unit(db: Database, unit: UnitRow, concept: str) -> Unit:
    """A unit with every verdict about it, superseded and withdrawn ones too."""
    decision = blind_review.decision(db, unit.unit_id, concept)
    blind = _blind(db, unit.unit_id, concept)
    history = [
        given
        for given in signoffs.history(db, unit.unit_id)
        if given.concept == concept and not blind
    ]
    later = {given.supersedes_id for given in history}
    return Unit(
        unit=unit.name,
        subject=unit.subject,
        layer=unit.layer,
        index=unit.unit,
        exemplars=unit.hash,
        dead=unit.dead,
        decision=decision.state,
        withheld=decision.given if blind else 0,
        verdicts=tuple(
            Verdict(
                person=given.person,
                verdict=given.verdict,
                tag=given.tag,
                note=given.note,
                given=given.created_utc,
                standing=not given.withdrawn and given.signoff_id not in later,
                withdrawn=given.withdrawn,
                description=str(given.seen.get("description", "")),
                method=str(given.seen.get("method", "")),
                exemplars_seen=str(given.seen.get("exemplars", "")),
            )
            for given in history
        ),
    )


def _not_examined(db: Database, concept: str, names: Sequence[str]) -> tuple[NotExamined, ...]:
    """What no verdict speaks of, network by network."""
    judged = {given.unit_id for given in signoffs.current(db, concept=concept)}
    queries = [words.stored(asked) for asked in _filters(db, concept)]
    # What a filter asked of verdicts is left out: they have moved on since.
    everybody: dict[str, Any] = {"verdict": None, "reviewer": None}
    found = []
    for name in names:
        matching: set[int] = set()
        for query in queries:
            if not query.subjects or name in query.subjects:
                matching |= {*finding.unit_ids(db, replace(query, **everybody, subjects=(name,)))}
        ids = {
            unit.unit_id
            for one in exemplars.sets(db, subject=name)
            for unit in exemplars.units_of(db, one.exemplar_set_id)
        }
        said = descriptions.page(db, subject=name, limit=1_000_000).rows
        found.append(
            NotExamined(
                network=name,
                units=len(ids),
                without_description=len(ids - {one.unit_id for one in said}),
                matching_without_verdict=len(matching - judged),
                not_matching=len(ids - matching - judged),
            )
        )
    return tuple(found)


def _experiment(db: Database, experiment: Ablation) -> Experiment:
    """An ablation with its whole curve; labels that were pasted in are named by their hash."""
    request = {
        key: value
        for key, value in experiment.request.items()
        if key not in ("unit_ids", "validation_labels", "test_labels")
    }
    for key in ("validation_labels", "test_labels"):
        if table := experiment.request.get(key):
            request[f"{key}_hash"] = hashlib.sha256(table.encode()).hexdigest()
    return Experiment(
        number=experiment.ablation_id,
        subject=experiment.subject,
        person=experiment.person,
        asked=experiment.created_utc,
        request=request,
        summary=experiment.summary,
        points=tuple(ablations.curve(db, experiment.ablation_id)),
    )


def _software() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
