"""Ratings of scoring functions: means by hand, and what the published table lacks is said."""

from pathlib import Path

import pytest

from audits.papers import ratings
from audits.papers.table import Estimate
from db.errors import BadInput

HEADER = (
    "Layer,Unit,Mean Label,Best Label,Mean E1 Rating,Best E1 Rating,Mean E2 Rating,Best E2 Rating,"
    "Uninterpretable E1,Uninterpretable E2"
)
ROWS = [
    "1,0,dogs,Dogs,1,5,2,4,FALSE,FALSE",
    "1,1,cats,sky,3,3,3,5,FALSE,TRUE",
    "2,0,red,red,5,5,5,4,FALSE,FALSE",
    "2,1,blue,sea,2,4,2,4,FALSE,FALSE",
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "r.csv"
    path.write_text("\n".join([HEADER, *ROWS]) + "\n")
    return path


def test_flagged_ratings_do_not_count_and_units_are_paired(table: Path) -> None:
    means, differences, raters = ratings.of_ratings(ratings.read(table))
    found = {row[:2]: row[2:] for row in means.rows}
    units, marks, mean = found["Mean", "1"]
    assert (units, marks) == (2, 3)
    assert isinstance(mean, Estimate)
    assert mean.value == pytest.approx(2)
    ((first, second, count, less, same),) = differences.rows
    assert (first, second, count, same) == ("Mean", "Best", 4, 0.5)
    assert isinstance(less, Estimate)
    assert less.value == pytest.approx((-3 + 0 + 0.5 - 2) / 4)
    assert raters.rows[0][:3] == ("Mean", "E1 and E2", 3)
    assert "No correlation of a score" in raters.notes[-1]


def test_scores_that_are_there_are_correlated_with_each_rater(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    lines = [f"{line},{score}" for line, score in zip(ROWS, (0.1, 0.3, 0.9, 0.2), strict=True)]
    path.write_text("\n".join([f"{HEADER},Mean Score", *lines]) + "\n")
    *_, raters = ratings.of_ratings(ratings.read(path))
    rows = {row[:2]: row for row in raters.rows}
    own = rows["Mean", "score and E1"][3]
    assert isinstance(own, Estimate)
    assert own.value == pytest.approx(1)
    assert "for Best" in raters.notes[-1]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="Rating"):
        ratings.read(path)


def test_the_published_table_has_two_raters_and_no_scores(shared: Path) -> None:
    rated = ratings.read(shared / "data" / "ratings" / "dnd-scoring-functions-resnet50.csv")
    assert rated.raters == ("E1", "E2")
    assert len(rated.layers) == 200
    means, differences, raters = ratings.of_ratings(rated)
    every = {row[0]: row[4] for row in means.rows if row[1] == "all"}
    assert len(every) == 4
    assert all(isinstance(one, Estimate) and 2 < one.value < 4 for one in every.values())
    assert len(differences.rows) == 6
    assert "No correlation" in raters.notes[-1]
