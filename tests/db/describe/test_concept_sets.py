"""Concept sets of a workspace: the same content under a name, refreshed; another one is refused."""

import sqlite3

import pytest
from sqlite_utils import Database

from db.describe import concept_sets
from db.errors import BadInput, NotFound
from db.workspace import prepare


@pytest.fixture
def db() -> Database:
    return prepare(sqlite3.connect(":memory:"))


def test_a_set_is_found_by_its_name_and_moves(db: Database) -> None:
    values = {"format": "coco", "concepts": 80, "hash": "a"}
    first = concept_sets.add(db, "things", place="/old", **values)
    moved = concept_sets.add(db, "things", place="/new", **values)
    assert moved.concept_set_id == first.concept_set_id
    assert concept_sets.get(db, "things").place == "/new"
    assert [row.name for row in concept_sets.every(db)] == ["things"]


def test_another_content_under_the_name_is_refused(db: Database) -> None:
    concept_sets.add(db, "things", format="coco", place="/a", concepts=2, hash="a")
    with pytest.raises(BadInput, match="knows with other labels"):
        concept_sets.add(db, "things", format="coco", place="/a", concepts=2, hash="b")
    with pytest.raises(NotFound, match="things"):
        concept_sets.get(db, "nothing")
    with pytest.raises(BadInput, match="expected a name"):
        concept_sets.add(db, " ", format="coco", place="/a", concepts=2, hash="b")
