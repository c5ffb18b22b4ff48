"""Which job a page follows among those of several people."""

from pathlib import Path

import pytest

from db import jobs
from db.access.permissions import Person
from db.workspace import create, open_database
from describer.jobs import ownership

RAE = Person("rae", "reviewer")


@pytest.mark.parametrize(
    ("given", "already", "expected"),
    [
        # Jobs in the order they were asked for, as person and state; which is followed already.
        ([], None, None),
        (["roy running"], None, 1),
        (["rae queued", "roy running"], None, 1),
        (["rae running", "rae queued"], None, 2),
        (["rae failed", "roy running"], None, 1),
        (["rae done", "roy running"], None, 2),
        (["rae done", "roy done"], None, 1),
        (["roy done", "roy failed"], None, 2),
        (["rae running", "rae queued"], 1, 1),
        (["roy running", "rae queued"], 1, 1),
        (["roy done", "rae queued"], 1, 2),
        (["rae cancelled", "roy queued"], 1, 1),
        (["rae cancelled", "rae done"], 1, 1),
    ],
)
def test_a_page_follows_ones_own_job_before_others(
    tmp_path: Path, given: list[str], already: int | None, expected: int | None
) -> None:
    with open_database(create(tmp_path / "w")) as db:
        for number, (person, state) in enumerate(map(str.split, given), start=1):
            jobs.enqueue(db, "ablate", {}, title="t", device=f"cuda:{number}", person=person)
            db.execute("update jobs set state = ? where job_id = ?", [state, number])
        jobs.enqueue(db, "of another page", {}, title="t", device="cpu", person="rae")
        found = ownership.followed(db, ["ablate"], RAE, already)
    assert (found and found.job_id) == expected
