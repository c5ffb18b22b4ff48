"""What a reviewer has in front of them: one answer, its flags, and the others only on request.

look(db, campaign_id, annotator=None, skip=(), flagged_only=True)
"""

from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from sqlite_utils import Database

from annotator import html
from annotator.review import quality
from annotator.review.quality import Habits
from db.access import users
from db.annotate import annotations, reviews
from db.annotate.annotations import Annotation
from db.annotate.reviews import Waiting
from db.describe import exemplars
from db.describe.exemplars import UnitRow

CHECKS = {"gold": " · its answer is known", "repeat": " · asked a second time"}


@dataclass(frozen=True)
class Look:
    """One answer under review, with the other answers about its unit; `simulated` holds the names
    of annotators that are no people.
    """

    waiting: Waiting
    unit: UnitRow
    siblings: tuple[Annotation, ...]
    simulated: frozenset[str] = frozenset()


def look(
    db: Database,
    campaign_id: int,
    *,
    annotator: str | None = None,
    flagged_only: bool = False,
    skip: Collection[int] = (),
) -> Look | None:
    """The next answer that waits for a verdict; None when there is none."""
    found = reviews.queue(
        db, campaign_id, annotator=annotator, flagged_only=flagged_only, skip=skip
    )
    return None if found is None else of(db, found.annotation.annotation_id)


def of(db: Database, annotation_id: int) -> Look:
    """One answer to look at, whatever was said about it."""
    waiting = reviews.waiting(db, annotation_id)
    answer = waiting.annotation
    others = annotations.of_unit(db, answer.campaign_id, answer.unit_id)
    siblings = tuple(
        other
        for other in others
        if other.annotation_id != annotation_id
        and other.purpose == "collect"
        and not other.withdrawn
    )
    return Look(waiting, exemplars.unit(db, answer.unit_id), siblings, users.simulated(db))


def card(seen: Look, *, siblings: bool) -> str:
    """The sentence with its flags in words; the others' sentences once they are asked for."""
    answer = seen.waiting.annotation
    sentence = escape(answer.text) if answer.kind == "text" else "No common pattern"
    flags = "".join(
        f'<span class="an-chip an-flag"><b>{escape(kind)}</b> · {escape(detail)}</span>'
        for kind, detail in seen.waiting.flags
    )
    time = "" if answer.seconds is None else f" · {answer.seconds:.0f} s"
    check = CHECKS.get(answer.purpose, "")
    others = ""
    if siblings:
        lines = "".join(
            f"<li>{escape(other.text) or 'No common pattern'} "
            f'<span class="an-muted">· {_who(other.status, other.annotator in seen.simulated)}'
            "</span></li>"
            for other in seen.siblings
        )
        others = f"<p>The others said:</p><ul>{lines or '<li>nobody else yet</li>'}</ul>"
    return (
        f'<p class="an-muted">{escape(seen.unit.name)} · '
        f"{_who(answer.annotator, answer.annotator in seen.simulated)} · "
        f"{html.moment(answer.created_utc)}{time} · {answer.status}{check}</p>"
        f'<p class="an-sentence">“{sentence}”</p><p>{flags}</p>{others}'
    )


def summary(db: Database, campaign_id: int) -> str:
    """How many answers wait, are flagged, approved, rejected, requeued."""
    counts = reviews.counts(db, campaign_id)
    return (
        f'<p class="an-muted">{counts["waiting"]} waiting, {counts["flagged"]} of them flagged · '
        f"{counts['approved']} approved · {counts['rejected']} rejected · "
        f"{counts['requeued']} requeued</p>"
    )


def people(db: Database, campaign_id: int) -> str:
    """One line for every annotator, those with most flags first."""
    lines = quality.people(db, campaign_id)
    if not lines:
        return html.note("Nobody has answered yet.")
    made_up = users.simulated(db)
    rows = "".join(_person(line, line.annotator in made_up) for line in lines)
    return (
        '<table class="an-table"><tr><th>annotator</th><th class="n">answers</th>'
        '<th class="n">flagged</th><th class="n">known units failed</th>'
        '<th class="n">median s</th><th class="n">no pattern</th>'
        f"<th>words that come again and again</th></tr>{rows}</table>"
    )


def _who(name: str, simulated: bool) -> str:
    return escape(name) + (" (simulated)" if simulated else "")


def _person(line: Habits, simulated: bool) -> str:
    again = ", ".join(f"“{escape(words)}” ×{count}" for words, count in line.boilerplate)
    checks = f"{line.failed} of {line.checks}" if line.checks else "–"
    seconds = "–" if line.median_seconds is None else f"{line.median_seconds:.0f}"
    return (
        f'<tr><td>{_who(line.annotator, simulated)}</td><td class="n">{line.answers}</td>'
        f'<td class="n">{line.flagged}</td><td class="n">{checks}</td>'
        f'<td class="n">{seconds}</td>'
        f'<td class="n">{100 * line.no_pattern_share:.0f} %</td><td>{again}</td></tr>'
    )
