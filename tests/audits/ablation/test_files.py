"""The files of an audit: which of a unit's sentences matched."""

from audits.ablation import files as audit_files
from db.tables import Row
from db.unit_tables import UnitText


def test_a_unit_is_matched_by_the_first_of_its_sentences_that_holds_a_keyword() -> None:
    said = [UnitText("a", 1, text, Row(2, {})) for text in ("w", "x", "y")]
    found = {"y": ((0, 1),), "x": ((0, 1),)}
    assert audit_files.matching(said, found) == {("a", 1): ("x", ((0, 1),))}
