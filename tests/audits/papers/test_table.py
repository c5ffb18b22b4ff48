"""A table leaves and comes back; estimates take three columns, and nothing stays nothing."""

import csv
import json
from pathlib import Path

from audits.papers import page
from audits.papers.table import Table
from describer.demo.checks.scores import Estimate

FOUND = Table(
    "t",
    "A <title>",
    ("a note",),
    ("method", "units", "score"),
    (("milan", 3, Estimate(0.5, 0.25, 0.75, 3)), ("=people", 3, None)),
)


def test_files_hold_what_the_page_shows(tmp_path: Path) -> None:
    FOUND.write(tmp_path)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        header, first, second = csv.reader(file)
    assert header == ["method", "units", "score", "score low", "score high"]
    assert first == ["milan", "3", "0.5", "0.25", "0.75"]
    assert second[0] != "=people", "a spreadsheet would compute it"
    assert second[2:] == ["", "", ""]
    assert Table.from_json(json.loads((tmp_path / "t.json").read_text())) == FOUND
    whole = page.whole("All", [FOUND])
    assert "<td>0.500 [0.250, 0.750]</td>" in whole
    assert "A &lt;title&gt;" in whole
    assert "milan    3      0.500 [0.250, 0.750]" in FOUND.text()
