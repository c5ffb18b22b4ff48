"""Files that an admin brings: looked at without writing, refused whole, let in as they were."""

import html
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from annotator.campaigns import board
from annotator.campaigns import page as campaign_page
from annotator.exchange import arrivals, exports, page
from db.annotate import annotations, campaigns, progress, slots, transfers
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import prepare
from helpers.annotating import add_people, start

TABLE = "layer,unit,summary\nconv1,0,dogs\nconv1,0,dog faces\nconv1,1,\nconv1,2,cars\n"
TURK = (
    "WorkerId,AssignmentStatus,RequesterFeedback,Input.layer,Input.unit,Answer.summary\n"
    "A,Approved,,conv1,0,dogs\nB,Rejected,vague,conv1,0,things\n"
)


@pytest.fixture
def db() -> Iterator[Database]:
    connection = sqlite3.connect(":memory:")
    yield prepare(connection)
    connection.close()


def test_a_look_counts_and_writes_nothing(db: Database) -> None:
    seen = arrivals.look(db, "net.csv", TABLE)
    assert (seen.name, len(seen.records), seen.empty, seen.unknown) == ("net", 3, 1, 2)
    assert seen.sentences == ((1, 1), (2, 1))
    assert campaigns.every(db) == []
    assert "as published units of net, not the workspace" in html.unescape(page.seen(seen))
    turk = arrivals.look(db, "t.csv", TURK, subject="net", name=" june ")
    assert [record.status for record in turk.records] == ["approved", "rejected"]
    campaign = arrivals.take(db, turk, person="admin")
    assert campaign.name == "june"
    assert [a.status for a in annotations.of_campaign(db, campaign.campaign_id)] == [
        "approved",
        "rejected",
    ]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("a.txt", TABLE, "ends in .csv or .jsonl"),
        ("annotations.csv", TABLE, "the network's name for annotations.csv"),
        ("a.csv", "x,y\n1,2\n", "expected the columns layer, unit and summary in a.csv"),
        ("spring.csv", TABLE, "'spring', which is taken"),
        ("a.csv", "x" * (arrivals.LARGEST + 1), "expected at most 5 MB"),
    ],
)
def test_what_cannot_come_in_is_said_without_paths(
    db: Database, file: str, text: str, message: str
) -> None:
    start(db, 1)
    seen = arrivals.look(db, file, text)
    assert message in str(seen.problem)
    assert "/tmp" not in str(seen.problem)
    with pytest.raises(BadInput):
        arrivals.take(db, seen, person="admin")
    assert len(campaigns.every(db)) == 1


def test_our_own_export_comes_in_once_and_exactly(db: Database, tmp_path: Path) -> None:
    campaign = start(db, 2, "ada")
    found = slots.claim(db, campaign.campaign_id, "ada")
    assert isinstance(found, Claim)
    slots.submit(db, found.token, "ada", Answer("fur"))
    records = transfers.records(db, campaign.campaign_id, secret=b"0" * 32)
    exports.write_csv(tmp_path / "a.csv", records)
    text = (tmp_path / "a.csv").read_text()
    assert "holds already" in str(arrivals.look(db, "a.csv", text).problem)
    other = prepare(sqlite3.connect(":memory:"))
    copied = arrivals.take(other, arrivals.look(other, "a.csv", text), person="admin")
    assert transfers.records(other, copied.campaign_id, secret=b"1" * 32) == records
    other.close()


def test_units_without_a_sentence_are_reported(db: Database, tmp_path: Path) -> None:
    campaign = start(db, 3, "ada", "bo", annotators_per_unit=2)
    add_people(db, "cy")
    for name, answer in (("ada", Answer("fur")), ("bo", Answer("", kind="no_pattern"))):
        found = slots.claim(db, campaign.campaign_id, name)
        assert isinstance(found, Claim)
        slots.submit(db, found.token, name, answer)
    found = progress.uneven(db, campaign.campaign_id)
    assert [(each.unit, each.sentences, each.no_pattern, each.expected) for each in found] == [
        (1, 0, 0, 2),
        (2, 0, 0, 2),
        (0, 1, 1, 2),
    ]
    page = campaign_page.one(board.detail(db, campaign.campaign_id))
    assert "3 units do not have exactly 2 sentences; 2 have none" in page
    assert board.write_uneven(db, campaign.campaign_id, tmp_path / "u.csv") == 3
    assert (tmp_path / "u.csv").read_text().splitlines()[1] == "toy,conv1,1,0,0,2"
