"""Which job a page follows, and who may end it or take it up again.

job = followed(db, ["describe"], person, job_id)
theirs(db, job_id, person)              # raises unless this person may cancel and resume it
"""

from collections.abc import Sequence

from sqlite_utils import Database

from db import jobs
from db.access.permissions import Person
from db.errors import BadInput, NotAllowed
from db.jobs import Job

# While it is one of these, a job can be cancelled; from the others below it can be taken up again.
LIVE = ("running", "queued")
STOPPED = ("failed", "cancelled", "interrupted")


def may_end(who: Person, job: Job) -> bool:
    """Whether a person may cancel and resume a job: admins every one, others their own."""
    return who.role == "admin" or job.person == who.name


def theirs(db: Database, job_id: int | None, who: Person) -> int:
    """The job, which this person may cancel and resume.

    Raises:
        BadInput: none was chosen.
        NotAllowed: it is somebody else's.
        NotFound: there is none of that id.
    """
    if job_id is None:
        raise BadInput("Choose a job first.")
    if not may_end(who, jobs.get(db, job_id)):
        raise NotAllowed("This job is somebody else's; an admin can cancel or resume it.")
    return job_id


def followed(
    db: Database, kinds: Sequence[str], who: Person, job_id: int | None = None
) -> Job | None:
    """The job of some kinds that a page shows a person.

    One that is followed already stays until it has ended and a newer one of the person's is under
    way. Without one it is the person's own newest, unless that is done and somebody else's is under
    way; of people who have none it is the newest of all.
    """
    last = jobs.get(db, job_id) if job_id is not None else None
    if last and last.state in LIVE:
        return last
    own = next(iter(jobs.latest(db, kinds=kinds, person=who.name, limit=1)), None)
    if own and own.state in LIVE:
        return own
    if last:
        return last
    newest = next(iter(jobs.latest(db, kinds=kinds, limit=1)), None)
    if own and (own.state in STOPPED or newest is None or newest.state not in LIVE):
        return own
    return newest
