"""One step of the reviewer's queue: everything that is known of a filter and a person.

step(db, query, person="ada", place=0, offset=0)           # Step, with the units in front
ahead(db, query, person="ada", skip=8, limit=30)           # the units that come after
ask_detectors(workspace, unit_id)                          # evidence about its regions
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from db.annotate import annotations
from db.annotate.annotations import Said
from db.audit import blind_review, evidence, finding, signoffs
from db.audit.blind_review import Decision
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
from describer import workspace_files

PAGE = 25
# So many units come with the page; it asks for more behind.
AHEAD = 8
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
        looks: the units that wait for this person from `place` on, at most `AHEAD`.
        place: the place of the first among the `waiting` ones.
        offset: where the page of all matches begins.
        own: this person's verdicts on the concept.
        states: what they may know of each unit's verdicts.
        needed: how many people judge each unit.
    """

    query: Query = field(default_factory=Query)
    person: str = ""
    found: Found | None = None
    looks: list[Look] = field(default_factory=list)
    place: int = 0
    waiting: int = 0
    offset: int = 0
    own: list[Signoff] = field(default_factory=list)
    states: Mapping[int, str] = field(default_factory=dict)
    needed: int = 1

    @property
    def concept(self) -> str:
        """What verdicts are about."""
        return self.query.concept

    @property
    def look(self) -> Look | None:
        """The unit in front; None when none waits for this person."""
        return self.looks[0] if self.looks else None

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
        looks, waiting = ahead(db, query, person=person, skip=place, limit=AHEAD)
        if not looks and waiting:
            place = waiting - 1
            looks, waiting = ahead(db, query, person=person, skip=place, limit=AHEAD)
    except NotFound:
        # A network that the filter names was taken out meanwhile.
        return Step()
    return Step(
        query=query,
        person=person,
        found=page,
        looks=looks,
        place=place,
        waiting=waiting,
        offset=offset,
        own=signoffs.current(db, concept=query.concept, person=person),
        states=blind_review.known_states(db, query.concept, viewer=person),
        needed=blind_review.needed(db),
    )


def ahead(
    db: Database, query: Query, *, person: str, skip: int, limit: int
) -> tuple[list[Look], int]:
    """Units that wait for a person, `skip` of them left out; and how many wait in all."""
    waiting = finding.find(db, query, limit=limit, offset=skip, viewer=person, waiting_for=person)
    return [_look(db, match, query.concept, person) for match in waiting.matches], waiting.units


def ask_detectors(workspace: Workspace, unit_id: int) -> list[Evidence]:
    """Let the detectors that are installed look at a unit's regions; what they saw is kept."""
    from audits.find import detectors

    with open_database(workspace) as db:
        unit = exemplars.unit(db, unit_id)
    shown = workspace_files.source_of(workspace, unit).unit(unit.layer, unit.unit)
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
        best=workspace_files.ranked(candidates, LAMBDA),
        others=blind_review.open_verdicts(db, match.unit_id, concept, viewer=person),
        decision=blind_review.decision(db, match.unit_id, concept),
        seen=evidence.of_unit(db, match.unit_id),
    )
