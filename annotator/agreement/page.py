"""A measurement of agreement as HTML: networks, layers, people, and the units at its ends.

table(job, texts)          # `job` is a finished measurement of `annotator.agreement.job`
line(job)                  # how far one is that is not finished
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from annotator import html
from annotator.agreement.scores import Agreement
from db.jobs import Job
from db.units import Unit

ENDS = 20
Texts = Mapping[Unit, Sequence[tuple[str, str]]]


def table(job: Job | None, texts: Texts | None = None) -> str:
    """The numbers of a measurement, each beside its chance level; None when there is none yet.

    `texts` are the sentences that count now, (author, sentence) by unit, shown beside the units.
    """
    if job is None:
        return html.note(
            "Not measured yet. It compares every sentence with the others about its unit, and with "
            "those about other units, which is what chance gives."
        )
    return (
        f"{_table('', 'units', job.result['rows'])}"
        f'<p class="an-muted">measured {html.moment(job.ended_utc or "")} with '
        f"{escape(job.result['model'])} (the hash of its weights)</p>"
        f"{_persons(job)}{_units(job, texts or {})}"
    )


def _persons(job: Job) -> str:
    if "persons" not in job.result:
        return html.note("Measure again to see people and units.")
    return f"<h4>People</h4>{_table('annotator', 'sentences', job.result['persons'])}"


def _table(what: str, counted: str, rows: Sequence[Mapping[str, Any]]) -> str:
    lines = "".join(
        _row(row["name"], Agreement(**{key: row[key] for key in row if key != "name"}))
        for row in rows
    )
    same = '<th class="n">same sentence twice</th>' if not what else ""
    return (
        f'<table class="an-table"><tr><th>{what}</th><th class="n">{counted}</th>'
        '<th class="n">agreement</th><th class="n">95 %</th><th class="n">chance (range)</th>'
        f"{same}</tr>{lines}</table>"
    )


def _row(name: str, found: Agreement) -> str:
    if found.mean is None or found.chance is None:
        why = escape(found.undefined or "")
        return f'<tr><td>{escape(name)}</td><td colspan="5">undefined: {why}</td></tr>'
    same = "" if found.identical is None else f'<td class="n">{100 * found.identical:.0f} %</td>'
    return (
        f'<tr><td>{escape(name)}</td><td class="n">{found.units}</td>'
        f'<td class="n">{found.mean:.2f}</td>'
        f'<td class="n">{found.low:.2f} to {found.high:.2f}</td>'
        f'<td class="n">{found.chance:.2f} ({found.chance_low:.2f} to {found.chance_high:.2f})</td>'
        f"{same}</tr>"
    )


def _units(job: Job, texts: Texts) -> str:
    """The units at both ends; all of them when they are few."""
    units = job.result.get("units", [])
    if not units:
        return ""
    if len(units) <= 2 * ENDS:
        return f"<h4>Units, lowest agreement first</h4>{_unit_rows(units, texts)}"
    return (
        f"<h4>The {ENDS} units with the lowest agreement of {len(units)}</h4>"
        f"{_unit_rows(units[:ENDS], texts)}<h4>The {ENDS} with the highest</h4>"
        f"{_unit_rows(units[: -ENDS - 1 : -1], texts)}"
    )


def _unit_rows(units: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    rows = []
    for each in units:
        said = " · ".join(f"“{escape(text)}”" for _, text in texts.get(_place(each), ()))
        rows.append(
            f'<tr><td>{escape(each["layer"])} {each["unit"]}</td><td class="n">{each["mean"]:.2f}'
            f'</td><td class="n">{each["chance"]:.2f}</td><td class="n">{each["sentences"]}</td>'
            f"<td>{said}</td></tr>"
        )
    return (
        '<table class="an-table"><tr><th>unit</th><th class="n">agreement</th>'
        '<th class="n">chance</th><th class="n">sentences</th><th>what counts now</th></tr>'
        f"{''.join(rows)}</table>"
    )


def _place(line: Mapping[str, Any]) -> Unit:
    return line["layer"], line["unit"]
