"""A workspace of an earlier version opens with everything that was in it."""

import sqlite3

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from db.annotate import annotations, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.schema import migrations
from db.workspace import prepare
from helpers.annotating import start


def test_answers_from_before_paste_times_are_kept_as_they_are() -> None:
    connection = sqlite3.connect(":memory:")
    old = Database(connection, recursive_triggers=False)
    earlier = Migrations("milan-workbench")
    before = [step.__name__ for step in migrations.STEPS].index("m011_paste_times")
    for step in migrations.STEPS[:before]:
        earlier()(step)
    earlier.apply(old)
    columns = "token, campaign_id, unit_id, annotator, purpose, exemplar_hash, created_utc"
    moment = "2026-01-01T00:00:00.000Z"
    campaign = start(old, 2, "ada", "bo").campaign_id
    unit = old.execute("select min(unit_id) from units").fetchone()[0]
    old.execute(
        f"insert into annotations ({columns}, pasted_characters) values (?, ?, ?, ?, ?, ?, ?, 30)",
        ["t", campaign, unit, "ada", "collect", "hash", moment],
    )
    old.execute("insert into revisions values (1, 1, 'text', 'striped fur', ?, 0)", [moment])
    old.conn.commit()

    db = prepare(connection)
    (answer,) = annotations.of_campaign(db, campaign)
    assert (answer.text, answer.pasted_characters) == ("striped fur", 30)
    assert answer.pasted_after_ms is None
    with pytest.raises(sqlite3.IntegrityError, match="never edited"):
        db.execute("update annotations set pasted_after_ms = 1")
    db.conn.rollback()
    claimed = slots.claim(db, campaign, "bo")
    assert isinstance(claimed, Claim)
    slots.submit(db, claimed.token, "bo", Answer("red wheels", pasted_after_ms=5))
    assert annotations.of_campaign(db, campaign, annotator="bo")[0].pasted_after_ms == 5
    db.close()
