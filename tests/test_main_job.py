"""The main job on a real network and real photographs: four commands, one after the other.

    python -m pytest -m benchmark tests/test_main_job.py -s

Sentences made from the class names of a unit's exemplars stand in for annotators.
"""

import csv
import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from app import ROOT
from describer.exemplars import layout

SUBJECT = """
name = "mobilenet_v2"
factory = "torchvision.models:mobilenet_v2"
weights = "{weights}"
layers = ["features.1", "features.6", "features.13", "features.17"]
resize_size = 256
image_size = 224
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
"""
TEMPLATES = ("{0}", "{0} and {1}", "{0}, {1} and {2}")

# ImageNet's 1,000 outputs are ordered by kind; where each kind begins.
KINDS = (
    *((0, "fish"), (7, "birds"), (25, "reptiles"), (69, "insects"), (80, "birds")),
    *((101, "mammals"), (107, "sea animals"), (127, "birds"), (147, "mammals"), (151, "dogs")),
    *((281, "cats"), (294, "bears"), (300, "insects"), (327, "sea animals"), (330, "mammals")),
    *((389, "fish"), (398, "objects"), (924, "food"), (970, "landscapes"), (981, "people")),
    *((984, "plants"), (999, "objects")),
)


def run(*arguments: object) -> str:
    """Run a command of the workbench, say how long it took, and return what it printed."""
    started = time.monotonic()
    command = [sys.executable, str(ROOT / "app.py"), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True)
    print(f"\n$ app.py {arguments[0]}: {time.monotonic() - started:.0f} s\n{result.stdout}")
    assert result.returncode == 0, result.stderr
    return result.stdout


def kind_of(path: str, index: dict[str, int]) -> str:
    """What kind of thing a photograph shows, by its class; things by the class's own last word."""
    name = path.split("/")[0]
    kind = [word for first, word in KINDS if first <= index[name]][-1]
    return kind if kind != "objects" else f"{re.split('[_ ]', name)[-1].lower()} objects"


def write_annotations(folder: Path, table: Path, index: dict[str, int]) -> None:
    """Three sentences a unit of what its exemplars show, the most frequent kind first."""
    source = layout.read(folder)
    with (folder / "probe.csv").open() as file:
        paths = {int(row["id"]): row["path"] for row in csv.DictReader(file)}
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("layer", "unit", "summary"))
        for layer in source.layers:
            for unit, ids in enumerate(source.exemplars(layer).ids):
                kinds = Counter(kind_of(paths[int(image_id)], index) for image_id in ids)
                most = ([kind for kind, _ in kinds.most_common(3)] * 3)[:3]
                for template in TEMPLATES:
                    rows.writerow((layer, unit, template.format(*most)))


def halves(photographs: Path, folder: Path) -> tuple[Path, Path]:
    """Every second photograph to choose units on, the others to report on."""
    files = sorted(path for path in photographs.rglob("*") if path.is_file())
    for number, path in enumerate(files):
        link = folder / ("validation", "test")[number % 2] / path.relative_to(photographs)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())
    return folder / "validation", folder / "test"


@pytest.mark.benchmark
def test_exemplars_train_describe_audit(tmp_path: Path, shared: Path) -> None:
    photographs = shared / "data" / "imagenet_sample"
    weights = shared / "data" / "weights" / "imagenet-mobilenet_v2-fp16.safetensors"
    subject = tmp_path / "SUBJECT.toml"
    subject.write_text(SUBJECT.format(weights=weights))
    exemplars, table, checkpoint = (tmp_path / n for n in ("exemplars", "people.csv", "milan"))
    descriptions, audit = tmp_path / "descriptions.csv", tmp_path / "audit"

    run("exemplars", subject, photographs, "--out", exemplars)
    index = json.loads((shared / "data" / "imagenet_class_index.json").read_text())
    write_annotations(exemplars, table, index)
    trained = run(
        *("train", "--exemplars", exemplars, "--annotations", table, "--out", checkpoint),
        *("--encoder", subject, "--epochs", 30),
    )
    assert "units learned" in trained
    run("describe", exemplars, "--milan", checkpoint, "--out", descriptions)
    with descriptions.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16 + 32 + 96 + 320
    deep = [row for row in rows if row["layer"] == "features.17"]
    # The audit looks at one layer: sorting all examined units takes a pass for each.
    with descriptions.open("w", newline="") as file:
        table_of_layer = csv.DictWriter(file, fieldnames=deep[0])
        table_of_layer.writeheader()
        table_of_layer.writerows(deep)
    for row in deep[:: len(deep) // 10][:10]:
        print(f"{row['layer']}-{row['unit']}: {row['description']} ({float(row['score']):.2f})")
    common = Counter(
        word for row in deep for word in set(re.findall(r"[a-z]{4,}", row["description"].lower()))
    )
    keyword = next(word for word, count in common.most_common() if 8 <= count <= 40)
    validation, test = halves(photographs, tmp_path)
    run(
        *("audit", subject, test, "--validation", validation),
        *("--descriptions", descriptions, "--keywords", keyword),
        *("--out", audit, "--max-units", 12, "--controls", 5),
        *("--class-index", shared / "data" / "imagenet_class_index.json"),
    )
    summary = json.loads((audit / "summary.json").read_text())
    print(f"keyword {keyword!r}:")
    for name, value in summary["rows"]:
        print(f"  {name}: {value}")
    with (audit / "curve.csv").open() as file:
        curve = list(csv.DictReader(file))
    start = {row["split"]: float(row["accuracy"]) for row in curve if row["n_ablated"] == "0"}
    assert sum(start.values()) / 2 == pytest.approx(0.7994, abs=1e-3)
    assert {row["condition"] for row in curve} >= {"keyword", "random"}
