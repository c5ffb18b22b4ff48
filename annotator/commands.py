"""The `annotations` commands: measure, check, import and export what people wrote.

    add_commands(subparsers, english=english.load, scorers=bertscore, exemplars_of=of_unit)

The English pipeline, the scorers of agreement and the pictures belong to other packages and are
passed in; without them the commands that need them say so.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotator.agreement.scorer import Scorers
from annotator.exchange import about, imports, page, tables
from annotator.exchange.published import SENTENCES
from annotator.exchange.write import (
    FORMATS,
    Choice,
    ExemplarsOf,
    chosen,
    foreseen,
    layout,
    write,
)
from db.annotate import campaigns, transfers
from db.commands import say
from db.errors import BadInput
from db.workspace import Workspace, create, open_database

if TYPE_CHECKING:
    from spacy.language import Language

# from a folder of published arrays to the units of a network; returns of how many layers
EnterPictures = Callable[[Workspace, Path, str], int]


def add_commands(
    commands: Any,
    *,
    english: "Callable[[], Language] | None" = None,
    scorers: Scorers | None = None,
    exemplars_of: ExemplarsOf | None = None,
    enter_pictures: EnterPictures | None = None,
) -> None:
    """Add the commands to an argparse sub-parser collection."""
    top = commands.add_parser("annotations", help="measure, check, import and export annotations")
    actions = top.add_subparsers(required=True, metavar="ACTION")

    stats = actions.add_parser("stats", help="units, words, length and parts of speech a layer")
    _add_table(stats)
    stats.set_defaults(run=partial(_stats, english=english))

    agree = actions.add_parser("agreement", help="how well people agree, beside its chance level")
    _add_table(agree)
    agree.add_argument("--model", help="a language model's folder or name in the local cache")
    agree.add_argument("--max-units", type=int, help="measure on so many random units only")
    agree.add_argument("--seed", type=int, default=0)
    agree.set_defaults(run=partial(_agreement, scorers=scorers))

    check = actions.add_parser("check", help="find units that do not have exactly three sentences")
    _add_table(check)
    check.add_argument("--expected", type=int, default=3, help="sentences a unit (default: 3)")
    check.set_defaults(run=_check)

    rated = actions.add_parser(
        "ratings", help="mean rating and rater agreement, a layer and method"
    )
    rated.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="Layer, Unit, `<method> <rater> Rating`; or our export of a rating, .csv or .jsonl",
    )
    rated.add_argument("--json", action="store_true", help="print JSON")
    rated.set_defaults(run=_ratings)

    take = actions.add_parser("import", help="bring sentences into the workspace as a campaign")
    take.add_argument("file", type=Path, metavar="FILE", help="our export, MTurk's or a folder")
    take.add_argument("--workspace", type=Path, default=Path("workspace"), metavar="DIR")
    take.add_argument("--campaign", help="name of the new campaign (default: the file's)")
    take.add_argument("--subject", help="the network's name, where the file does not say it")
    take.set_defaults(run=partial(_import, enter_pictures=enter_pictures))

    give = actions.add_parser("export", help="write a campaign's sentences to a file or folder")
    give.add_argument("campaign", help="the campaign's name")
    give.add_argument("--out", type=Path, required=True, metavar="FILE|DIR")
    give.add_argument("--format", choices=FORMATS, default="milannotations")
    give.add_argument("--workspace", type=Path, default=Path("workspace"), metavar="DIR")
    give.add_argument("--approved-only", action="store_true", help="leave unreviewed ones out")
    give.add_argument("--cleaned", action="store_true", help="by the cleaning rules in force")
    give.add_argument(
        "--simulated", action="store_true", help="with the sentences of simulated annotators"
    )
    give.add_argument(
        "--sentences",
        type=int,
        default=SENTENCES,
        help="a unit in a milannotations folder; those with fewer are said (default: 3)",
    )
    give.add_argument(
        "--complete-layers",
        action="store_true",
        help="of a milannotations folder, only layers in which every unit has so many",
    )
    give.add_argument("--license", default="unknown", help="for a dataset's card: cc-by-4.0, …")
    give.set_defaults(run=partial(_export, exemplars_of=exemplars_of))


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="layer,unit,summary")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _read(path: Path) -> list[tables.Row]:
    """The sentences of a table, after saying how it was read."""
    table = tables.table_of(path)
    say(table.understood)
    return tables.rows_of(table)


def _stats(options: argparse.Namespace, english: "Callable[[], Language] | None") -> None:
    from annotator.corpus import statistics

    if english is None:
        raise BadInput("expected an English pipeline for parts of speech, got none")
    rows = [(row.layer, row.unit, row.summary) for row in _read(options.file)]
    nlp = english()
    found = statistics.statistics(rows, nlp, total=lambda layer: "all")
    pipeline = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    if options.json:
        layers = {layer: dataclasses.asdict(values) for layer, values in found.items()}
        print(json.dumps({"pipeline": pipeline, "layers": layers}))
        return
    print(f"{'layer':<12}{'units':>7}{'words':>7}{'len.':>6}{'% noun':>8}{'% adj':>7}{'% prep':>8}")
    for layer, values in found.items():
        print(
            f"{layer:<12}{values.units:>7}{values.words:>7}{values.length:>6.1f}"
            f"{100 * values.nouns:>8.1f}{100 * values.adjectives:>7.1f}"
            f"{100 * values.prepositions:>8.1f}"
        )
    print(f"parts of speech by {pipeline}")


def _agreement(options: argparse.Namespace, scorers: Scorers | None) -> None:
    import random

    from annotator.agreement import scores as agreement_scores

    if scorers is None:
        raise BadInput("expected scorers of sentences to measure agreement, got none")
    sentences: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for row in _read(options.file):
        own = sentences.setdefault((row.layer, row.unit), [])
        own.append((str(len(own) + 1), row.summary))
    if options.max_units is not None and options.max_units < len(sentences):
        drawn = random.Random(options.seed).sample(sorted(sentences), options.max_units)
        sentences = {unit: sentences[unit] for unit in drawn}
    scores = agreement_scores.score(sentences, scorers.find(options.model), seed=options.seed)
    layers = sorted({layer for layer, _ in sentences})
    found = {"all": agreement_scores.over(scores)}
    for layer in layers:
        found[layer] = agreement_scores.over(scores, lambda unit, layer=layer: unit[0] == layer)  # type: ignore[misc]
    if options.json:
        print(json.dumps({name: dataclasses.asdict(part) for name, part in found.items()}))
        return
    print(scores.model)
    print(f"{'':<12}{'units':>6}{'agreement':>11}{'95 %':>17}{'chance':>9}{'identical':>11}")
    for name, part in found.items():
        if part.undefined is not None or part.mean is None or part.chance is None:
            print(f"{name:<12}{part.units:>6}  undefined: {part.undefined}")
            continue
        interval = f"{part.low:.3f} to {part.high:.3f}"
        print(
            f"{name:<12}{part.units:>6}{part.mean:>11.3f}{interval:>17}{part.chance:>9.3f}"
            f"{100 * (part.identical or 0):>9.1f} %"
        )


def _check(options: argparse.Namespace) -> None:
    report = tables.check(_read(options.file), expected=options.expected)
    print(json.dumps(report.as_json()) if options.json else report.as_text())


def _ratings(options: argparse.Namespace) -> None:
    from annotator.ratings import tables as rating_tables

    given = rating_tables.read(options.file)
    lines, agreed, valid = (
        rating_tables.summary(given),
        rating_tables.alpha(given),
        rating_tables.valid_share(given),
    )
    if options.json:
        rows = [dataclasses.asdict(line) for line in lines]
        print(json.dumps({"rows": rows, "alpha": agreed, "valid_share": valid}))
        return
    print(f"{'layer':<12}{'method':<20}{'ratings':>8}{'mean':>7}{'error':>7}{'% best':>8}")
    for line in lines:
        error = "" if line.error is None else f"{line.error:.2f}"
        print(
            f"{line.layer:<12}{line.method:<20}{line.ratings:>8}{line.mean:>7.2f}{error:>7}"
            f"{100 * line.chosen:>8.1f}"
        )
    print("valid responses: " + ("none" if valid is None else f"{100 * valid:.1f} %"))
    print(
        "rater agreement (Krippendorff's alpha, interval level): "
        + ("undefined, nothing was rated twice" if agreed is None else f"{agreed:.2f}; chance is 0")
    )


def _import(options: argparse.Namespace, enter_pictures: EnterPictures | None) -> None:
    found = imports.load(options.file, subject=options.subject)
    records = found.records
    say(found.understood)
    if found.empty:
        say(f"{found.empty} rows without a sentence left out")
    workspace = create(options.workspace)
    with open_database(workspace) as db:
        campaign = transfers.enter(
            db, options.campaign or options.file.stem, records, person="command line"
        )
    print(f"{len(records)} answers in campaign {campaign.name!r}")
    if enter_pictures is not None and options.file.is_dir():
        for network, folder in imports.networks(options.file, subject=options.subject).items():
            layers = enter_pictures(workspace, folder, network)
            print(f"{network}: pictures of {layers} layers")


def _export(options: argparse.Namespace, exemplars_of: ExemplarsOf | None) -> None:
    workspace = create(options.workspace)
    with open_database(workspace) as db:
        campaign = campaigns.named(db, options.campaign)
        choice = Choice(
            options.approved_only,
            options.cleaned,
            options.simulated,
            options.sentences,
            options.complete_layers,
        )
        secret = workspace.secret.read_bytes()
        records = chosen(db, campaign.campaign_id, choice, secret=secret)
        if options.format == "milannotations":
            for line in page.foreseen_lines(
                foreseen(db, campaign.campaign_id, choice, secret=secret), choice.sentences
            ):
                print(line, file=sys.stderr)
        asked = layout(db, choice)
        told = about.of_campaign(db, campaign.campaign_id)
    pictures = None if exemplars_of is None else exemplars_of(workspace)
    rows = write(
        options.out,
        records,
        form=options.format,
        title=campaign.name,
        pictures=pictures,
        licence=options.license,
        layout=asked,
        about=told,
    )
    print(f"{rows} rows written to {options.out}, of {len(records)} answers")
