"""Measures as rows: chance beside each, and what the sanity tests came to."""

from describer.describe import measured

TESTS = {
    "correlation": {
        "left_out": {"share": 1.0, "passed": True},
        "added": {"share": 0.4, "passed": False},
    },
    "mad": {"left_out": {"share": 0.0, "passed": None}, "added": {"share": 0.0, "passed": None}},
}


def test_rows_say_value_interval_chance_and_tests() -> None:
    measures = {
        "mad": (1.5, None, None, 0.0, 0.2),
        "correlation": (0.423, 0.3, 0.5, 0.0, 0.05),
    }
    first, last = measured.rows(measures, TESTS)
    assert (first.title, first.value, first.interval) == (
        "Pearson correlation",
        "0.42",
        "0.30 to 0.50",
    )
    assert (first.constant, first.others) == ("0.00", "0.05")
    assert (first.left_out, first.added, first.published) == ("passes (100%)", "fails (40%)", "")
    assert (last.interval, last.left_out) == ("", "not tried")
    assert last.published == "published to fail at labels left out"


def test_scores_of_before_have_no_rows() -> None:
    assert measured.rows({}, {}) == []
