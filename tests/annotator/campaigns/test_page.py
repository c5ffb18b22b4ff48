"""The admin's board stays cheap however many units a campaign has."""

import sqlite3

from sqlite_utils import Database

from annotator.campaigns import board, page
from db.annotate import campaigns, skips
from db.workspace import prepare
from helpers.annotating import at, claim, start


def drawn(units: int) -> tuple[str, int]:
    """The board over a campaign of so many units, and how many statements it took."""
    statements: list[str] = []
    db: Database = prepare(sqlite3.connect(":memory:"))
    campaign = start(db, units, "ada")
    db.conn.set_trace_callback(statements.append)
    html = page.table(board.overviews(db)) + page.one(board.detail(db, campaign.campaign_id))
    db.conn.set_trace_callback(None)
    db.close()
    return html, len(statements)


def test_four_thousand_units_take_no_more_queries_and_no_pictures() -> None:
    few, many = drawn(40), drawn(4000)
    assert many[1] == few[1]
    assert len(many[0]) < 1.1 * len(few[0])
    assert "12000 slots filled" in many[0]
    assert "data:" not in many[0]


def test_without_campaigns_it_says_what_to_do() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    assert "Start campaign" in page.table(board.overviews(db))
    db.close()


def test_one_report_is_seen_until_its_unit_is_offered_again() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    campaign_id = start(db, 1, "ada", "bo").campaign_id
    skips.skip(db, claim(db, campaign_id, "ada", at()).token, "ada", broken=True, at=at(seconds=1))
    assert "by one person, still offered: toy/conv1/0" in page.one(board.detail(db, campaign_id))
    taken = claim(db, campaign_id, "bo", at(seconds=2))
    skips.skip(db, taken.token, "bo", broken=True, at=at(seconds=3))
    shown = page.one(board.detail(db, campaign_id))
    assert "by one person" not in shown
    assert "Reported as broken and held: toy/conv1/0" in shown
    (unit_id,) = campaigns.held(db, campaign_id)
    campaigns.release(db, campaign_id, unit_id, person="admin")
    assert "broken" not in page.one(board.detail(db, campaign_id))
    db.close()
