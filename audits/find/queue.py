"""One step of the reviewer's queue: everything that the page shows for a filter and a person.

step(db, query, person="ada", place=0, offset=0)     # Step, as HTML and the unit in front
take_back(db, query, signoff_id, person="ada", place=0)    # undo, and the place to go on at
ask_detectors(workspace, unit_id)                    # evidence about its regions, as HTML
"""

from dataclasses import dataclass

from sqlite_utils import Database

from audits.find import page as find_page
from db.annotate import annotations
from db.audit import decisions, evidence, finding, signoffs
from db.audit.finding import Match
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness
from db.errors import NotFound
from db.workspace import Workspace, open_database
from describer import shelf

PAGE = 25


@dataclass(frozen=True)
class Step:
    """What is on the page.

    Attributes:
        match: the unit in front; None when none waits for this person.
        place: its place among those that wait.
        offset: where the page of all matches begins.
        any_match: whether the filter finds anything.
    """

    found: str
    look: str
    evidence: str
    tally: str
    listing: str
    match: Match | None
    place: int
    offset: int
    any_match: bool


def step(
    db: Database, query: Query | None, *, person: str, place: int = 0, offset: int = 0
) -> Step:
    """The queue of one person; places beyond its ends are taken for its ends."""
    if query is None:
        return Step("", find_page.nothing_yet(), "", "", "", None, 0, 0, False)
    offset = max(offset, 0)
    try:
        page = finding.find(db, query, limit=PAGE, offset=offset, viewer=person)
        if not page.matches and offset:
            offset = max(0, (page.units - 1) // PAGE * PAGE)
            page = finding.find(db, query, limit=PAGE, offset=offset, viewer=person)
        place = max(place, 0)
        waiting = finding.find(db, query, limit=1, offset=place, viewer=person, waiting_for=person)
        if not waiting.matches and waiting.units:
            place = waiting.units - 1
            waiting = finding.find(
                db, query, limit=1, offset=place, viewer=person, waiting_for=person
            )
    except NotFound:
        return Step("", find_page.nothing_yet(), "", "", "", None, 0, 0, False)
    match = waiting.matches[0] if waiting.matches else None
    own = signoffs.current(db, concept=query.concept, person=person)
    states = decisions.known_states(db, query.concept, viewer=person)
    return Step(
        found=find_page.found(page, query.concept),
        look=_look(db, match, query, person, place, waiting.units)
        if match
        else find_page.queue_done(page),
        evidence=find_page.evidence(evidence.of_unit(db, match.unit_id), [], asked=False)
        if match
        else "",
        tally=find_page.tally(own, waiting.units, decisions.needed(db)),
        listing=find_page.results(page, states, offset=offset),
        match=match,
        place=place,
        offset=offset,
        any_match=bool(page.units),
    )


def take_back(
    db: Database, query: Query | None, signoff_id: int, *, person: str, place: int
) -> int:
    """Undo a verdict; returns where its unit waits to be judged anew, else the given place."""
    standing = signoffs.current(db, person=person)
    undone = [each.unit_id for each in standing if each.signoff_id == signoff_id]
    signoffs.undo(db, signoff_id, person=person)
    waiting = (
        finding.unit_ids(db, query, viewer=person, waiting_for=person) if query is not None else []
    )
    return next((waiting.index(each) for each in undone if each in waiting), place)


def ask_detectors(workspace: Workspace, unit_id: int) -> str:
    """Let the detectors that are installed look at a unit's regions; what they saw is kept."""
    from audits.find import detectors

    with open_database(workspace) as db:
        unit = exemplars.unit(db, unit_id)
    shown = shelf.source_of(workspace, unit).unit(unit.layer, unit.unit)
    seen = detectors.look(shown.images, shown.masks)
    with open_database(workspace) as db:
        for each in seen:
            evidence.add(db, unit_id, each.detector, found=each.found, regions=each.regions)
        kept = evidence.of_unit(db, unit_id)
    return find_page.evidence(kept, detectors.absent(), asked=True)


def _look(db: Database, match: Match, query: Query, person: str, place: int, total: int) -> str:
    machines = descriptions.of_unit(db, match.unit_id)
    beams = [each for each in machines if each.description_id == match.sentence_id]
    candidates = beams[0].candidates if beams and not match.written else ()
    return find_page.look(
        match,
        exemplars.unit(db, match.unit_id),
        place=place,
        total=total,
        people=annotations.accepted(db, match.unit_id),
        machines=machines,
        scores=faithfulness.of_descriptions(db, [each.description_id for each in machines]),
        best=shelf.ranked(candidates, find_page.LAMBDA),
        others=decisions.open_verdicts(db, match.unit_id, query.concept, viewer=person),
        decision=decisions.decision(db, match.unit_id, query.concept),
    )
