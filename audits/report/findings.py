"""What stands beside verdicts in a report: agreement, faithfulness, detectors, finished studies.

    found = findings.gather(db, concept="text", units=units, names={"resnet18"})

Read in a fixed order, so that the same data gives the same bytes. Agreement is measured on units
that have all the verdicts they need: nothing here tells one that is still blind.
"""

import math
from collections.abc import Collection, Sequence

from sqlite_utils import Database

from audits.find import kappa
from audits.report.contents import (
    Agreement,
    Faithful,
    Findings,
    OfUnit,
    Study,
    TrustedSentence,
)
from audits.studies.results import RESULTS
from db import jobs
from db.audit import blind_review, evidence
from db.describe import descriptions, exemplars, faithfulness, trusted
from db.describe.exemplars import UnitRow

MOST = 10_000


def gather(
    db: Database, *, concept: str, units: Sequence[UnitRow], names: Collection[str]
) -> Findings:
    """Everything that is known beside the verdicts.

    Args:
        units: those that the report shows.
        names: of the networks that it is about.
    """
    return Findings(
        _agreement(db, concept, names),
        {unit.name: _of_unit(db, unit) for unit in units},
        _studies(db, names),
    )


def _agreement(db: Database, concept: str, names: Collection[str]) -> Agreement | None:
    blind = blind_review.blind_verdicts(db, concept)
    found = kappa.agreement(
        [
            {one.person: one.verdict for one in given}
            for unit_id, given in sorted(blind.items())
            if exemplars.unit(db, unit_id).subject in names
        ]
    )
    if found is None:
        return None
    return Agreement(
        found.measure,
        _defined(found.kappa),
        _defined(found.low),
        _defined(found.high),
        found.same,
        found.units,
    )


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _of_unit(db: Database, unit: UnitRow) -> OfUnit:
    said = {one.description_id: one for one in descriptions.of_unit(db, unit.unit_id)}
    return OfUnit(
        tuple(
            Faithful(
                method=said[score.description_id].method,
                description=said[score.description_id].text,
                judge=score.judge,
                images=score.images,
                auprc=score.auprc,
                auroc=score.auroc,
                correlation=score.correlation,
                constant=score.constant,
                shuffled=score.shuffled,
            )
            for score in faithfulness.of_descriptions(db, sorted(said))
        ),
        tuple(evidence.of_unit(db, unit.unit_id)),
        _trusted(db, unit.unit_id),
    )


def _trusted(db: Database, unit_id: int) -> TrustedSentence | None:
    one = trusted.of_units(db, [unit_id]).get(unit_id)
    if one is None:
        return None
    return TrustedSentence(
        one.method,
        one.text,
        one.measure,
        one.value,
        one.low,
        one.high,
        one.others,
        one.judge,
        one.images,
        one.reason,
    )


def _studies(db: Database, names: Collection[str]) -> tuple[Study, ...]:
    """The finished studies of these networks, the oldest first, with all that they found."""
    done = [
        job
        for job in jobs.latest(db, kinds=tuple(sorted(RESULTS)), limit=MOST)
        if job.state == "done" and job.args.get("subject") in names
    ]
    return tuple(
        Study(
            number=job.job_id,
            kind=job.kind,
            title=job.title,
            person=job.person,
            asked=job.created_utc,
            request=job.args,
            # The table to take away lies in the workspace, not in a report.
            result={key: value for key, value in job.result.items() if key != "file"},
        )
        for job in sorted(done, key=lambda job: job.job_id)
    )
