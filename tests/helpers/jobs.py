"""A job that is under way, as its row tells it."""

from db.jobs import Job

JOB = Job(
    job_id=7,
    kind="describe",
    title="Describe <net>",
    device="cpu",
    args={},
    state="running",
    done=30,
    total=120,
    rate=1.5,
    message="layer4: units",
    result={},
    cancel=False,
    person="ada",
    pid=1,
    heartbeat_utc=None,
    created_utc="2026-01-01T11:00:00Z",
    started_utc="2026-01-01T11:30:00Z",
    ended_utc=None,
)
