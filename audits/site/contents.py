"""What a static site shows: chosen networks with their layers, units and ablations, and reports.

    chosen = contents.gather(workspace, db, ["signs"], units=["signs/layer4/17"])
    chosen.layers[0].units[0].row

Nothing here names a person: of verdicts only the decision is taken, and only once it is open to
everybody; of answers only the sentences that count.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db.annotate import annotations
from db.annotate.annotations import Said
from db.audit import ablations, blind_review, signoffs
from db.audit.ablations import Ablation, Point
from db.describe import descriptions, exemplars, faithfulness, listing, subjects, trusted
from db.describe.descriptions import Description
from db.describe.exemplars import ExemplarSet, UnitRow
from db.describe.faithfulness import Score
from db.describe.listing import Entry, Wanted
from db.describe.trusted import Trusted
from db.errors import BadInput
from db.workspace import Workspace


@dataclass(frozen=True)
class Unit:
    """A unit as its row and its page show it.

    Attributes:
        lead: the sentence that leads its row where none is trusted; None for no sentence.
        said: every method's, newest first, those that had nothing to say too.
        people: the sentences of people that count.
        decisions: (concept, decision) of verdicts that are no longer blind.
    """

    row: UnitRow
    lead: Entry | None
    trusted: Trusted | None
    said: tuple[Description, ...]
    scores: tuple[Score, ...]
    people: tuple[Said, ...]
    decisions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Layer:
    """A set of exemplars with its chosen units."""

    found: ExemplarSet
    units: tuple[Unit, ...]

    @property
    def stem(self) -> str:
        """How its files are called: readable, and told apart by the hash of the exemplars."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{self.found.subject}-{self.found.layer}")
        return f"{plain.strip('-')[:80]}-{self.found.hash[:10]}"


@dataclass(frozen=True)
class Experiment:
    """A finished ablation and its curve."""

    ablation: Ablation
    points: tuple[Point, ...]


@dataclass(frozen=True)
class ReportFile:
    """A report's page in the workspace, and the concept that it is on."""

    path: Path
    concept: str


@dataclass(frozen=True)
class Contents:
    """All of a site; `reports_left` counts reports that were left out, as they name people."""

    networks: tuple[str, ...]
    layers: tuple[Layer, ...]
    experiments: tuple[Experiment, ...]
    reports: tuple[ReportFile, ...]
    reports_left: int


def gather(
    workspace: Workspace,
    db: Database,
    subject_names: Sequence[str] = (),
    *,
    units: Sequence[str] = (),
    named_reports: bool = False,
) -> Contents:
    """Collect what a site shows, in an order that does not change.

    Args:
        subject_names: networks; none: those of `units`, else all.
        units: names like `network/layer/17`; none: all units of the networks.
        named_reports: whether reports that name their reviewers come along.

    Raises:
        NotFound: a name is no network or unit of the workspace.
        BadInput: a unit is of a network that was not chosen, or there is nothing to show.
    """
    chosen = [exemplars.by_name(db, name) for name in units]
    names = {subjects.get(db, name).name for name in subject_names} or {
        unit.subject for unit in chosen
    }
    if strange := sorted(unit.name for unit in chosen if unit.subject not in names):
        raise BadInput(f"expected units of {', '.join(sorted(names))}, got {strange[0]}")
    names = names or {row.name for row in subjects.every(db)}
    wanted = {unit.unit_id for unit in chosen}
    layers = [
        _layer(db, found, wanted)
        for name in sorted(names)
        for found in exemplars.sets(db, subject=name)
    ]
    layers = [layer for layer in layers if layer.units]
    if not layers:
        raise BadInput("expected networks with exemplars or descriptions, found none to show")
    experiments = tuple(
        Experiment(each, tuple(ablations.curve(db, each.ablation_id)))
        for each in reversed(ablations.latest(db, limit=10_000))
        if each.subject in names and each.summary
    )
    reports, left = _reports(workspace, names, named=named_reports)
    return Contents(tuple(sorted(names)), tuple(layers), experiments, reports, left)


def _layer(db: Database, found: ExemplarSet, wanted: set[int]) -> Layer:
    rows = [
        unit
        for unit in exemplars.units_of(db, found.exemplar_set_id)
        if not wanted or unit.unit_id in wanted
    ]
    asked = Wanted(subject=found.subject, layer=found.layer)
    leads = {each.unit_id: each for each in listing.page(db, asked, limit=1_000_000).rows}
    held = trusted.of_units(db, [unit.unit_id for unit in rows])
    return Layer(
        found,
        tuple(_unit(db, unit, leads.get(unit.unit_id), held.get(unit.unit_id)) for unit in rows),
    )


def _unit(db: Database, row: UnitRow, lead: Entry | None, held: Trusted | None) -> Unit:
    said = descriptions.answers(db, row.unit_id)
    scores = faithfulness.of_descriptions(db, [each.description_id for each in said])
    concepts = {each.concept for each in signoffs.current(db, unit_id=row.unit_id)}
    states = ((each, blind_review.decision(db, row.unit_id, each).state) for each in concepts)
    return Unit(
        row,
        lead,
        held,
        tuple(said),
        # Not by the time at which they were measured.
        tuple(sorted(scores, key=lambda one: (one.description_id, one.judge, one.images))),
        tuple(annotations.accepted(db, row.unit_id)),
        tuple(sorted(state for state in states if state[1] != "waiting")),
    )


def _reports(
    workspace: Workspace, names: set[str], *, named: bool
) -> tuple[tuple[ReportFile, ...], int]:
    """The reports on no other networks than these, and how many stay because they name people."""
    found, left = [], 0
    for path in sorted(workspace.reports.glob("report-*.json")):
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            about = {network["name"] for network in values["networks"]}
            concept = str(values["concept"])
        except (OSError, ValueError, KeyError, TypeError):
            # Another tool's file: what it says of whom is not known, so it stays where it is.
            continue
        page = path.with_suffix(".html")
        if not about <= names or not page.is_file():
            continue
        # Every report says who judged and who asked for its ablations.
        if named:
            found.append(ReportFile(page, concept))
        else:
            left += 1
    return tuple(found), left
