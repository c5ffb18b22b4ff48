"""Verdicts: a sign-off on a unit and concept, and the units that stand confirmed."""

import hashlib
from collections import Counter
from dataclasses import asdict

from sqlite_utils import Database

from db.audit import decisions, signoffs
from db.audit.finding import Match
from db.audit.words import Query
from db.describe import exemplars


def sign_off(
    db: Database,
    match: Match,
    query: Query,
    *,
    person: str,
    verdict: signoffs.Verdict,
    tag: str = "",
    note: str = "",
) -> int:
    """Store a verdict together with what was seen when it was given; returns its id.

    A person's sentence may be withdrawn later, so its number and hash are frozen, not its text.
    """
    answer = f"a person's sentence, answer {match.sentence_id}"
    seen = {
        "exemplars": exemplars.unit(db, match.unit_id).hash,
        "method": match.method,
        "description": answer if match.written else match.text,
        "sha256": hashlib.sha256(match.text.encode()).hexdigest(),
        "filter": asdict(query),
        "reviewers": decisions.needed(db),
    }
    return signoffs.add(
        db,
        match.unit_id,
        person=person,
        verdict=verdict,
        concept=query.concept,
        seen=seen,
        tag=tag,
        note=note,
    )


def confirmed(db: Database, subject: str, concept: str) -> list[exemplars.UnitRow]:
    """The units of a network that its reviewers' verdicts confirm for a concept."""
    units = [exemplars.unit(db, unit_id) for unit_id in decisions.confirmed(db, concept)]
    return [unit for unit in units if unit.subject == subject]


def most_confirmed(db: Database, concept: str) -> str | None:
    """The network that the most units are confirmed of for a concept; None when there is none."""
    units = [exemplars.unit(db, unit_id) for unit_id in decisions.confirmed(db, concept)]
    counts = Counter(name for name, *_ in {(each.subject, each.layer, each.unit) for each in units})
    return max(sorted(counts), key=lambda name: counts[name], default=None)
