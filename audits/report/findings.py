"""What stands beside verdicts in a report: agreement, faithfulness, detectors, finished studies.

    values = report_findings.gather(db, concept="text", units=units, names={"resnet18"})

Read in a fixed order, so that the same data gives the same bytes. Agreement is measured on units
that have all the verdicts they need: nothing here tells one that is still blind.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from audits.find.kappa import agreement
from db import jobs
from db.audit import decisions, evidence
from db.describe import descriptions, exemplars, faithfulness
from db.describe.exemplars import UnitRow

STUDIES = ("faithfulness", "importance", "uses")
MOST = 10_000


def gather(
    db: Database, *, concept: str, units: Sequence[UnitRow], names: Collection[str]
) -> dict[str, Any]:
    """Everything, as JSON can hold it.

    Args:
        units: those that the report shows.
        names: of the networks that it is about.
    """
    return {
        "agreement": _agreement(db, concept, names),
        "of_units": {unit.name: _of_unit(db, unit) for unit in units},
        "studies": _studies(db, names),
    }


def _agreement(db: Database, concept: str, names: Collection[str]) -> dict[str, Any] | None:
    blind = decisions.blind_verdicts(db, concept)
    found = agreement(
        [
            {each.person: each.verdict for each in given}
            for unit_id, given in sorted(blind.items())
            if exemplars.unit(db, unit_id).subject in names
        ]
    )
    if found is None:
        return None
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in asdict(found).items()
    }


def _of_unit(db: Database, unit: UnitRow) -> dict[str, Any]:
    said = {each.description_id: each for each in descriptions.of_unit(db, unit.unit_id)}
    scores = faithfulness.of_descriptions(db, sorted(said))
    return {
        "faithfulness": [
            {
                "method": said[each.description_id].method,
                "description": said[each.description_id].text,
                **{key: value for key, value in asdict(each).items() if key != "description_id"},
            }
            for each in scores
        ],
        "detectors": [asdict(each) for each in evidence.of_unit(db, unit.unit_id)],
    }


def _studies(db: Database, names: Collection[str]) -> list[dict[str, Any]]:
    """The finished studies of these networks, the oldest first, with all that they found."""
    done = [
        each
        for each in jobs.latest(db, kinds=STUDIES, limit=MOST)
        if each.state == "done" and each.args.get("subject") in names
    ]
    return [
        {
            "number": each.job_id,
            "kind": each.kind,
            "title": each.title,
            "person": each.person,
            "asked": each.created_utc,
            "request": each.args,
            # The table to take away lies in the workspace, not in a report.
            "result": {key: value for key, value in each.result.items() if key != "file"},
        }
        for each in sorted(done, key=lambda each: each.job_id)
    ]
