"""The commands of the describer: layers, exemplars, describe, train, and add for a workspace."""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.access.permissions import LOCAL
from db.commands import add_workspace_option, say
from db.errors import BadInput
from db.jobs import Watch
from db.workspace import Workspace, create, open_database
from describer.faithfulness import command as faithfulness
from describer.methods import command as methods
from describer.methods.models import commands as models
from describer.progress_bar import Bar

if TYPE_CHECKING:
    from describer.milan.encoder import PyramidEncoder


def add_commands(commands: Any) -> None:
    """Add the commands to an argparse sub-parser collection."""
    _add_layers(commands)
    _add_exemplars(commands)
    _add_describe(commands)
    faithfulness.add_command(commands)
    _add_train(commands)
    _add_add(commands)
    models.add_command(commands)


def _add_layers(commands: Any) -> None:
    layers = commands.add_parser(
        "layers",
        help="list what can be studied in a network, and why the rest cannot",
        description="List every module of a network: its kind, units, calls in a pass and the axis "
        "of its units, or why it cannot be a layer.",
    )
    layers.add_argument("subject", type=Path, metavar="SUBJECT.toml")
    layers.set_defaults(run=_layers)


def _add_exemplars(commands: Any) -> None:
    exemplars = commands.add_parser(
        "exemplars",
        help="find the images and regions that activate each unit most",
        description="Find the images and regions that activate each unit most, in one pass.",
    )
    exemplars.add_argument("subject", type=Path, metavar="SUBJECT.toml")
    exemplars.add_argument(
        "images", type=Path, metavar="IMAGES", help="class/file, or flat; seeds:N for a generator"
    )
    exemplars.add_argument("--out", type=Path, required=True, metavar="DIR")
    exemplars.add_argument(
        "--layers", nargs="+", default=[], metavar="L", help="by default those of the subject file"
    )
    exemplars.add_argument("--k", type=int, default=15, help="exemplars a unit (default: 15)")
    exemplars.add_argument("--quantile", type=float, default=0.99, help="masks lie above it")
    exemplars.add_argument("--pool", choices=("max", "mean"), default="max")
    exemplars.add_argument("--batch-size", type=int, default=64, metavar="N")
    exemplars.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    exemplars.add_argument(
        "--images",
        dest="publish",
        action="store_true",
        help="also write images.npy, masks.npy and units.npy, as the published code",
    )
    exemplars.add_argument(
        "--pooled",
        action="store_true",
        help="also keep every image's pooled activations, as clip-dissect needs them",
    )
    exemplars.add_argument("--engine", choices=("local", "ray"), default="local")
    exemplars.set_defaults(run=_exemplars)


def _add_add(commands: Any) -> None:
    add = commands.add_parser(
        "add", help="enter a network, images, a checkpoint, descriptions or concepts"
    )
    kinds = ("network", "images", "checkpoint", "descriptions", "concepts")
    add.add_argument("what", choices=kinds)
    add.add_argument(
        "path",
        type=Path,
        help="a file or folder; of a network also FAMILY/NAME, such as timm/resnet50.a1_in1k, "
        "torchvision/resnet18, transformers/AutoModelForImageClassification, open_clip/ViT-B-32",
    )
    add.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="of a FAMILY/NAME; a file or a folder",
    )
    add_workspace_option(add)
    table = add.add_argument_group(
        "descriptions", "a table layer,unit,description[,score], or one that a paper published"
    )
    table.add_argument("--subject", metavar="NAME", help="the network that a table is about")
    table.add_argument(
        "--method", metavar="NAME", help="by default what its columns tell, or the file's name"
    )
    table.add_argument(
        "--layer", metavar="L", help="of a table without that column; by default as its name ends"
    )
    concepts = add.add_argument_group("concepts", "where they are in images: masks with names")
    concepts.add_argument(
        "--format", metavar="F", help="segmentation, coco, yolo, broden or demo; colours need none"
    )
    concepts.add_argument("--name", metavar="NAME", help="by default that of the folder or file")
    concepts.add_argument("--names", metavar="FILE", help="of yolo: a line a name, or `coco`")
    add.set_defaults(run=_add_to_workspace)


def _add_describe(commands: Any) -> None:
    describe = commands.add_parser(
        "describe",
        help="describe units with MILAN or another method",
        description="Describe units with MILAN or another method.",
    )
    describe.add_argument("folder", type=Path, metavar="DIR", help="a folder of exemplars")
    describe.add_argument(
        "--milan",
        metavar="CHECKPOINT",
        help="a published .pth, one of our checkpoint folders, or demo",
    )
    describe.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    describe.add_argument("--strategy", choices=("rerank", "beam", "greedy"), default="rerank")
    describe.add_argument("--beam-size", type=int, default=50, metavar="N")
    describe.add_argument(
        "--temperature", type=float, default=0.2, help="weight of log p(d) (default: 0.2)"
    )
    describe.add_argument("--layers", nargs="+", metavar="L", help="by default all of the folder")
    describe.add_argument(
        "--units", nargs="+", type=int, metavar="N", help="of these layers; by default all"
    )
    describe.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    _add_encoder_options(describe, "by default that of the checkpoint", default=None)
    methods.add_options(describe)
    describe.set_defaults(run=methods.run)


def _add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train", help="train MILAN on annotations", description="Train MILAN on annotations."
    )
    train.add_argument(
        "--exemplars", type=Path, nargs="+", required=True, metavar="DIR", help="annotated folders"
    )
    train.add_argument(
        "--annotations",
        type=Path,
        nargs="+",
        required=True,
        metavar="FILE.csv",
        help="for each folder one table with the columns layer, unit, summary",
    )
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint")
    _add_encoder_options(train, "default: resnet101", default="resnet101")
    train.add_argument(
        "--epochs", type=int, default=100, metavar="N", help="at most (default: 100)"
    )
    train.add_argument("--patience", type=int, default=4, metavar="N")
    train.add_argument("--seed", type=int, default=0, metavar="N")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    train.set_defaults(run=_train)


def _add_encoder_options(command: Any, what: str, *, default: str | None) -> None:
    command.add_argument(
        "--encoder",
        default=default,
        metavar="NAME",
        help=f"a torchvision network, or a SUBJECT.toml whose layers are pooled ({what})",
    )
    command.add_argument(
        "--encoder-layers",
        nargs="+",
        metavar="L",
        help="of a torchvision network that is not known",
    )
    command.add_argument(
        "--downsampling", choices=("bilinear", "area"), help="of masks (published: bilinear)"
    )


def _layers(options: argparse.Namespace) -> None:
    from describer.images import latents
    from describer.layers import table
    from describer.subjects import definition, factory

    subject = definition.read(options.subject)
    model = factory.build(subject)
    for line in table.lines(latents.trace(model, subject)):
        print(line)


def _exemplars(options: argparse.Namespace) -> None:
    from describer.exemplars import records, run, sharded
    from describer.images import probing
    from describer.subjects import definition, devices

    how = run.Options(
        layers=tuple(options.layers),
        settings=records.Settings(options.k, options.quantile, options.pool),
        batch_size=options.batch_size,
        device=devices.choose(options.device),
        publish=options.publish,
        pooled=options.pooled,
    )
    if options.pooled and options.engine != "local":
        raise BadInput("expected --pooled with --engine local, got ray")
    subject, images = definition.read(options.subject), probing.open_folder(options.images)
    with Bar() as bar:
        engine = sharded.study if options.engine == "ray" else run.study
        source = engine(subject, images, options.out, options=how, progress=bar)
    for layer in source.layers:
        record = source.record(layer)
        odd = [f"{len(record.dead)} dead"] if record.dead else []
        odd += [f"{len(record.nan_units)} with NaN"] if record.nan_units else []
        print(f"{layer}: {record.layer.units} units{', ' if odd else ''}{', '.join(odd)}")
    _print_notes(source.notes)
    if source.skipped:
        print(
            f"{len(source.skipped)} images skipped, the first: {source.skipped[0].path} "
            f"{source.skipped[0].reason}; all of them in {options.out}/exemplars.json"
        )


def _add_to_workspace(options: argparse.Namespace) -> None:
    from describer import workspace_files
    from describer.images import probing

    if options.what == "descriptions":
        _add_descriptions(options)
        return
    if options.what == "concepts":
        _add_concepts(options)
        return
    if options.subject or options.method or options.layer:
        raise BadInput("expected --subject, --method and --layer with descriptions alone")
    if options.weights is not None and options.what != "network":
        raise BadInput("expected --weights with network alone")
    workspace = create(options.workspace)
    with open_database(workspace) as db:
        if options.what == "network":
            found = workspace_files.survey(_subject_file(options, workspace))
            name = workspace_files.enter_subject(db, found).name
            _print_notes(found.notes)
        elif options.what == "images":
            _print_notes(probing.open_folder(options.path.expanduser()).left_out)
            name = workspace_files.enter_images(db, options.path).name
        else:
            name = workspace_files.enter_checkpoint(db, str(options.path)).name
    print(f"{options.what} {name} is in {options.workspace}")


def _subject_file(options: argparse.Namespace, workspace: Workspace) -> Path:
    """The subject file at a path, or a new one for a network named by its family."""
    from describer.subjects import families

    name = str(options.path)
    if options.path.exists() or not families.is_family(name):
        if options.weights is not None:
            raise BadInput(
                f"expected --weights with FAMILY/NAME ({', '.join(families.FAMILIES)}), got "
                f"{name}; a SUBJECT.toml names its weights itself"
            )
        return Path(options.path)
    if options.weights is None:
        print("note: no --weights: the network is studied as it is initialised", file=sys.stderr)
    path = families.write(name, workspace.path / "subjects", weights=options.weights)
    print(f"wrote {path}")
    return path


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(note if note.startswith("warning: ") else f"note: {note}", file=sys.stderr)


def _add_descriptions(options: argparse.Namespace) -> None:
    from describer.methods import imports

    if not options.subject:
        raise BadInput("expected the network that the table is about (--subject NAME), got none")
    with open_database(create(options.workspace)) as db:
        entered = imports.enter(
            db,
            options.path,
            subject=options.subject,
            method=options.method or "",
            layer=options.layer or "",
            person=LOCAL,
        )
    say(entered.understood)
    print(imports.said(entered))


def _add_concepts(options: argparse.Namespace) -> None:
    from describer import workspace_files

    with open_database(create(options.workspace)) as db:
        row = workspace_files.enter_concepts(
            db,
            str(options.path),
            form=options.format or "",
            name=options.name or "",
            names=options.names or "",
        )
    print(f"{row.concepts} concepts, {row.name}, are in {options.workspace}")


def _train(options: argparse.Namespace) -> None:
    from describer.exemplars import layout
    from describer.milan.training import checkpoint, data, loop
    from describer.subjects import devices

    if len(options.exemplars) != len(options.annotations):
        raise BadInput(
            f"expected a table of annotations for each folder of exemplars, got "
            f"{len(options.exemplars)} folders and {len(options.annotations)} tables"
        )
    folders = [layout.read(folder) for folder in options.exemplars]
    tables = []
    for table in options.annotations:
        annotations, understood = data.read_annotations(table)
        say(understood)
        tables.append(annotations)
    with Bar() as bar:
        trained = checkpoint.train_checkpoint(
            [data.Annotated(*pair) for pair in zip(folders, tables, strict=True)],
            _encoder(options, devices.choose(options.device)),
            options.out,
            sources={
                "exemplars": [
                    {layer: folder.hash(layer) for layer in folder.layers} for folder in folders
                ],
                "annotations": [_sha256(table) for table in options.annotations],
            },
            config=loop.TrainingConfig(
                max_epochs=options.epochs, patience=options.patience, seed=options.seed
            ),
            watch=Watch(bar),
        )
    record = trained.record()
    print(
        f"checkpoint {options.out}: {record['training_units']} units learned, BLEU "
        f"{record['validation_bleu']:.3f} on {record['validation_units']} held out"
    )


def _encoder(options: argparse.Namespace, device: str) -> "PyramidEncoder":
    from describer.milan import PyramidEncoder, backbones

    config, network = backbones.choose(
        options.encoder,
        layers=options.encoder_layers,
        downsampling=options.downsampling or "bilinear",
    )
    return PyramidEncoder(config.name, network=network, config=config, device=device)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
