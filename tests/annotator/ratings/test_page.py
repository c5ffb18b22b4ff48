"""The pages of a rating: numbers with their errors, and no text that the browser runs."""

from annotator.ratings import page
from db.annotate.ratings import Rating

NASTY = "<b>a & b</b>"


def test_a_table_gives_every_mean_its_error_and_runs_no_name() -> None:
    marks = ((1, "x", 2), (1, "y", 4), (2, "x", 5))
    found = [Rating(NASTY, unit, NASTY, rater, value, 1.0, True) for unit, rater, value in marks]
    table = page.ratings(found)
    assert "3.67 ± 0.88" in table
    assert table.count("&lt;b&gt;a &amp; b&lt;/b&gt;") == 3  # layer and method, and of all layers
    assert NASTY not in table
    assert "100 % of the responses" in table


def test_one_rating_has_no_error_and_no_agreement() -> None:
    table = page.ratings([Rating("conv1", 1, "MILAN", "x", 3, 1.0, True)])
    assert "3.00</td>" in table
    assert "undefined: no two raters" in table
    assert "Nobody has rated" in page.ratings([])
