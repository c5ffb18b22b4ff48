"""A sentence's measures as rows of a table: value, interval, chance, and what the sanity tests say.

measured.rows(score.measures, tests)        # tests: of the judge, as the database keeps them
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.describe.faithfulness import Measured
from describer.faithfulness.measures import MEASURES


@dataclass(frozen=True)
class Row:
    """One measure in words; interval is "" where there is none, published where it is sound.

    left_out, added: what the sanity tests came to on the units of this layer.
    """

    title: str
    value: str
    interval: str
    constant: str
    others: str
    left_out: str
    added: str
    published: str


def rows(measures: Mapping[str, Measured], tests: Mapping[str, Any]) -> list[Row]:
    """The measures that were taken, the sound ones first."""
    found = []
    for each in MEASURES:
        if each.name not in measures:
            continue
        value, low, high, constant, others = measures[each.name]
        test = tests.get(each.name, {})
        interval = "" if low is None or high is None else f"{low:.2f} to {high:.2f}"
        found.append(
            Row(
                each.title,
                f"{value:.2f}",
                interval,
                f"{constant:.2f}",
                f"{others:.2f}",
                _outcome(test.get("left_out")),
                _outcome(test.get("added")),
                f"published to fail at {each.fails}" if each.fails else "",
            )
        )
    return found


def _outcome(test: Mapping[str, Any] | None) -> str:
    if not test or test["passed"] is None:
        return "not tried"
    return f"{'passes' if test['passed'] else 'fails'} ({test['share']:.0%})"
