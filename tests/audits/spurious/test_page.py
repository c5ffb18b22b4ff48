"""The experiment's page: every text is text, and each edit stands beside its controls."""

from dataclasses import replace
from pathlib import Path

from audits.spurious import page as spurious_page
from audits.spurious.result import Result
from db.audit.ablations import Ablation, Point

POINT = {"n_ablated": 2, "test": 0.6, "validation": 0.7, "random": None, "sorted_all": 0.5}
BAND = {"mean": 0.41, "low": 0.3, "high": 0.52, "draws": 5}
SUMMARY = {"start": POINT, "chosen": {**POINT, "random": BAND}, "best": POINT, "units": []}
VALUES = {
    "name": "<x>",
    "images": {"training": 20, "validation": 4, "clean": 8, "adversarial": 8},
    "training": {
        "epochs": 5,
        "best": 2,
        "loss": 0.5,
        "validation_loss": 0.6,
        "validation_accuracy": 0.75,
    },
    "clean": 0.8,
    "adversarial": 0.4,
    "units": {"early": 5, "late": 6},
    "agreement": {
        "described": 2,
        "on_words": 1,
        "both": 1,
        "precision": 0.5,
        "recall": 1.0,
        "base_rate": 0.05,
        "examples": [["late-1", "<script>alert(1)</script> text", 0.75]],
    },
    "choices": [
        {"by": "descriptions", "ablation_id": 7, "clean": {"chosen": 0.79, "best": 0.78}},
    ],
    "skipped": [["cat/<b>.png", "cannot be read"]],
}
FOUND = Result.from_json(VALUES)
ABLATION = Ablation(7, 1, "net", {"concept": "<i>"}, [], SUMMARY, "ada", "2026-01-01T00:00:00Z")
POINTS = [Point("keyword", 0, 0, "test", 0.4), Point("keyword", 0, 2, "test", 0.6)]


def test_every_edit_stands_beside_its_controls() -> None:
    html = spurious_page.result(FOUND, {7: (ABLATION, POINTS)})
    assert "<b>80.0%</b> without words" in html
    assert "-40.0 points" in html
    assert "by descriptions, count chosen on validation" in html
    assert "41.0% (range of 5 draws: 30.0% to 52.0%)" in html
    assert "+20.0" in html
    assert "2 are described with text, word or letter, and 1 have" in html
    assert html.count('<svg class="mw-curve"') == 1


def test_what_others_wrote_is_text() -> None:
    html = spurious_page.result(FOUND, {7: (ABLATION, POINTS)})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "cat/&lt;b&gt;.png" in html
    assert "<i>" not in spurious_page.growing(ABLATION, POINTS)
    page = spurious_page.page(FOUND, {}, {7: (ABLATION, POINTS)})
    assert "<x>" not in page


def test_an_experiment_whose_units_do_not_read_says_so() -> None:
    none = replace(FOUND.agreement, described=0, on_words=0, both=0, examples=())
    html = spurious_page.result(replace(FOUND, agreement=none, choices=()), {})
    assert "no description names text" in html
    assert "no unit's masks lie mostly on words" in html


def test_folders_that_are_not_made_yet_show_nothing(tmp_path: Path) -> None:
    sets = {name: tmp_path / name for name in spurious_page.CAPTIONS}
    assert "<img" not in spurious_page.samples(sets)
