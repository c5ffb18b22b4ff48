"""What an admin sees of campaigns, as HTML made of plain values; texts are escaped here."""

from collections.abc import Sequence
from html import escape

from sqlite_utils import Database

from annotator import ratings as tables
from annotator.cleaning import Change
from annotator.pages import moment
from db import campaigns, exemplars, progress
from db.campaigns import Campaign
from db.progress import Progress
from db.ratings import Rating


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
    rows = "".join(_row(each, progress.of(db, each.campaign_id)) for each in known)
    return (
        '<table class="an-table"><tr><th>campaign</th><th>state</th><th class="n">units</th>'
        '<th>slots: filled, on screens, free</th><th class="n">people</th>'
        f'<th class="n">answers an hour</th><th>full about</th></tr>{rows}</table>'
    )


def _row(campaign: Campaign, now: Progress) -> str:
    finish = moment(now.finish_utc) if now.finish_utc else "–"
    return (
        f"<tr><td>{escape(campaign.name)}</td><td>{campaign.state}</td>"
        f'<td class="n">{now.complete} of {now.units}</td><td>{slots_bar(now)}'
        f'<span class="an-muted">{now.filled} · {now.leased} · {now.free}</span></td>'
        f'<td class="n">{now.annotators}</td><td class="n">{now.per_hour:.0f}</td>'
        f"<td>{finish}</td></tr>"
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
    """One campaign: progress, rules, units that need attention."""
    now = progress.of(db, campaign.campaign_id)
    rules = campaign.settings
    chips = [
        f"{rules.annotators_per_unit} people a unit",
        f"lease {rules.lease_minutes:g} minutes",
        "no cap" if rules.cap is None else f"at most {rules.cap} answers a person",
        f"{now.surplus} surplus answers kept",
    ]
    labels = "".join(f'<span class="an-chip">{escape(chip)}</span>' for chip in chips)
    held = campaigns.held(db, campaign.campaign_id)
    names = ", ".join(escape(exemplars.unit(db, unit_id).name) for unit_id in held[:10])
    warning = f"<p>Reported as broken and held: {names}</p>" if held else ""
    return (
        f'<div class="an-card"><h3>{escape(campaign.name)} · {campaign.state}</h3>'
        f"{slots_bar(now)}<p>{now.complete} of {now.units} units complete; {now.filled} of "
        f"{now.slots} slots filled, {now.leased} on screens, {now.free} free.</p>"
        f"<p>{labels}</p>"
        f"{warning}<p class='an-muted'>{escape(rules.instructions)}</p></div>"
    )


def note(sentence: str) -> str:
    """What an action did."""
    return f'<p role="status">{escape(sentence)}</p>' if sentence else ""


def changes(found: Sequence[Change], sentences: int) -> str:
    """Raw and cleaned text side by side."""
    rows = "".join(
        f"<tr><td>{escape(each.annotator)}</td><td>{escape(each.raw)}</td>"
        f"<td>{escape(each.cleaned)}</td></tr>"
        for each in found[:200]
    )
    return (
        f"<p>{len(found)} of {sentences} sentences would change.</p>"
        f'<table class="an-table"><tr><th>annotator</th><th>as typed</th><th>cleaned</th></tr>'
        f"{rows}</table>"
    )


def ratings(found: Sequence[Rating]) -> str:
    """Mean rating with standard error and share picked as best, by layer and method."""
    lines = tables.summary(found)
    share, agreement = tables.valid_share(found), tables.alpha(found)
    if share is None:
        return note("Nobody has rated anything yet.")
    rows = "".join(
        f"<tr><td>{escape(line.layer)}</td><td>{escape(line.method)}</td>"
        f'<td class="n">{line.ratings}</td><td class="n">{line.mean:.2f}'
        f"{'' if line.error is None else f' ± {line.error:.2f}'}</td>"
        f'<td class="n">{100 * line.chosen:.1f} %</td></tr>'
        for line in lines
    )
    alpha = "undefined: no two raters on one unit" if agreement is None else f"{agreement:.2f}"
    return (
        '<table class="an-table"><tr><th>layer</th><th>method</th><th class="n">ratings</th>'
        f'<th class="n">mean ± standard error</th><th class="n">picked as best</th></tr>{rows}'
        f"</table><p>{100 * share:.0f} % of the responses are consistent and counted. "
        f"Krippendorff's alpha (interval): {alpha}.</p>"
    )
