"""Every sentence of a workspace that counts, once; what was rejected or withdrawn is left out."""

import sqlite3

from db.annotate import annotations, reviews, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.workspace import prepare
from helpers.annotating import start


def test_only_peoples_sentences_that_count_are_given() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    campaign = start(db, 3, "ada", "bo", "cy")
    ids = {}
    for name, texts in (("ada", ("striped fur", "red cars")), ("bo", ("dogs", "red cars"))):
        for text in texts:
            found = slots.claim(db, campaign.campaign_id, name)
            assert isinstance(found, Claim)
            ids[name, text] = slots.submit(db, found.token, name, Answer(text)).annotation_id
    reviews.reject(db, ids["bo", "dogs"], "vague", person="r")
    found = slots.claim(db, campaign.campaign_id, "cy")
    assert isinstance(found, Claim)
    slots.submit(db, found.token, "cy", Answer("withdrawn words"))
    annotations.withdraw(db, "cy", person="admin")
    assert annotations.sentences(db) == ["red cars", "striped fur"]
    db.close()
