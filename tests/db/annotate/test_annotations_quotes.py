"""Places that repeat what a person wrote, which withdrawal cannot reach."""

import sqlite3

from db import log
from db.annotate import annotations, reviews, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.workspace import prepare
from helpers.annotating import start


def test_reasons_and_log_lines_that_quote_a_person_are_found_before_and_stay_after() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    campaign = start(db, 3, "ada", "bo")
    ids = {}
    for name, texts in (("ada", ("my name is Ada", "fur")), ("bo", ("red cars", "fur", "dogs"))):
        for text in texts:
            found = slots.claim(db, campaign.campaign_id, name)
            assert isinstance(found, Claim)
            stored = slots.submit(db, found.token, name, Answer(text))
            ids[name, text] = stored.annotation_id
    reviews.reject(db, ids["ada", "my name is Ada"], "“My name is ADA” is no sentence", person="r")
    reviews.reject(db, ids["ada", "fur"], "fur is too short", person="r")
    reviews.reject(db, ids["bo", "fur"], "fur is too short", person="r")
    reviews.reject(db, ids["bo", "dogs"], "vague", person="r")
    log.add(db, "r", "note", "unit:1", about="she wrote: my name is Ada")
    quotes = annotations.quoted(db, "ada")
    said = [each.text for each in quotes if each.where.startswith("review")]
    assert said == ["“My name is ADA” is no sentence", "fur is too short"]
    assert any("she wrote" in each.text for each in quotes if each.where.startswith("log line"))
    annotations.withdraw(db, "ada", person="admin")
    assert annotations.quoted(db, "ada") == []
    assert "ADA" in str(reviews.history(db, ids["ada", "my name is Ada"]))
    db.close()
