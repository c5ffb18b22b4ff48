"""`app.py faithfulness DIR --sentences FILE.csv …`: sentences from tables, scored and weighed.

    add_command(commands)

The folder of exemplars has to hold pooled activations (`app.py exemplars … --pooled`). Every table
is one method's, named by its columns or its file's name. Written are a row a sentence with every
measure and, beside the table, what it was made of with the sanity tests; printed is a summary.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from db.jobs import Watch
from describer.progress_bar import Bar

if TYPE_CHECKING:
    from describer.faithfulness.sanity import Tested
    from describer.faithfulness.scoring import Found
    from describer.methods.study import Study

FORMATS = "demo, FORMAT:PLACE of concepts, model:NAME, classes; by default the best that is here"


def add_command(commands: Any) -> None:
    """Add the command to an argparse sub-parser collection."""
    command = commands.add_parser(
        "faithfulness",
        help="score sentences on images that gave no exemplars",
        description="Score sentences about units on images that gave no exemplars, beside chance, "
        "and choose every unit's trusted sentence.",
    )
    command.add_argument("folder", type=Path, metavar="DIR", help="exemplars with --pooled")
    command.add_argument(
        "--sentences", type=Path, nargs="+", required=True, metavar="FILE.csv", help="one a method"
    )
    command.add_argument("--images", type=Path, required=True, metavar="IMAGES")
    command.add_argument("--subject", type=Path, metavar="SUBJECT.toml", help="the network")
    command.add_argument("--judge", default="", metavar="WORD", help=FORMATS)
    command.add_argument("--names", default="", metavar="FILE", help="of yolo, or `coco`")
    command.add_argument("--models", type=Path, metavar="DIR", help="a folder of models")
    command.add_argument("--layers", nargs="+", metavar="L", help="by default all with sentences")
    command.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    command.add_argument(
        "--measure",
        choices=("correlation", "cosine", "auprc", "f1", "iou"),
        default="correlation",
        help="what chooses the trusted sentence (default: correlation)",
    )
    command.add_argument("--pool", choices=("max", "mean"), default="max")
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of halves, ties and draws (default: 0)"
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from describer.exemplars import layout
    from describer.faithfulness import layers, scoring
    from describer.faithfulness.judges import opening
    from describer.images import probing
    from describer.methods.study import Study
    from describer.subjects import definition, devices

    source = layout.read(options.folder)
    images = probing.open_folder(options.images)
    known = getattr(source, "provenance", {})
    if "images" in known and probing.digest(images) != known["images"]:
        raise BadInput(f"expected the images of {options.folder}, got others in {options.images}")
    subject = None if options.subject is None else definition.read(options.subject)
    device = devices.choose(options.device)
    study = Study(source, subject, images, models=options.models, device=device)
    given = opening.Images.of(study)
    said = _said(options.sentences, study, options.layers)
    how = scoring.Options(options.measure, options.seed, pooling=options.pool)
    with Bar() as bar:
        watch = Watch(bar)
        with opening.opened(options.judge, given, watch, names=options.names) as judge:
            if judge is None:
                raise BadInput(
                    f"expected somebody who knows where sentences hold (--judge: {FORMATS}), found "
                    "none"
                )
            contents = probing.file_hashes(images)
            found = [
                layers.scored(study, layer, own, judge, contents, how, watch)
                for layer, own in said.items()
            ]
            judged = {"judge": judge.name, "rule": judge.rule}
    tests = tested(found)
    count = write(options.out, found)
    about = {
        **judged,
        "options": asdict(how),
        "images": len(images),
        "exemplars": {layer: source.hash(layer) for layer in said},
        "sanity_tests": {name: asdict(test) for name, test in tests.items()},
    }
    beside = options.out.with_name(f"{options.out.name}.json")
    beside.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{count} sentences scored in {options.out}; judged by {judged['judge']}")
    print(f"a sentence holds {judged['rule']}")
    for line in summary(found, tests):
        print(line)


def tested(found: "Sequence[Found]") -> "dict[str, Tested]":
    """The sanity tests over all layers together."""
    from describer.faithfulness import sanity
    from describer.faithfulness.measures import NAMES

    joined = {name: sanity.Tried.joined([each.tried[name] for each in found]) for name in NAMES}
    return sanity.judge_measures(joined)


def summary(found: "Sequence[Found]", tests: "Mapping[str, Tested]") -> list[str]:
    """Means by method beside chance, the sanity tests beside each measure, and who is trusted."""
    import numpy as np

    from describer.faithfulness.measures import MEASURES

    scores = [one for each in found for one in each.scores]
    methods = sorted({one.method for one in scores})
    columns = [
        *((method, "value", [one for one in scores if one.method == method]) for method in methods),
        ("other units'", "others", scores),
        ("constant", "constant", scores),
    ]
    width = max(12, *(len(name) for name, _, _ in columns))
    lines = [
        "mean over units".ljust(22)
        + "".join(name.rjust(width + 2) for name, _, _ in columns)
        + "   labels left out   labels added"
    ]
    for measure in MEASURES:
        cells = [
            f"{np.mean([getattr(one.values[measure.name], part) for one in own]):.3f}"
            for _, part, own in columns
        ]
        test = tests[measure.name]
        lines.append(
            measure.title.ljust(22)
            + "".join(cell.rjust(width + 2) for cell in cells)
            + f"   {_outcome(test.left_out):<17} {_outcome(test.added):<14}"
            + (f"published to fail at {measure.fails}" if measure.fails else "")
        )
    trusted = [one for each in found for one in each.trusted]
    sure = [one for one in trusted if not one.reason]
    lines.append(f"{len(sure)} of {len(trusted)} units have a trusted sentence")
    for name, rows in (
        *((method, [one for one in sure if one.method == method]) for method in methods),
        *((why, [one for one in trusted if one.reason == why]) for why in _reasons(trusted)),
    ):
        lines.append(f"  {len(rows):5d}  {name}")
    return lines


def write(path: Path, found: "Sequence[Found]") -> int:
    """A row a sentence, each unit's trusted one marked; returns how many there are."""
    import csv

    from db.arrays import new_file
    from db.csv_cells import neutral
    from describer.faithfulness.measures import NAMES, SOUND

    header = ["layer", "unit", "method", "description", "known", "trusted", "reason", "images"]
    for name in NAMES:
        ends = [f"{name}_low", f"{name}_high"] if name in SOUND else []
        header += [name, *ends, f"{name}_constant", f"{name}_others"]
    header += ["first_half", "second_half", "second_half_low", "second_half_high"]
    count = 0
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for layer in found:
            chosen = {one.unit: one for one in layer.trusted}
            for one in sorted(layer.scores, key=lambda score: (score.unit, score.method)):
                own = chosen[one.unit]
                row: list[Any] = [layer.layer, one.unit, one.method, neutral(one.text)]
                row += [int(one.known), int(own.method == one.method), own.reason, one.images]
                for name in NAMES:
                    value = one.values[name]
                    inner = (value.low, value.high) if name in SOUND else ()
                    numbers = (value.value, *inner, value.constant, value.others)
                    row += [_cell(each) for each in numbers]
                halves: list[str] = [""] * 4
                if own.candidate == one.method and own.value is not None:
                    known = (own.first, own.value.value, own.value.low, own.value.high)
                    halves = [_cell(each) for each in known]
                writer.writerow([*row, *halves])
                count += 1
    return count


def _said(
    files: Sequence[Path], study: "Study", layers: Sequence[str] | None
) -> "dict[str, dict[str, list[str | None]]]":
    """By layer and method a text a unit."""
    from describer.methods import tables

    source = study.source
    wanted = list(layers or source.layers)
    for layer in wanted:
        source.record(layer)
    found: dict[str, dict[str, list[str | None]]] = {layer: {} for layer in wanted}
    methods: set[str] = set()
    for file in files:
        table = tables.read(file, layers=tuple(source.layers))
        method = table.method or file.stem
        # Two tables of one kind are told apart by their names.
        method = file.stem if method in methods else method
        if method in methods:
            raise BadInput(f"expected tables of different names, got {file.name} twice")
        methods.add(method)
        for row in table.rows:
            if row.layer not in found:
                continue
            count = source.units(row.layer)
            if row.unit >= count:
                raise BadInput(
                    f"expected units 0 to {count - 1} of {row.layer} in {file}, got {row.unit}"
                )
            texts = found[row.layer].setdefault(method, [None] * count)
            texts[row.unit] = row.text
    found = {layer: own for layer, own in found.items() if own}
    if not found:
        raise BadInput(f"expected sentences about {', '.join(wanted)}, got none")
    return found


def _outcome(outcome: Any) -> str:
    if outcome.passed is None:
        return "nothing to try"
    return f"{'passed' if outcome.passed else 'FAILED'} {outcome.share:.0%}"


def _reasons(trusted: Sequence[Any]) -> list[str]:
    return sorted({one.reason for one in trusted if one.reason})


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.6g}"
