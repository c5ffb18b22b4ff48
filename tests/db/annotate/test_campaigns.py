"""What a campaign knows of its units."""

import sqlite3

from db.annotate import campaigns
from db.annotate.campaigns import Settings
from db.workspace import prepare
from helpers.annotating import add_units


def test_the_campaigns_that_ask_about_a_unit_are_named() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    units = add_units(db, 2)
    for name in ("spring", "autumn"):
        campaigns.add(db, name, units[:1], settings=Settings("One sentence."), person="admin")
    assert campaigns.asking(db, units[0]) == ["autumn", "spring"]
    assert campaigns.asking(db, units[1]) == []
    db.close()
