"""Verdicts: a sign-off on a unit and concept, and the units that stand confirmed.

sign_off(db, match, query, person="ada", verdict="confirmed")
keep(db, Press.of(json), person="ada")          # one press of a key, sent by the page
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args

from sqlite_utils import Database

from db.audit import blind_review, signoffs, words
from db.audit.finding import Match
from db.audit.words import Query
from db.describe import exemplars
from db.errors import BadInput

WITHDRAWN = "withdrawn"


def sign_off(
    db: Database,
    match: Match,
    query: Query,
    *,
    person: str,
    verdict: signoffs.Verdict,
    tag: str = "",
    note: str = "",
    press: "Press | None" = None,
) -> int:
    """Store a verdict together with what was seen when it was given; returns its id.

    A person's sentence may be withdrawn later, so its number and hash are frozen, not its text.
    """
    answer = f"a person's sentence, answer {match.sentence_id}"
    seen = {
        "exemplars": exemplars.unit(db, match.unit_id).hash,
        "method": match.method,
        "description": answer if match.written else match.text,
        "sha256": sha256(match.text),
        "filter": asdict(query),
        "reviewers": blind_review.needed(db),
    }
    if press and not press.pictured:
        seen["picture"] = "was still loading"
    return signoffs.add(
        db,
        match.unit_id,
        person=person,
        verdict=verdict,
        concept=query.concept,
        seen=seen,
        tag=tag,
        note=note,
        press=press.press if press else "",
    )


@dataclass(frozen=True)
class Press:
    """A verdict as the page sends it, with what was on the screen when the key was pressed.

    Attributes:
        press: what the page calls it; the same twice is one verdict.
        verdict: or "withdrawn", which takes back the press `of`.
        method, sentence_id, sha256: the sentence, and the hash of its text.
        exemplars: the hash of the unit's exemplars.
        pictured: whether their picture had arrived.
    """

    press: str
    verdict: str
    of: str
    unit_id: int
    method: str
    sentence_id: int
    sha256: str
    exemplars: str
    query: Query
    tag: str
    note: str
    pictured: bool

    @classmethod
    def read(cls, sent: Any) -> "Press":
        """What a page sent.

        Raises:
            BadInput: it is not what the page sends.
        """
        kinds = {name: kind for name, kind in cls.__annotations__.items() if kind is not Query}
        if not isinstance(sent, Mapping) or set(sent) != {*kinds, "query"}:
            raise BadInput(f"expected a verdict with {', '.join(kinds)} and query")
        wrong = [name for name, kind in kinds.items() if type(sent[name]) is not kind]
        if wrong:
            raise BadInput(f"expected {kinds[wrong[0]].__name__} as {wrong[0]} of a verdict")
        if sent["verdict"] not in (*get_args(signoffs.Verdict), WITHDRAWN):
            raise BadInput(f"expected a verdict, got {sent['verdict']!r:.40}")
        if not 8 <= len(sent["press"]) <= 64 or max(len(sent["tag"]), len(sent["note"])) > 2000:
            raise BadInput("expected an id of 8 to 64 letters, and remarks of at most 2000")
        return cls(**{**sent, "query": query_sent(sent["query"])})


def query_sent(sent: Any) -> Query:
    """The query that a page holds as it was given to it.

    Raises:
        BadInput: it is none.
    """
    if not isinstance(sent, Mapping):
        raise BadInput("expected the query of the page")
    query = words.stored(sent)
    for field in fields(Query):
        value, kind = getattr(query, field.name), type(field.default)
        if kind is tuple:
            right = isinstance(value, tuple) and all(isinstance(word, str) for word in value)
        elif field.default is None:
            right = value is None or isinstance(value, str)
        else:
            right = isinstance(value, (kind, int) if kind is float else kind)
        if not right:
            raise BadInput(f"expected {kind.__name__} as {field.name} of a query")
    return query


def keep(db: Database, press: Press, *, person: str) -> None:
    """Store what a press means, once.

    Raises:
        BadInput: what was seen has changed since, or the verdict comes too late.
        NotFound: the unit is gone.
    """
    concept = press.query.concept
    if press.verdict == WITHDRAWN:
        signoffs.undo_press(db, press.unit_id, press.of, person=person, concept=concept)
        return
    if signoffs.of_press(db, press.unit_id, press.press, person=person, concept=concept):
        return
    sign_off(
        db,
        _match_seen(db, press),
        press.query,
        person=person,
        verdict=press.verdict,  # type: ignore[arg-type]
        tag=press.tag,
        note=press.note,
        press=press,
    )


def _match_seen(db: Database, press: Press) -> Match:
    """The match that was on the screen, if the workspace still says the same of the unit."""
    unit = exemplars.unit(db, press.unit_id)
    match = Match(
        unit.unit_id,
        unit.subject,
        unit.layer,
        unit.unit,
        press.method,
        press.sentence_id,
        text="",
        score=None,
        spans=(),
    )
    table = "answers where annotation_id" if match.written else "descriptions where description_id"
    rows = db.execute(
        f"select text from {table} = ? and unit_id = ?", [press.sentence_id, press.unit_id]
    ).fetchall()
    text = next((text for (text,) in rows if sha256(text) == press.sha256), None)
    if text is None or unit.hash != press.exemplars:
        raise BadInput(f"What you saw of {unit.name} has changed since: look at it again.")
    return replace(match, text=text)


def sha256(text: str) -> str:
    """The hash that a sentence is known by in a verdict."""
    return hashlib.sha256(text.encode()).hexdigest()


def confirmed(db: Database, subject: str, concept: str) -> list[exemplars.UnitRow]:
    """The units of a network that its reviewers' verdicts confirm for a concept."""
    units = [exemplars.unit(db, unit_id) for unit_id in blind_review.confirmed(db, concept)]
    return [unit for unit in units if unit.subject == subject]


def most_confirmed(db: Database, concept: str) -> str | None:
    """The network that the most units are confirmed of for a concept; None when there is none."""
    units = [exemplars.unit(db, unit_id) for unit_id in blind_review.confirmed(db, concept)]
    counts = Counter(name for name, *_ in {(each.subject, each.layer, each.unit) for each in units})
    return max(sorted(counts), key=lambda name: counts[name], default=None)
