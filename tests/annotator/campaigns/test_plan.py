"""Campaigns as an admin asks for them: units in words, gold units, and what a test keeps out."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator.campaigns import plan
from annotator.campaigns.plan import Plan
from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Settings
from db.annotate.qualifications import Question
from db.describe import exemplars
from db.errors import BadInput
from helpers.annotating import add_units, fresh


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def rules(**settings: object) -> Settings:
    return Settings("One sentence.", **settings)  # type: ignore[arg-type]


def test_units_come_in_once_and_those_that_the_test_shows_stay_out(db: Database) -> None:
    units = add_units(db, 6)
    layer = exemplars.sets(db)[0].exemplar_set_id
    questions = [Question(unit, ("dogs", "cats"), 0) for unit in units[:2]]
    test = qualifications.add(db, "t", questions, person="admin")
    asked = rules(qualification_id=test.qualification_id, gold_every=2)
    started = plan.start(db, Plan("spring", layer, "0-3", asked, "3: dog"), person="ada")
    campaign_id = started.campaign.campaign_id
    assert (started.units, started.left_out) == (1, 2)
    assert campaigns.unit_ids(db, campaign_id) == [units[2]]
    assert campaigns.gold_words(db, campaign_id) == {units[3]: ("dog",)}
    enlarged = plan.enlarge(db, campaign_id, layer, "0, 2, 4-5", person="ada")
    assert (enlarged.added, enlarged.known) == (2, 1)
    assert campaigns.unit_ids(db, campaign_id) == [units[2], *units[4:]]


@pytest.mark.parametrize(
    ("units", "gold", "gold_every", "message"),
    [
        ("0-9", "", 0, "units between 0 and 1"),
        ("0", "1: dog", 0, "Give both the gold units and after how many"),
        ("0", "", 5, "Give both the gold units and after how many"),
        ("0", "7: dog", 5, "gold units below 2, got 7"),
    ],
)
def test_what_cannot_be_asked_starts_nothing(
    db: Database, units: str, gold: str, gold_every: int, message: str
) -> None:
    add_units(db, 2)
    layer = exemplars.sets(db)[0].exemplar_set_id
    asked = Plan("spring", layer, units, rules(gold_every=gold_every), gold)
    with pytest.raises(BadInput, match=message):
        plan.start(db, asked, person="ada")
    with pytest.raises(BadInput, match="Choose a network and layer first"):
        plan.start(db, Plan("spring", None, "all", rules()), person="ada")
    assert campaigns.every(db) == []
