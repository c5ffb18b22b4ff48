"""What rules change and what was counted, as pages; no text of anybody is run by the browser."""

from annotator.corpus import cleaning, page
from annotator.corpus.cleaning import Change
from annotator.corpus.statistics import Counted, LayerStatistics
from db.annotate.cleanings import Cleaning

NASTY = "<b>a & b</b>"
SAFE = "&lt;b&gt;a &amp; b&lt;/b&gt;"


def test_changes_stand_side_by_side_and_the_rest_is_counted() -> None:
    found = [Change(NASTY, NASTY, NASTY)] * (page.SHOWN + 1)
    table = page.changes(found, 500)
    assert f"<p>{page.SHOWN + 1} of 500 sentences would change.</p>" in table
    assert table.count(SAFE) == 3 * page.SHOWN
    assert NASTY not in table


def test_the_newest_version_is_the_one_in_force() -> None:
    rules = cleaning.as_json(cleaning.DEFAULT)
    known = [
        Cleaning(2, "[]", NASTY, "ada", "2026-03-02T10:00:00.000Z"),
        Cleaning(1, rules, "", "ada", "2026-03-01T10:00:00.000Z"),
    ]
    table = page.versions(known)
    assert table.count("in force") == 1
    assert table.index("in force") < table.index(f'<td class="n">{len(cleaning.DEFAULT)}</td>')
    assert SAFE in table
    assert "built-in rules are in force" in page.versions([])


def test_a_count_names_its_pipeline_and_its_rules() -> None:
    row = LayerStatistics(NASTY, 3, 9, 12, 4.25, 0.5, 0.125, 0.0333)
    for rules, words in ((None, "as typed"), (0, "the built-in rules"), (7, "version 7 of the")):
        table = page.statistics(Counted("en 3.8", rules, (row,)), "2026-03-02T10:00:00.000Z")
        assert words in table
        assert "en 3.8" in table
        assert SAFE in table
    assert "Not counted yet" in page.statistics(None)
