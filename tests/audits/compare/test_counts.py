"""What nobody judged is told apart from what was not confirmed, in the order of the layers."""

import sqlite3

from audits.compare import counts, page
from audits.compare.counts import Compared, Count
from audits.find import verdicts
from db.audit import finding, words
from db.audit.words import Query, Word
from db.describe import exemplars, subjects
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.workspace import prepare
from helpers.annotating import add_units

QUERY = Query(any=("face",), concept="face")


def test_units_that_match_and_were_not_judged_are_counted() -> None:
    db = prepare(sqlite3.connect(":memory:"))
    unit_ids = add_units(db, 5)
    new = [NewDescription(unit_id, "milan", "m", "face", -1.0, []) for unit_id in unit_ids]
    describe(db, new)
    words.add(db, "test", {"face": [Word(0, 4, "face", "face", "NOUN")]})
    name = exemplars.unit(db, unit_ids[0]).subject
    subjects.add(db, "other", source="o", weights_hash="o", layers=[])
    for match, verdict in zip(
        finding.find(db, QUERY).matches, ("confirmed", "rejected"), strict=False
    ):
        verdicts.sign_off(db, match, QUERY, person="ada", verdict=verdict)
    found, other = counts.compare(db, QUERY, [name, "other"])
    assert (found.total.described, found.total.confirmed, found.total.unjudged) == (5, 1, 3)
    assert other.total == Count(0, 0, 0)
    assert "1 confirmed of 5 described, 3 not judged" in page.bars([found, other], "face")
    assert '<td class="n">3</td>' in page.table([found, other])


def test_bars_and_table_have_their_layers_in_the_same_order() -> None:
    some, nothing = Count(9, 5, 2), Count(9, 0, 0)
    found = [
        Compared("a", {"early": nothing, "late": some}, ()),
        Compared("b", {"early": some, "late": some}, ()),
    ]
    for drawn in (page.bars(found, "face"), page.table(found)):
        assert drawn.index(">early<") < drawn.index(">late<")
