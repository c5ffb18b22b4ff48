"""What an admin sees of campaigns, as HTML made of plain values; texts are escaped here."""

import csv
from collections.abc import Sequence
from html import escape
from pathlib import Path

from sqlite_utils import Database

from annotator.agreement import job
from annotator.html import moment, note
from annotator.review import quality
from db.annotate import campaigns, progress, qualifications, reviews
from db.annotate.campaigns import Campaign
from db.annotate.progress import Progress
from db.annotate.qualifications import Question
from db.cells import neutral
from db.describe import exemplars, pictures
from db.describe.exemplars import UnitRow
from db.jobs import Job

SHOWN = 30


def table(db: Database) -> str:
    """All campaigns as rows."""
    known = campaigns.every(db)
    if not known:
        return (
            '<div class="an-card"><h3>No campaign yet</h3><p>A campaign asks people about the '
            "units of one layer. It needs exemplars: compute them in the Describe tab (or open the "
            "demo), choose the layer under <b>New campaign</b> and press "
            "<b>Start campaign</b>.</p></div>"
        )
    for each in known:
        quality.renew(db, each.campaign_id)
    measured = job.measured(db)
    rows = "".join(
        _row(
            each,
            progress.of(db, each.campaign_id),
            reviews.counts(db, each.campaign_id)["flagged"],
            measured.get(each.campaign_id),
        )
        for each in known
    )
    return (
        '<table class="an-table"><tr><th>campaign</th><th>state</th><th class="n">units</th>'
        '<th>slots: filled, on screens, free</th><th class="n">people</th>'
        '<th class="n">answers an hour</th><th>full about</th>'
        '<th class="n">agreement (chance)</th><th class="n">flagged, waiting</th></tr>'
        f"{rows}</table>"
    )


def _row(campaign: Campaign, now: Progress, flagged: int, measured: Job | None) -> str:
    finish = moment(now.finish_utc) if now.finish_utc else "–"
    pace = f"{now.per_hour:.0f}" if campaign.state == "open" else "–"
    agreed = "–"
    if measured is not None and measured.result["rows"][0]["mean"] is not None:
        found = measured.result["rows"][0]
        agreed = f"{found['mean']:.2f} ({found['chance']:.2f})"
    return (
        f"<tr><td>{escape(campaign.name)}</td><td>{campaign.state}</td>"
        f'<td class="n">{now.complete} of {now.units}</td><td>{slots_bar(now)}'
        f'<span class="an-muted">{now.filled} · {now.leased} · {now.free}</span></td>'
        f'<td class="n">{now.annotators}</td><td class="n">{pace}</td>'
        f'<td>{finish}</td><td class="n">{agreed}</td>'
        # ratings have no queue: their tables count what is consistent
        f'<td class="n">{"–" if campaign.kind == "rate" else flagged}</td></tr>'
    )


def slots_bar(now: Progress) -> str:
    """Filled, leased and free slots as a bar of three parts."""
    total = max(now.slots, 1)
    return (
        f'<div class="an-slots" role="img" aria-label="{now.filled} of {now.slots} slots filled">'
        f'<span class="filled" style="width:{100 * now.filled / total:.1f}%"></span>'
        f'<span class="leased" style="width:{100 * now.leased / total:.1f}%"></span></div>'
    )


def one(db: Database, campaign: Campaign) -> str:
    """One campaign: progress, and units that need attention."""
    now = progress.of(db, campaign.campaign_id)
    held = campaigns.held(db, campaign.campaign_id)
    names = ", ".join(escape(exemplars.unit(db, unit_id).name) for unit_id in held[:10])
    warning = f"<p>Reported as broken and held: {names}</p>" if held else ""
    return (
        f'<div class="an-card"><h3>{escape(campaign.name)} · {campaign.state}</h3>'
        f"{slots_bar(now)}<p>{now.complete} of {now.units} units complete; {now.filled} of "
        f"{now.slots} slots filled, {now.leased} on screens, {now.free} free; "
        f"{now.surplus} surplus answers kept.</p>{warning}</div>{uneven(db, campaign)}"
    )


def uneven(db: Database, campaign: Campaign) -> str:
    """The units that do not have exactly as many sentences as people are asked."""
    found = progress.uneven(db, campaign.campaign_id)
    asked = campaign.settings.annotators_per_unit
    what = "ratings" if campaign.kind == "rate" else "sentences"
    if not found:
        return note(f"Every unit has exactly {asked} {what}.")
    rows = "".join(
        f"<tr><td>{escape(each.subject)} {escape(each.layer)} {each.unit}</td>"
        f'<td class="n">{each.sentences}</td><td class="n">{each.no_pattern}</td></tr>'
        for each in found[:SHOWN]
    )
    none = sum(each.sentences == 0 for each in found)
    more = f"<p>… and {len(found) - SHOWN} more, all in the table to download.</p>"
    return (
        f"<details><summary>{len(found)} units do not have exactly {asked} {what}; {none} have "
        f'none</summary><table class="an-table"><tr><th>unit</th><th class="n">{what}</th>'
        f'<th class="n">no common pattern</th></tr>{rows}</table>'
        f"{more if len(found) > SHOWN else ''}</details>"
    )


def write_uneven(db: Database, campaign_id: int, path: Path) -> int:
    """The same as a table, all of them; returns how many."""
    found = progress.uneven(db, campaign_id)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "layer", "unit", "sentences", "no_pattern", "expected"])
        for each in found:
            names = [neutral(each.subject), neutral(each.layer)]
            counts = [each.unit, each.sentences, each.no_pattern, each.expected]
            writer.writerow([*names, *counts])
    return len(found)


def settings(db: Database, campaign: Campaign) -> str:
    """The rules of a campaign, all of them."""
    rules = campaign.settings
    test = "none"
    if rules.qualification_id is not None:
        found = qualifications.get(db, rules.qualification_id)
        test = f"{found.name}, version {found.version}"
    gold = len(campaigns.gold_words(db, campaign.campaign_id))
    lines = {
        "question": rules.instructions,
        "consent text": rules.consent or "none",
        "people a unit": str(rules.annotators_per_unit),
        "a unit is kept for a person": f"{rules.lease_minutes:g} minutes",
        "most answers a person": "no cap" if rules.cap is None else str(rules.cap),
        "pay shown": (
            "none" if rules.pay_per_unit is None else f"{rules.pay_per_unit:g} {rules.currency}"
        ),
        "hidden repeats": _every(rules.repeat_every),
        "gold units": f"{gold}, {_every(rules.gold_every)}",
        "qualification test": test,
        "started by": campaign.person,
    }
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in lines.items()
    )
    return f'<table class="an-table">{rows}</table>'


def _every(answers: int) -> str:
    return f"after every {answers} answers" if answers else "never"


def tested(unit: UnitRow, asking: Sequence[str]) -> str:
    """The unit that a question of a test would show; it should be in no campaign."""
    line = f'<p class="an-muted">{escape(unit.name)}</p>'
    if not asking:
        return line
    names = ", ".join(f"“{escape(name)}”" for name in asking[:3])
    return (
        f'{line}<p class="an-hint an-problem">People are asked about this unit in {names}; a test '
        "is better with units that they will not meet again.</p>"
    )


def questions_head(count: int) -> str:
    """How many questions the test has so far."""
    if not count:
        return '<h4>Questions so far</h4><p class="an-muted">None yet; a test needs two.</p>'
    return f"<h4>Questions so far: {count}</h4>"


def question(number: int, asked: Question, unit: UnitRow) -> str:
    """One question of a test with its key, as the admin who makes it sees it."""
    options = "".join(
        f"<li>✓ <b>{escape(text)}</b></li>" if index == asked.answer else f"<li>{escape(text)}</li>"
        for index, text in enumerate(asked.options)
    )
    why = f'<p class="an-muted">Reason: {escape(asked.reason)}</p>' if asked.reason else ""
    return (
        f'<div class="an-keyed"><img src="{escape(pictures.address(unit, "strip"))}" '
        f'alt="the strongest pictures of {escape(unit.name)}"><div><b>{number}.</b> '
        f'<span class="an-muted">{escape(unit.name)}</span><ul>{options}</ul>{why}</div></div>'
    )
