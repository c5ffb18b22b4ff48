"""One step of the reviewer's queue: everything that is known of a filter and a person.

step(db, query, person="ada", place=0, offset=0)           # Step, with the unit in front
take_back(db, query, signoff_id, person="ada", place=0)    # undo, and the place to go on at
ask_detectors(workspace, unit_id)                          # evidence about its regions
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from db.annotate import annotations
from db.annotate.annotations import Said
from db.audit import decisions, evidence, finding, signoffs
from db.audit.decisions import Decision
from db.audit.evidence import Evidence
from db.audit.finding import Found, Match
from db.audit.signoffs import Signoff
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness
from db.describe.descriptions import Candidate, Description
from db.describe.exemplars import UnitRow
from db.describe.faithfulness import Score
from db.errors import NotFound
from db.workspace import Workspace, open_database
from describer import shelf

PAGE = 25
LAMBDA = 0.2


@dataclass(frozen=True)
class Look:
    """The unit in front, with all that a reviewer may know of it.

    Attributes:
        people: what they wrote of it.
        machines: what methods said, with `scores` of how faithful that is.
        best: the candidates of the matched description, the best first.
        others: verdicts that the reviewer may see.
        seen: what detectors saw in its regions.
    """

    match: Match
    unit: UnitRow
    people: list[Said]
    machines: list[Description]
    scores: list[Score]
    best: list[Candidate]
    others: list[Signoff]
    decision: Decision
    seen: list[Evidence]


@dataclass(frozen=True)
class Step:
    """What is on the page.

    Attributes:
        found: a page of all matches; None before anything was looked for.
        look: the unit in front; None when none waits for this person.
        place: its place among the `waiting` ones.
        offset: where the page of all matches begins.
        own: this person's verdicts on the concept.
        states: what they may know of each unit's verdicts.
        needed: how many people judge each unit.
    """

    concept: str = ""
    found: Found | None = None
    look: Look | None = None
    place: int = 0
    waiting: int = 0
    offset: int = 0
    own: list[Signoff] = field(default_factory=list)
    states: Mapping[int, str] = field(default_factory=dict)
    needed: int = 1

    @property
    def match(self) -> Match | None:
        """The match in front."""
        return self.look.match if self.look else None

    @property
    def any_match(self) -> bool:
        """Whether the filter finds anything."""
        return self.found is not None and bool(self.found.units)


def step(
    db: Database, query: Query | None, *, person: str, place: int = 0, offset: int = 0
) -> Step:
    """The queue of one person; places beyond its ends are taken for its ends."""
    if query is None:
        return Step()
    offset, place = max(offset, 0), max(place, 0)
    try:
        page = finding.find(db, query, limit=PAGE, offset=offset, viewer=person)
        if not page.matches and offset:
            offset = max(0, (page.units - 1) // PAGE * PAGE)
            page = finding.find(db, query, limit=PAGE, offset=offset, viewer=person)
        waiting = finding.find(db, query, limit=1, offset=place, viewer=person, waiting_for=person)
        if not waiting.matches and waiting.units:
            place = waiting.units - 1
            waiting = finding.find(
                db, query, limit=1, offset=place, viewer=person, waiting_for=person
            )
    except NotFound:
        # A network that the filter names was taken out meanwhile.
        return Step()
    return Step(
        concept=query.concept,
        found=page,
        look=_look(db, waiting.matches[0], query.concept, person) if waiting.matches else None,
        place=place,
        waiting=waiting.units,
        offset=offset,
        own=signoffs.current(db, concept=query.concept, person=person),
        states=decisions.known_states(db, query.concept, viewer=person),
        needed=decisions.needed(db),
    )


def take_back(
    db: Database, query: Query | None, signoff_id: int, *, person: str, place: int
) -> int:
    """Undo a verdict; returns where its unit waits to be judged anew, else the given place."""
    standing = signoffs.current(db, person=person)
    undone = [given.unit_id for given in standing if given.signoff_id == signoff_id]
    signoffs.undo(db, signoff_id, person=person)
    waiting = (
        finding.unit_ids(db, query, viewer=person, waiting_for=person) if query is not None else []
    )
    return next((waiting.index(unit_id) for unit_id in undone if unit_id in waiting), place)


def ask_detectors(workspace: Workspace, unit_id: int) -> list[Evidence]:
    """Let the detectors that are installed look at a unit's regions; what they saw is kept."""
    from audits.find import detectors

    with open_database(workspace) as db:
        unit = exemplars.unit(db, unit_id)
    shown = shelf.source_of(workspace, unit).unit(unit.layer, unit.unit)
    seen = detectors.look(shown.images, shown.masks)
    with open_database(workspace) as db:
        for one in seen:
            evidence.add(db, unit_id, one.detector, found=one.found, regions=one.regions)
        return evidence.of_unit(db, unit_id)


def _look(db: Database, match: Match, concept: str, person: str) -> Look:
    machines = descriptions.of_unit(db, match.unit_id)
    beams = [said for said in machines if said.description_id == match.sentence_id]
    candidates = beams[0].candidates if beams and not match.written else ()
    return Look(
        match=match,
        unit=exemplars.unit(db, match.unit_id),
        people=annotations.accepted(db, match.unit_id),
        machines=machines,
        scores=faithfulness.of_descriptions(db, [said.description_id for said in machines]),
        best=shelf.ranked(candidates, LAMBDA),
        others=decisions.open_verdicts(db, match.unit_id, concept, viewer=person),
        decision=decisions.decision(db, match.unit_id, concept),
        seen=evidence.of_unit(db, match.unit_id),
    )
