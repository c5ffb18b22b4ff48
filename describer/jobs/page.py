"""Jobs as the page shows them, as HTML made of plain values.

line(job)                             one job: progress with rate and finish time
table(jobs)                           the newest jobs, a row each
chips(jobs)                           those under way, for the line above the tabs
"""

import datetime
from collections.abc import Sequence
from html import escape

from db.jobs import Job

# While it is one of these, a job can be cancelled; from the others below it can be taken up again.
LIVE = ("running", "queued")
STOPPED = ("failed", "cancelled", "interrupted")


def line(each: Job, *, now: datetime.datetime | None = None) -> str:
    """One job: what it does, how far it is, at what rate, and when its phase will be done."""
    now = now or datetime.datetime.now(datetime.UTC)
    # Which device "auto" is, only the worker knows.
    where = "" if each.device == "auto" else f" on {escape(each.device)}"
    shown = f"<b>{escape(each.title)}</b> · {state(each)}{where}"
    if each.state == "running" and each.cancel:
        note = "It stops after the piece of work at hand; what is done is kept."
    elif each.state == "running":
        far = f" · {share(each)}" if each.total else ""
        shown += f"{far} · {escape(each.message)}{_finish(each, now)}"
        note = "Closing this page is safe: the work goes on, and the page finds it again."
    elif each.state == "queued":
        note = "Waits until its device is free."
    else:
        note = each.message
    width = 100 if each.state == "done" else _percent(each)
    return (
        f'<div class="mw-job">{shown}<div class="mw-bar" role="progressbar" '
        f'aria-valuenow="{width}" aria-valuemin="0" aria-valuemax="100">'
        f'<span style="width:{width}%"></span></div>'
        f'<span class="mw-muted">{escape(note)}</span></div>'
    )


def table(every: Sequence[Job]) -> str:
    """The given jobs, a row each: number, what, state, how far, by whom, when, and what it said."""
    if not every:
        return '<p class="mw-muted">No job yet: descriptions, ablations, exports appear here.</p>'
    rows = "".join(
        f'<tr><td class="n">{each.job_id}</td><td>{escape(each.title)}</td><td>{state(each)}</td>'
        f'<td class="n">{share(each)}</td><td>{escape(each.person)}</td>'
        f"<td>{_clock(each.started_utc or each.created_utc)}</td><td>{_clock(each.ended_utc)}</td>"
        f"<td>{escape(each.message)}</td></tr>"
        for each in every
    )
    return (
        '<div class="mw-wide"><table class="mw-table"><tr><th>job</th><th>what</th><th>state</th>'
        "<th>done</th><th>asked by</th><th>began</th><th>ended</th><th></th></tr>"
        f"{rows}</table></div>"
    )


def chips(every: Sequence[Job]) -> str:
    """The jobs under way, small; a press opens the list of jobs."""
    return "".join(
        f'<button class="mw-chip" data-jobs title="{escape(each.message)}">{escape(each.title)} · '
        f"{share(each)}</button>"
        for each in every
        if each.state in LIVE
    )


def state(each: Job) -> str:
    """The state in a word, which for a job that was asked to stop is not yet its state."""
    return "stopping" if each.state == "running" and each.cancel else each.state


def share(each: Job) -> str:
    """How much of its phase is done."""
    if each.state == "queued":
        return "queued"
    return f"{each.done} / {each.total}" if each.total else "starting"


def _percent(each: Job) -> int:
    return round(100 * each.done / each.total) if each.total else 0


def _finish(each: Job, now: datetime.datetime) -> str:
    """The rate, and the time of day when the phase ends."""
    if not each.rate:
        return ""
    left = datetime.timedelta(seconds=(each.total - each.done) / each.rate)
    stamp = (now + left).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f" · {each.rate:.3g}/s · this step done about {_clock(stamp)}"


def _clock(utc: str | None) -> str:
    """A moment, in UTC until the page shows its own zone's."""
    return f"<time data-utc='{utc}'>{utc[11:16]} UTC</time>" if utc else ""
