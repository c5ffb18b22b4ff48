"""The chart: every condition is drawn once, and nothing measured is said to be nothing."""

import base64
import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from audits.figures import chart, class_charts
from db.audit.ablations import Point


@dataclass(frozen=True)
class Curve:
    test: tuple[float, ...]
    validation: tuple[float, ...]
    random: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    counts: tuple[int, ...] = ()
    classes: dict[str, Curve] = field(default_factory=dict)
    left_out: int = 0


POINTS = [
    Point(condition, trial, count, split, 0.9 - 0.01 * count - 0.05 * trial)
    for condition, trials in (("keyword", 1), ("random", 3), ("sorted_all", 1))
    for trial in range(trials)
    for count in range(4)
    for split in ("validation", "test")
]


def test_without_points_it_says_that_nothing_is_measured_yet() -> None:
    assert "first measured point" in chart.curve([])


def test_every_condition_has_its_line_and_controls_their_band() -> None:
    figure = ElementTree.fromstring(chart.curve(POINTS, chosen=2, best=3))
    drawing, _, legend = figure
    # keyword on both splits, the controls' mean, all units sorted
    assert len([each for each in drawing if each.tag == "polyline"]) == 4
    band = "random units, test: mean and range of 3 draws"
    names = ["test", "validation", band, "all units sorted, test"]
    assert [text.strip() for text in legend.itertext() if text.strip()] == names
    assert len([each for each in drawing if each.tag == "polygon"]) == 1
    texts = [each.text for each in drawing if each.tag == "text"]
    assert "chosen on validation" in texts
    assert "best on test" in texts


def test_values_of_a_count_are_said_with_the_range_of_its_draws() -> None:
    drawing, readout, _ = ElementTree.fromstring(chart.curve(POINTS))
    hits = [each for each in drawing if each.tag == "g"]
    assert len(hits) == 4
    assert hits[2].get("data-words") == (
        "2 units · test 88.0% · validation 88.0% · all units sorted 88.0% · "
        "random units 83.0% (range of 3 draws: 78.0% to 88.0%)"
    )
    assert readout.text == hits[3].get("data-words"), "before anything is pointed at: the last"
    assert [each.text for each in hits[0] if each.tag == "title"] == [hits[0].get("data-words")]


def test_files_hold_all_points_and_a_drawing_that_needs_no_style_sheet() -> None:
    figure = ElementTree.fromstring(chart.curve(POINTS, chosen=2, name="ablation-7"))
    files = {link.get("download"): link.get("href") or "" for link in figure.iter("a")}
    assert set(files) == {"ablation-7.svg", "ablation-7.csv"}
    svg, table = (
        base64.b64decode(address.partition(";base64,")[2]).decode()
        for address in (files["ablation-7.svg"], files["ablation-7.csv"])
    )
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [Point(**{**row, **_numbers(row)}) for row in rows] == POINTS
    assert "var(" not in svg
    assert len(ElementTree.fromstring(svg).findall(".//{http://www.w3.org/2000/svg}polyline")) == 8
    assert "mean and range of 3 draws" in svg
    assert not list(ElementTree.fromstring(chart.curve(POINTS)).iter("a")), "no name, no files"


def _numbers(row: dict[str, str]) -> dict[str, Any]:
    return {
        "trial": int(row["trial"]),
        "n_ablated": int(row["n_ablated"]),
        "accuracy": float(row["accuracy"]),
    }


def test_points_stay_inside_the_frame() -> None:
    for accuracy in (0.0, 0.5, 1.0):
        drawing = chart.curve([Point("keyword", 0, 0, "test", accuracy)])
        for _, y in re.findall(r"([\d.]+),([\d.]+)", drawing.split("</svg>")[0]):
            assert 0 <= float(y) <= chart.HEIGHT


def test_lines_boxes_and_bars_are_well_formed_and_named() -> None:
    evil = "<script>"
    steps = [(0, 0.9), (5, 0.5)]
    drawings = (
        chart.lines({"nouns": steps, evil: steps}, [steps, steps], across="units ablated"),
        chart.boxes(
            {evil: chart.Box(low=0, q25=1, median=1, q75=2, high=3, mean=1.4)},
        ),
        chart.bars([("dogs", 4, "#000"), (evil, 1, "#000")]),
    )
    for drawing in drawings:
        ElementTree.fromstring(f"<div>{drawing}</div>")
        assert evil not in drawing
        assert "&lt;script&gt;" in drawing
    assert chart.bars([]) == ""


def test_a_score_that_is_0_everywhere_has_0_on_its_axis() -> None:
    drawing = chart.boxes({"early": chart.Box(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)})
    assert ">0</text>" in drawing
    assert "1e-09" not in drawing


def test_every_class_has_its_own_little_curve() -> None:
    evil = "<script>alert('a class')</script>"
    classes = {
        "dog": Curve(test=(1.0, 0.5), validation=(0.9, 0.4), random=(1.0, 0.9)),
        evil: Curve(test=(0.0, 1.0), validation=(), random=(0.2, 0.2)),
    }
    drawing = class_charts.small_multiples(Curves((0, 3), classes, left_out=7), chosen=3)
    shown = ElementTree.fromstring(f"<div>{drawing}</div>")
    assert len(shown.findall(".//svg")) == 2
    assert len(shown.findall(".//polyline")) == 5
    assert "<script>" not in drawing
    assert "7 are not" in drawing
    assert "dog: 100.0% at first, 50.0% at last" in drawing
    for x, y in re.findall(r"([\d.]+),([\d.]+)", " ".join(re.findall('points="(.*?)"', drawing))):
        assert 0 <= float(x) <= class_charts.WIDE
        assert class_charts.HEAD <= float(y) <= class_charts.TALL - class_charts.FOOT
    assert class_charts.small_multiples(Curves()) == ""


def test_a_growing_curve_keeps_its_place() -> None:
    first = [Point("keyword", 0, 0, "test", 0.9), Point("keyword", 0, 1, "test", 0.8)]
    assert chart.curve(first, most=4) != chart.curve(first)
    assert ">4</text>" in chart.curve(first, most=4)
