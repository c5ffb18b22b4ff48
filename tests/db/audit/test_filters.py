"""Saved filters come back as they were saved."""

import sqlite3

import pytest
from sqlite_utils import Database

from db.audit import filters
from db.audit.words import Query, parse
from db.errors import BadInput, NotFound
from db.workspace import prepare


@pytest.fixture
def db() -> Database:
    return prepare(sqlite3.connect(":memory:"))


def test_a_filter_comes_back_as_it_was_saved(db: Database) -> None:
    query = Query(any=("face",), none=("clock",), methods=("milan",), layer="layer4", concept="f")
    saved = filters.save(db, " late  faces ", query, person="ada")
    assert filters.get(db, saved.filter_id) == saved
    assert (saved.name, saved.query) == ("late faces", query)
    assert filters.every(db) == [saved]


def test_names_are_taken_once_and_numbers_must_exist(db: Database) -> None:
    filters.save(db, "faces", parse("face"), person="ada")
    with pytest.raises(BadInput, match="no other filter has, got 'faces'"):
        filters.save(db, "faces", parse("nose"), person="ada")
    with pytest.raises(BadInput, match="Give the filter a name"):
        filters.save(db, " ", parse("nose"), person="ada")
    with pytest.raises(NotFound, match="got 12"):
        filters.get(db, 12)
