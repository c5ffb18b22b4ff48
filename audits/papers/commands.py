"""The command `compare`: the papers' experiments on the user's own networks, tables and images."""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.papers.catalogue import EXPERIMENTS
from db.errors import BadInput
from describer.progress_bar import Bar

if TYPE_CHECKING:
    from audits.papers.annotated import AnnotatedNetwork
    from audits.papers.corpus import Corpus
    from audits.papers.table import Table
    from db.jobs import Watch

LEARNING_RATE = 2e-3
SMALL = {"embedding_size": 64, "hidden_size": 192, "attention_size": 128}
Run = Callable[[argparse.Namespace, "Watch"], "list[Table]"]


def add_command(commands: Any) -> None:
    """Add the command to an argparse sub-parser collection."""
    listed = "\n".join(
        f"  {name:<10} {one.source}: {one.about}" for name, one in EXPERIMENTS.items()
    )
    command = commands.add_parser(
        "compare",
        help="the papers' tables on your own networks: methods, people, splits, ablations",
        description=f"The papers' experiments on your own data. Tables:\n{listed}\n\nWritten are "
        "TABLE.csv, TABLE.json and TABLE.html. Docs: docs/COMPARE.md.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--table", required=True, choices=tuple(EXPERIMENTS))
    command.add_argument("--out", type=Path, required=True, metavar="DIR")
    given = command.add_argument_group("what is compared: a workspace's, or tables of files")
    given.add_argument("--workspace", type=Path, metavar="DIR")
    given.add_argument("--subject", nargs="+", default=[], metavar="NAME", help="default: all")
    given.add_argument("--method", nargs="+", default=[], metavar="NAME", help="default: all")
    given.add_argument("--people", type=Path, metavar="FILE", help="layer,unit,summary")
    given.add_argument(
        "--said",
        nargs="+",
        default=[],
        metavar="NAME=FILE",
        help="a method's descriptions; the same NAME again adds another layer's table",
    )
    given.add_argument("--layers", nargs="+", default=[], metavar="NAME", help="of these tables")
    given.add_argument("--classes", type=Path, metavar="FILE", help="names: a line each, or JSON")
    given.add_argument(
        "--layer",
        default="",
        metavar="NAME",
        help="classes: the last one; forest: what it reads",
    )
    given.add_argument("--ratings", type=Path, metavar="FILE", help="scoring: a wide table")
    measured = command.add_argument_group("how texts are compared")
    measured.add_argument("--language-model", metavar="M", help="of BERTScore; default: the best")
    measured.add_argument(
        "--encoder",
        nargs="+",
        default=[],
        metavar="NAME",
        help="CLIP, mpnet, … of --models; default: every CLIP there, and MiniLM",
    )
    measured.add_argument("--models", type=Path, metavar="DIR", help="default: the workspace's")
    measured.add_argument(
        "--reliable-at", type=float, metavar="X", help="threshold of two annotations (paper: 0.81)"
    )
    measured.add_argument("--seed", type=int, default=0, metavar="N")
    _add_splits(command)
    _add_forest(command)
    _add_ablations(command)
    command.set_defaults(run=_compare)


def _add_splits(command: Any) -> None:
    group = command.add_argument_group("splits: what is learned from and how")
    group.add_argument(
        "--annotated",
        nargs=3,
        action="append",
        default=[],
        metavar=("NAME", "EXEMPLARS", "TABLE"),
        help="a network's folder of exemplars and its annotations; again for the next",
    )
    group.add_argument(
        "--attributes",
        type=Path,
        metavar="FILE.toml",
        help="a table for each network: architecture, dataset, task, or others",
    )
    group.add_argument(
        "--kinds",
        nargs="+",
        default=["within", "architecture", "dataset", "task"],
        metavar="KIND",
        help="within, and attributes",
    )
    group.add_argument("--encoder-of", default="demo", metavar="CHECKPOINT")
    group.add_argument("--epochs", type=int, default=100, metavar="N")
    group.add_argument("--patience", type=int, default=4, metavar="N", help="within: at least 10")
    group.add_argument("--beam-size", type=int, default=50, metavar="N")
    group.add_argument(
        "--most", type=int, metavar="N", help="test so many units of a network at most"
    )
    group.add_argument(
        "--small", action="store_true", help="a small decoder, as the demo's: minutes, not hours"
    )
    group.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def _add_forest(command: Any) -> None:
    group = command.add_argument_group("forest: what is pruned and told apart")
    group.add_argument("--network", type=Path, metavar="SUBJECT.toml")
    group.add_argument("--images", type=Path, metavar="IMAGES", help="class/file, to learn from")
    group.add_argument(
        "--test-images", type=Path, metavar="IMAGES", help="default: half of each class of these"
    )
    group.add_argument("--threshold", type=float, default=0.8, help="from which units are alike")
    group.add_argument("--trees", type=int, default=100, metavar="N")
    group.add_argument("--controls", type=int, default=5, metavar="N")


def _add_ablations(command: Any) -> None:
    from describer.methods.dnd import options as dnd

    group = command.add_argument_group("ablations: of which network, and which variants")
    group.add_argument("--exemplars", type=Path, metavar="DIR", help="with --network, --images")
    group.add_argument("--units", nargs="+", type=int, metavar="N", help="default: all")
    group.add_argument(
        "--variants",
        nargs="+",
        default=["no-crops", "no-summary", "no-selection"],
        metavar="VARIANT",
        help="no-PART or OPTION=VALUE (captioner=NAME, writer=NAME, concepts=FILE, pooling=max, …)",
    )
    dnd.add_options(command)


def _compare(options: argparse.Namespace) -> None:
    from audits.papers import page
    from db.jobs import Watch

    if options.models is None and options.workspace is not None:
        options.models = options.workspace / "models"
    with Bar() as bar:
        found = RUNS[options.table](options, Watch(bar))
    for table in found:
        table.write(options.out)
        print(table.text() + "\n")
    title = EXPERIMENTS[options.table].title
    (options.out / f"{options.table}.html").write_text(page.whole(title, found), encoding="utf-8")
    print(f"written to {options.out}", file=sys.stderr)


def corpora(options: argparse.Namespace) -> "list[Corpus]":
    """What the options name, with the chosen methods.

    Raises:
        BadInput: neither a workspace nor tables are named, or a method said nothing.
    """
    from audits.papers import corpus
    from db.workspace import create, open_database

    if options.said or options.people is not None:
        classes = corpus.class_names(options.classes) if options.classes else ()
        layers = [*options.layers, *([options.layer] if options.layer else [])]
        one = corpus.of_files(
            options.people,
            _named(options.said),
            network=(options.subject or [""])[0],
            layers=layers,
            classes=classes,
        )
        return [one.only(options.method)]
    if options.workspace is None:
        raise BadInput("expected --workspace DIR, or --said NAME=FILE and --people FILE, got none")
    if not options.workspace.is_dir():
        raise BadInput(f"expected a workspace at {options.workspace}, found none")
    with open_database(create(options.workspace)) as db:
        found = [each.only(options.method) for each in corpus.of_workspace(db, options.subject)]
    return [each for each in found if each.methods]


def _named(given: Sequence[str]) -> dict[str, list[Path]]:
    """Files by the method's name."""
    found: dict[str, list[Path]] = {}
    for each in given:
        name, equals, path = each.partition("=")
        if not equals or not name.strip() or not path:
            raise BadInput(f"expected NAME=FILE with --said, got {each!r}")
        found.setdefault(name.strip(), []).append(Path(path))
    return found


def _people(options: argparse.Namespace, watch: "Watch") -> "list[Table]":
    from audits.papers import agreement
    from describer.similarity import bertscore

    found = [one for one in corpora(options) if one.people]
    if not found:
        raise BadInput("expected networks that people annotated, got none")
    scorer = bertscore.find(options.language_model)
    return agreement.against_people(found, scorer, seed=options.seed, watch=watch)


def _classes(options: argparse.Namespace, _watch: "Watch") -> "list[Table]":
    from audits.papers import measures, names

    found = [one for one in corpora(options) if one.classes]
    if not found:
        raise BadInput("expected networks with named classes (--classes FILE), got none")
    opened = measures.opened(options.encoder, options.models, language=options.language_model)
    return [names.against_names(found, opened, layer=options.layer, seed=options.seed)]


def _reliable(options: argparse.Namespace, _watch: "Watch") -> "list[Table]":
    from audits.papers import measures, reliable

    found = [one for one in corpora(options) if one.people]
    if not found:
        raise BadInput("expected networks that people annotated, got none")
    opened = measures.opened(options.encoder, options.models, language=options.language_model)
    return [
        reliable.against_annotations(
            found, opened, threshold=options.reliable_at, seed=options.seed
        )
    ]


def _between(options: argparse.Namespace, _watch: "Watch") -> "list[Table]":
    from audits.papers import measures, names

    found = corpora(options)
    methods = list(found[0].methods) if found else []
    if len(methods) != 2:
        raise BadInput(
            f"expected two methods with --method, got {len(methods)}: {', '.join(methods)}"
        )
    opened = measures.opened(options.encoder, options.models, language=options.language_model)
    return [names.between(found, methods[0], methods[1], opened, seed=options.seed)]


def _scoring(options: argparse.Namespace, _watch: "Watch") -> "list[Table]":
    from audits.papers import ratings

    if options.ratings is None:
        raise BadInput("expected a table of ratings with --ratings FILE, got none")
    return ratings.of_ratings(ratings.read(options.ratings))


def _splits(options: argparse.Namespace, watch: "Watch") -> "list[Table]":
    from audits.papers import splits
    from describer import milan
    from describer.milan.training.loop import TrainingConfig
    from describer.similarity import bertscore
    from describer.subjects import devices

    networks = _annotated(options)
    device = devices.choose(options.device)
    encoder = milan.load(options.encoder_of, device=device).encoder()
    config = TrainingConfig(patience=options.patience, max_epochs=options.epochs, seed=options.seed)
    if options.small:
        config = dataclasses.replace(config, learning_rate=LEARNING_RATE, **SMALL)
    return splits.generalise(
        networks,
        encoder,
        bertscore.find(options.language_model),
        splits.Asked(config, options.beam_size, options.most, options.seed),
        options.out,
        kinds=options.kinds,
        watch=watch,
    )


def _annotated(options: argparse.Namespace) -> "list[AnnotatedNetwork]":
    from audits.papers import annotated
    from db.workspace import create

    known = annotated.read_attributes(options.attributes) if options.attributes else {}
    found = [
        annotated.of_folder(name, Path(folder), Path(table), known.get(name, {}))
        for name, folder, table in options.annotated
    ]
    if options.workspace is not None:
        if not options.workspace.is_dir():
            raise BadInput(f"expected a workspace at {options.workspace}, found none")
        found += annotated.of_workspace(create(options.workspace), options.subject, known)
    if not found:
        raise BadInput("expected --workspace DIR or --annotated NAME EXEMPLARS TABLE, got none")
    return found


def _forest(options: argparse.Namespace, watch: "Watch") -> "list[Table]":
    from audits.network.images import open_network
    from audits.papers import forest, measures
    from describer.similarity import vectors
    from describer.subjects import definition, devices

    if options.network is None or options.images is None:
        raise BadInput("expected --network SUBJECT.toml and --images IMAGES, got none")
    given = corpora(options)
    if len(given) != 1 or len(given[0].methods) != 1:
        raise BadInput("expected one network's descriptions by one method (--subject, --method)")
    (said,) = given[0].methods.values()
    network = open_network(definition.read(options.network), device=devices.choose(options.device))
    known = {unit: text for unit, text in said.items() if unit[1] < network.sizes.get(unit[0], 0)}
    names = options.encoder or measures.here(options.models)
    if not names:
        raise BadInput(f"Comparing descriptions {vectors.missing()}.")
    encoder = vectors.find(names[0], options.models)
    alone = forest.unlike_any_other(known, encoder, threshold=options.threshold)
    opened = [
        forest.labelled(folder, network, name=folder.name, watch=watch) if folder else None
        for folder in (options.images, options.test_images)
    ]
    assert opened[0] is not None
    asked = forest.Asked(options.layer, options.trees, controls=options.controls, seed=options.seed)
    table = forest.prune(
        network, opened[0], opened[1], alone, list(known), asked, options.out, watch=watch
    )
    note = (
        f"Descriptions by {next(iter(given[0].methods))}; alike from a cosine of "
        f"{options.threshold:g} on ({encoder.name}, {encoder.hash})."
    )
    return [dataclasses.replace(table, notes=(*table.notes, note))]


def _ablations(options: argparse.Namespace, watch: "Watch") -> "list[Table]":
    from audits.papers import corpus, measures, variants
    from describer.exemplars import layout
    from describer.images import probing
    from describer.methods.dnd.options import Options
    from describer.methods.study import Study
    from describer.subjects import definition, devices

    if None in (options.exemplars, options.network, options.images):
        raise BadInput("expected --exemplars DIR, --network SUBJECT.toml and --images IMAGES")
    source, images = layout.read(options.exemplars), probing.open_folder(options.images)
    known = getattr(source, "provenance", {})
    if "images" in known and probing.digest(images) != known["images"]:
        raise BadInput(
            f"expected the images of {options.exemplars}, got others in {options.images}"
        )
    subject = definition.read(options.network)
    device = devices.choose(options.device)
    study = Study(source, subject, images, models=options.models, device=device)
    layers = options.layers or source.layers
    units = {layer: options.units or list(range(source.units(layer))) for layer in layers}
    asked = [variants.variant(each) for each in options.variants]
    opened = measures.opened(options.encoder, options.models, language=options.language_model)
    said = variants.describe(study, Options.from_options(options), asked, units, options.out, watch)
    classes = corpus.class_names(options.classes) if options.classes else ()
    return variants.compared(
        subject.name,
        said,
        opened,
        classes,
        layers=list(layers),
        layer=options.layer,
        seed=options.seed,
    )


RUNS: dict[str, Run] = {
    "people": _people,
    "classes": _classes,
    "reliable": _reliable,
    "between": _between,
    "scoring": _scoring,
    "splits": _splits,
    "forest": _forest,
    "ablations": _ablations,
}
