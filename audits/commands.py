"""The commands of audits: `audit`, from described units and keywords to a curve with controls and
the edited network; `report`, from a workspace's verdicts and experiments to one page; and
`spurious` (commands_spurious.py)."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audits.spurious import commands as spurious_commands
from db.commands import add_workspace_option
from db.errors import BadInput
from describer.bars import Bar


def add_commands(commands: Any) -> None:
    """Add the commands to an argparse sub-parser collection."""
    audit = commands.add_parser(
        "audit",
        help="ablate the units whose descriptions match, and measure accuracy beside controls",
        description="Ablate the units whose descriptions hold a keyword, least important first, "
        "and measure accuracy beside random units of the same layers.",
    )
    audit.add_argument("subject", type=Path, metavar="SUBJECT.toml")
    audit.add_argument("images", type=Path, metavar="IMAGES", help="test images: class/file")
    audit.add_argument("--descriptions", type=Path, required=True, metavar="FILE.csv")
    audit.add_argument(
        "--keywords",
        nargs="+",
        required=True,
        metavar="WORD",
        help="whole words, in any form: any WORD, each +WORD, no -WORD; preset:face and "
        "preset:text stand for MILAN's lists",
    )
    audit.add_argument("--out", type=Path, required=True, metavar="DIR")
    audit.add_argument(
        "--validation",
        type=Path,
        metavar="IMAGES",
        help="images that units are ordered and counted on (default: the test images)",
    )
    audit.add_argument("--controls", type=int, default=5, metavar="N", help="random draws")
    audit.add_argument("--max-units", type=int, metavar="N", help="ablate at most so many")
    audit.add_argument("--rule", choices=("zero", "mean"), default="zero")
    audit.add_argument("--seed", type=int, default=0, metavar="N", help="of the random draws")
    audit.add_argument(
        "--class-index",
        type=Path,
        metavar="FILE.json",
        help="the network's output for each image folder, when folders are not named as classes",
    )
    audit.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="write the network without the units chosen on validation (without validation: all)",
    )
    audit.add_argument("--batch-size", type=int, default=32, metavar="N")
    audit.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    audit.set_defaults(run=_audit)
    report = commands.add_parser(
        "report",
        help="write what was audited as one page, for the screen and for paper",
        description="Write one self-contained page about a concept: networks and data with their "
        "hashes, filters, people, verdicts with pictures, curves with controls, what was not "
        "examined, and limits. Two runs over the same data write the same bytes.",
    )
    add_workspace_option(report)
    report.add_argument("--concept", required=True, help="what verdicts were given about")
    report.add_argument("--subject", nargs="*", default=[], metavar="NAME", help="default: all")
    report.add_argument(
        "--purpose", default="", help="why the audit was made, in a sentence; it is kept"
    )
    report.add_argument("--out", type=Path, required=True, metavar="FILE.html")
    report.add_argument("--json", type=Path, metavar="FILE.json", help="the same as JSON")
    report.set_defaults(run=_report)
    spurious_commands.add_command(commands)


def words_kept(arguments: Sequence[str]) -> list[str]:
    """Arguments in which `-word` after --keywords is a word: argparse takes it for an option.

    What begins with a space is none to it, and keywords are stripped when they are read.

    >>> words_kept(["audit", "--keywords", "red", "-blue", "--out", "-x"])
    ['audit', '--keywords', 'red', ' -blue', '--out', '-x']
    """
    kept, inside = [], False
    for each in arguments:
        if each.startswith("--"):
            inside = each == "--keywords"
        word = inside and each.startswith("-") and each not in ("-", "-h", "--keywords")
        kept.append(f" {each}" if word else each)
    return kept


def _audit(options: argparse.Namespace) -> None:
    from audits.ablation import summary
    from audits.ablation.engine.hooks import check_units, layer_means
    from audits.ablation.engine.units import by_layer
    from audits.ablation.measure import Plan, measure
    from audits.edit.export import check_free, export
    from audits.find import words
    from audits.network.evaluation import Cache
    from audits.network.images import open_images, open_network
    from audits.network.labels import read_class_table
    from describer import english
    from describer.subjects import devices
    from describer.subjects.definition import read
    from describer.subjects.probing import Skipped

    if options.batch_size < 1:
        raise BadInput(f"expected a batch size of at least 1, got {options.batch_size}")
    if options.export is not None:
        check_free(options.export)
    described = summary.read_descriptions(options.descriptions)
    query = words.query_of(options.keywords)
    nlp = english.load()
    found = words.find(
        words.analyse(nlp, [one.text for one in described]),
        query,
        forms=words.analyse(nlp, words.keywords_of(query)),
    )
    matched = summary.matching(described, found)
    if not matched:
        raise BadInput(
            f"expected a description with one of {', '.join(query.any + query.all)} in "
            f"{options.descriptions}, got none among {len(described)}"
        )
    network = open_network(read(options.subject), device=devices.choose(options.device))
    examined = sorted({(one.layer, one.unit) for one in described})
    check_units(by_layer(examined), network.sizes)
    table = read_class_table(options.class_index) if options.class_index else None
    skipped: list[Skipped] = []
    with Bar() as bar:
        test, validation = (
            open_images(
                folder,
                network,
                name=name,
                table=table,
                batch_size=options.batch_size,
                skipped=skipped,
                progress=bar,
            )
            if folder is not None
            else None
            for folder, name in ((options.images, "test"), (options.validation, "validation"))
        )
        assert test is not None
        means = None
        if options.rule == "mean":
            ordered_on = validation or test
            means = layer_means(network.model, by_layer(examined), ordered_on.batches())
        measured = measure(
            network.model,
            sorted(matched),
            test=test,
            sizes=network.sizes,
            validation=validation,
            examined=examined,
            plan=Plan(
                rule=options.rule,
                means=means,
                controls=options.controls,
                seed=options.seed,
                max_units=options.max_units,
            ),
            cache=Cache({}, network.identity),
            progress=bar,
        )
    summary.write(
        options.out,
        measured,
        matched,
        provenance={
            "subject": network.subject.name,
            "weights": network.weights,
            "test": test.digest,
            "validation": None if validation is None else validation.digest,
            "keywords": [each.strip() for each in options.keywords],
            "english": english.source(nlp),
            "rule": options.rule,
            "seed": options.seed,
            "examined": len(examined),
            "matched": len(matched),
            "skipped": [[one.path, one.reason] for one in skipped],
        },
    )
    rows = summary.rows(measured)
    for name, value in rows:
        print(f"{name}: {value}")
    for one in skipped:
        print(f"skipped {one.path}: {one.reason}", file=sys.stderr)
    for warning in measured.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{len(measured.order)} of {len(matched)} matching units ablated; see {options.out}")
    if options.export is None:
        return
    removed = measured.order[: (measured.chosen or measured.end).n_ablated]
    if not removed:
        print("nothing to export: on validation, no count keeps the accuracy", file=sys.stderr)
        return
    written = export(
        options.export,
        network,
        removed,
        test,
        rule=options.rule,
        means=means,
        descriptions={unit: text for unit, (text, _) in matched.items()},
        rows=rows,
        warnings=measured.warnings,
    )
    how = "weights changed" if written.way == "weights" else f"with a wrapper: {written.reason}"
    print(
        f"exported without {len(removed)} units to {written.folder} ({how}); read back, it "
        f"predicts as the ablated one on each of {written.images} test images"
    )


def _report(options: argparse.Namespace) -> None:
    from audits.report import gather
    from db.workspace import create, open_database

    workspace = create(options.workspace)
    with open_database(workspace) as db:
        gather.state_purpose(db, options.concept, options.purpose, person="command line")
        found = gather.gather(db, concept=options.concept, subject_names=options.subject)
    gather.write(workspace, found, html=options.out, json_file=options.json)
    print(
        f"{len(found.units)} units, {len(found.values['experiments'])} experiments: {options.out}"
    )
