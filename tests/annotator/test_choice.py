"""Active choice: what is planted as most wanted comes first, and random choice stays beside it."""

from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from annotator import choice
from annotator.campaigns import plan
from annotator.campaigns.plan import Plan
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Settings
from db.describe import descriptions, exemplars, faithfulness
from db.describe.descriptions import NewDescription
from db.describe.faithfulness import Score
from db.errors import BadInput
from helpers.annotating import add_people, add_units, at, claim, fresh


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def test_unfaithful_units_that_methods_disagree_about_come_first(db: Database) -> None:
    ids = add_units(db, 10)
    (layer,) = (each.exemplar_set_id for each in exemplars.sets(db))
    # Planted: of unit n the sentence is the less faithful, the larger n; even ones are disputed.
    for number, unit_id in enumerate(ids):
        other = "tall church towers" if number % 2 == 0 else "red wheels"
        new = [
            NewDescription(unit_id, "milan", "m", "red wheels", 0.0),
            NewDescription(unit_id, "clip-dissect", "c", other, 0.0),
        ]
        descriptions.add(db, new)
        described = descriptions.of_unit(db, unit_id)[0].description_id
        score = Score(described, "judge", "images", 0.9 - 0.05 * number, 0.5, 0.0, 0.1, 0.1)
        faithfulness.add(db, [score])
    # 4 and 9 are as much wanted: one is disputed, one is least faithful.
    assert choice.pick(db, layer, 2) == [8, 6]
    assert {choice.pick(db, layer, 3, seed=seed)[2] for seed in range(20)} == {4, 9}
    # What somebody described comes last.
    add_people(db, "bo")
    made = campaigns.add(db, "c", [ids[8]], settings=Settings("One."), person="x")
    found = claim(db, made.campaign_id, "bo", at())
    slots.submit(db, found.token, "bo", Answer("wheels"), at=at())
    assert choice.pick(db, layer, 1) == [6]
    assert choice.ranked(db, layer)[-1].unit == 8
    started = plan.start(db, Plan("w", layer, "wanted 1", Settings("One.")), person="x")
    assert campaigns.unit_ids(db, started.campaign.campaign_id) == [ids[6]]
    with pytest.raises(BadInput, match="1 to 10 wanted"):
        plan.start(db, Plan("x", layer, "wanted 11", Settings("One.")), person="x")


def test_where_nothing_is_known_the_order_is_drawn(db: Database) -> None:
    add_units(db, 30)
    (layer,) = (each.exemplar_set_id for each in exemplars.sets(db))
    first, second = (choice.pick(db, layer, 30, seed=seed) for seed in (0, 1))
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second != list(range(30))
