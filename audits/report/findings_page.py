"""What stands beside verdicts, as parts of a report's page; every text is escaped here.

agreement(values)           how far reviewers agreed
of_unit(values)             a unit's faithfulness, and what detectors saw
studies(values)             the tables and drawings of finished studies
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from audits.studies import page


def agreement(found: Mapping[str, Any] | None) -> str:
    """How far reviewers who were blind to each other agreed beyond chance."""
    if found is None:
        return "<p>No unit was judged by two people blind to each other: no agreement is known.</p>"
    kappa = "undefined, as one verdict was given everywhere"
    if found["kappa"] is not None:
        kappa = f"{found['kappa']:.2f}"
        if found["low"] is not None:
            kappa += f" (95 % interval over units {found['low']:.2f} to {found['high']:.2f})"
    return (
        f"<p>{escape(found['measure'])}: {kappa}; the same verdict on {found['same']:.0%} of "
        f"{found['units']} units that were judged blind.</p>"
    )


def of_unit(found: Mapping[str, Any] | None) -> str:
    """How faithful a unit's descriptions are, and what detectors saw in its regions."""
    lines = [
        f"{escape(each['method'])}: AUPRC {each['auprc']:.2f} (constant {each['constant']:.2f}, "
        f"other units' sentences {each['shuffled']:.2f}), correlation {each['correlation']:.2f}, "
        f"on {escape(each['images'])}, judged by {escape(each['judge'])}"
        for each in (found or {}).get("faithfulness", [])
    ]
    lines += [
        f"{escape(each['detector'])}: in {each['found']} of {each['regions']} regions"
        for each in (found or {}).get("detectors", [])
    ]
    return "".join(f"<p><small>{line}</small></p>" for line in lines)


def studies(found: Sequence[Mapping[str, Any]]) -> str:
    """Every finished study as its page shows it, without pictures of units."""
    if not found:
        return "<p>None was made.</p>"
    return "".join(
        f"<h3>{escape(each['title'])}</h3><p><small>asked by {escape(each['person'])}, "
        f"{escape(each['asked'])}</small></p>{_result(each['kind'], each['result'])}"
        for each in found
    )


def _result(kind: str, result: Mapping[str, Any]) -> str:
    if kind == "uses":
        return page.uses(result)
    if kind == "importance":
        return page.importance(result, {})
    return page.faithfulness(result, {})
