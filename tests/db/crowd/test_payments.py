"""What is due, in exact hundredths, and the forms in which platforms take it."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlite_utils import Database

from db.annotate import slots
from db.annotate.annotations import Answer
from db.crowd import participants, payments, recruitment, standings
from db.crowd.participants import Arrival
from db.crowd.recruitment import Recruitment
from db.errors import BadInput
from helpers.annotating import at, claim, fresh, start


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def work(db: Database, campaign: int, who: str, sets: int) -> None:
    for minute in range(sets):
        found = claim(db, campaign, who, at(minutes=minute))
        slots.submit(db, found.token, who, Answer("striped fur"), at=at(minutes=minute))


def test_what_is_due_follows_the_rule_and_leaves_in_each_platforms_form(db: Database) -> None:
    rules = {"cap": 3, "pay_per_unit": 0.1, "currency": "GBP"}
    campaign = start(db, 5, **rules).campaign_id
    offer = Recruitment(reward=2.5, screened_reward=0.4)
    recruitment.save(db, campaign, offer, person="admin")
    arrivals = {
        "whole": Arrival("prolific", "P1", "s", "x1"),
        "excluded": Arrival("prolific", "P2", "s", "x2"),
        "back": Arrival("prolific", "P3", "s", "x3"),
        "screened": Arrival("prolific", "P4", "s", "x4"),
        "turk": Arrival("mturk", "=W5", "h", "A5"),
    }
    who = {key: participants.enter(db, campaign, each) for key, each in arrivals.items()}
    for key, sets in (("whole", 3), ("excluded", 3), ("back", 2), ("turk", 1)):
        work(db, campaign, who[key], sets)
    for key in ("whole", "excluded", "turk"):
        participants.finish(db, who[key], "completed")
    participants.finish(db, who["screened"], "screened_out")
    participants.give_back(db, who["back"])
    standings.add(db, campaign, who["excluded"], "excluded", reason="spam", person="admin")

    owed = {each.annotator: each.total for each in payments.due(db, campaign)}
    # 0.1 three times is 0.30 exactly
    assert owed == {
        who["whole"]: Decimal("2.80"),
        who["excluded"]: Decimal("2.80"),
        who["back"]: Decimal("0.00"),
        who["screened"]: Decimal("0.40"),
        who["turk"]: Decimal("2.60"),
    }
    assert payments.due_to(db, campaign, who["whole"]).bonus == Decimal("0.30")
    assert payments.rows(db, campaign, "prolific-approve") == ([], [["P1"]])
    columns, bonuses = payments.rows(db, campaign, "prolific-bonus")
    assert (columns, sorted(bonuses)) == ([], [["P1", "0.30"], ["P2", "0.30"]])
    assert payments.rows(db, campaign, "mturk-approve") == (
        ["AssignmentId", "WorkerId", "Approve", "Reject"],
        [["A5", "=W5", "X", ""]],
    )
    _, turk = payments.rows(db, campaign, "mturk-bonus")
    assert turk[0][:3] == ["=W5", "A5", "0.10"]
    columns, everything = payments.rows(db, campaign, "all")
    assert len(everything) == 5
    assert (
        dict(zip(columns, everything[[r[1] for r in everything].index("P3")], strict=True))[
            "outcome"
        ]
        == "returned"
    )
    with pytest.raises(BadInput, match="expected one of"):
        payments.rows(db, campaign, "paypal")
