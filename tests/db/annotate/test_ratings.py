"""The rating form: blinded, merged, every response kept."""

import sqlite3
from collections.abc import Iterator
from itertools import permutations

import pytest
from sqlite_utils import Database

from db import log
from db.annotate import campaigns, progress, ratings, slots
from db.annotate.campaigns import Settings
from db.annotate.claims import Claim
from db.errors import BadInput
from db.workspace import prepare
from helpers.annotating import add_people, add_units, at
from helpers.rating import begin, claim


@pytest.fixture
def db() -> Iterator[Database]:
    with prepare(sqlite3.connect(":memory:")) as db:
        yield db


def test_equal_labels_are_one_and_no_method_is_shown(db: Database) -> None:
    labels = ratings.offered(db, claim(db, begin(db), "ada"))
    assert sorted(label.text for label in labels) == ["animals", "dog", "dog faces"]
    assert set(vars(labels[0])) == {"label_id", "text"}


def test_the_order_differs_between_claims_and_survives_a_reload(db: Database) -> None:
    campaign = begin(db, 8)
    orders = set()
    for number in range(12):
        claimed = claim(db, campaign, f"p{number}")
        labels = ratings.offered(db, claimed)
        assert labels == ratings.offered(db, claimed)
        orders.add(tuple(label.text for label in labels))
    assert len(orders) > 2
    assert orders <= set(permutations(["animals", "dog", "dog faces"]))


def test_ties_are_allowed_and_a_merged_best_is_shared(db: Database) -> None:
    campaign = begin(db)
    claimed = claim(db, campaign, "ada")
    labels = ratings.offered(db, claimed)
    (dog,) = [label.label_id for label in labels if label.text == "dog"]
    marks = {label.label_id: 4 for label in labels}
    _, valid = ratings.submit(db, claimed.token, "ada", marks=marks, best=dog)
    assert valid
    chosen = {r.method: r.chosen for r in ratings.of_campaign(db, campaign.campaign_id)}
    assert chosen == {"NetDissect": 0.5, "CLIP": 0.5, "MILAN": 0, "DnD": 0}
    assert progress.of(db, campaign.campaign_id).filled == 1


@pytest.mark.parametrize("broken", ["missing", "high", "foreign"])
def test_an_incomplete_response_changes_nothing(db: Database, broken: str) -> None:
    campaign = begin(db)
    claimed = claim(db, campaign, "ada")
    ids = [label.label_id for label in ratings.offered(db, claimed)]
    marks = dict.fromkeys(ids, 3)
    if broken == "missing":
        marks.pop(ids[0])
    if broken == "high":
        marks[ids[0]] = 6
    best = 999 if broken == "foreign" else ids[1]
    with pytest.raises(BadInput):
        ratings.submit(db, claimed.token, "ada", marks=marks, best=best)
    assert progress.of(db, campaign.campaign_id).filled == 0


def test_one_description_is_nothing_to_compare(db: Database) -> None:
    (unit_id,) = add_units(db, 1)
    with pytest.raises(BadInput, match="two or more different descriptions"):
        ratings.add(
            db, "x", {unit_id: [("A", "dog"), ("B", "Dog")]}, settings=Settings("?"), person="admin"
        )


def test_an_old_page_leaves_the_first_response_as_it_is(db: Database) -> None:
    campaign = begin(db)
    add_people(db, "ada", "bo")
    old = slots.claim(db, campaign.campaign_id, "ada", at=at())
    between = slots.claim(db, campaign.campaign_id, "bo", at=at(minutes=61))
    again = slots.claim(db, campaign.campaign_id, "ada", at=at(minutes=122))
    assert isinstance(old, Claim)
    assert isinstance(between, Claim)
    assert isinstance(again, Claim)
    assert again.token != old.token
    labels = ratings.offered(db, again)
    marks = {label.label_id: mark for label, mark in zip(labels, (5, 2, 1), strict=True)}
    worst = {label.label_id: 1 for label in labels}
    ratings.submit(db, again.token, "ada", marks=marks, best=labels[0].label_id)
    before = ratings.of_campaign(db, campaign.campaign_id)
    ratings.submit(db, old.token, "ada", marks=worst, best=labels[1].label_id)
    assert ratings.of_campaign(db, campaign.campaign_id) == before
    (kept,) = [
        each for each in log.of(db, f"annotation:{_only(db)}") if each.action == "rated again"
    ]
    assert kept.detail["best"] == labels[1].text


def _only(db: Database) -> int:
    ((annotation_id,),) = db.execute("select annotation_id from annotations").fetchall()
    return int(annotation_id)


@pytest.mark.parametrize("count", [7, ratings.MOST])
def test_all_labels_of_a_unit_can_be_rated(db: Database, count: int) -> None:
    (unit_id,) = add_units(db, 1)
    given = [(f"method {number}", f"thing number {number}") for number in range(count)]
    rules = Settings("?")
    campaign = ratings.add(db, "many", {unit_id: given}, settings=rules, person="admin")
    claimed = claim(db, campaign, "ada")
    labels = [label.label_id for label in ratings.offered(db, claimed)]
    assert len(labels) == count
    marks = dict.fromkeys(labels, 2) | {labels[-1]: 5}
    _, valid = ratings.submit(db, claimed.token, "ada", marks=marks, best=labels[-1])
    assert valid


def test_more_labels_than_a_page_shows_are_refused_at_the_start(db: Database) -> None:
    (unit_id,) = add_units(db, 1)
    given = [(f"method {number}", f"thing {number}") for number in range(ratings.MOST + 1)]
    with pytest.raises(BadInput, match="at most 12 different descriptions"):
        ratings.add(db, "x", {unit_id: given}, settings=Settings("?"), person="admin")


def test_units_without_labels_do_not_enter(db: Database) -> None:
    campaign = begin(db)
    more = add_units(db, 1, layer="conv2", subject="other")
    with pytest.raises(BadInput, match="a campaign in which people describe, got 'methods'"):
        campaigns.add_units(db, campaign.campaign_id, more, person="admin")
    assert len(campaigns.unit_ids(db, campaign.campaign_id)) == 1
