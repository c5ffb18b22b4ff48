"""What an ablation costs at most, said before it is started.

found = budget(db, plan, units=12)
found.images, found.seconds         # through the network; None before the first of a network
"""

import datetime
from dataclasses import dataclass

from sqlite_utils import Database

from audits.ablation.plan import KIND, MEASURED, Plan, Request
from db import jobs
from db.describe import subjects
from db.errors import NotFound


@dataclass(frozen=True)
class Budget:
    """At most so many images go through the network, which takes so long.

    Attributes:
        seconds: at the rate of the last ablation of the same network; None without one.
    """

    units: int
    draws: int
    images: int
    seconds: float | None


def budget(db: Database, plan: Plan, units: int) -> Budget | None:
    """The cost of ablating so many units; None while something is not chosen yet.

    A curve, that of a random draw as well, runs every image again once a unit at most; an order
    that is measured runs those of the validation once a unit, and every order of ties once more.
    What units are silent on, or what was measured before, costs nothing. All units sorted, whole
    layers, and a head trained again come on top.

    Raises:
        NotFound: a name is not one of this workspace.
    """
    if not (units and plan.subject and plan.validation and plan.test):
        return None
    images = _images(db, plan, units)
    for job in jobs.latest(db, kinds=[KIND]):
        earlier = Request.from_json(job.args)
        if job.state != "done" or earlier.plan.subject != plan.subject:
            continue
        try:
            before = _images(db, earlier.plan, len(earlier.units))
        except NotFound:
            continue
        return Budget(units, plan.how.controls, images, _took(job) * images / before)
    return Budget(units, plan.how.controls, images, None)


def _images(db: Database, plan: Plan, units: int) -> int:
    validation, test = (
        subjects.get_probing_set(db, name).images for name in (plan.validation, plan.test)
    )
    how, lists = plan.how, 1 + plan.how.controls
    curves = (units + 1) * (validation + test) * lists
    if how.order not in MEASURED:
        return curves
    # Drawn units are ordered alike, so each of theirs is measured alone as well.
    alone = validation * units * (1 if how.order == "importance" else lists)
    ties = how.tie_orders if how.order == "accuracy" else 0
    return curves + alone + ties * ((units + 1) * validation + test * lists)


def _took(job: jobs.Job) -> float:
    began, ended = (
        datetime.datetime.fromisoformat(each or job.created_utc)
        for each in (job.started_utc, job.ended_utc)
    )
    return (ended - began).total_seconds()
