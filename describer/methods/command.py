"""`app.py describe DIR --method …`: all methods on the command line.

    METHODS["netdissect"](options, "cpu")       # the method, with the options that were given

A method here is built from the options; what it is given (`study.Study`) comes from the folder of
exemplars, and from --subject and --images where it looks at further images.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from db.errors import BadInput
from db.jobs import Watch
from describer.methods import opening, vlm
from describer.methods.dnd import options as dnd
from describer.methods.models import commands as models
from describer.methods.options import (
    CLIP_DISSECT,
    COMPOSITIONAL,
    DND,
    MILAN,
    NETDISSECT,
    OPTIONS,
    SIMILARITIES,
    Asked,
    ClipDissectOptions,
    CompositionalOptions,
    NetDissectOptions,
)
from describer.methods.study import Described
from describer.progress_bar import Bar


def add_options(describe: Any) -> None:
    """Add the options of these methods to the command."""
    describe.add_argument("--method", choices=tuple(METHODS), default=MILAN, help="default: milan")
    seeing = describe.add_argument_group(
        "netdissect and compositional", "compare where units are active with where concepts are"
    )
    seeing.add_argument("--subject", type=Path, metavar="SUBJECT.toml", help="the network")
    seeing.add_argument("--images", type=Path, metavar="IMAGES", help="of these exemplars")
    seeing.add_argument(
        "--concepts",
        nargs="+",
        default=[],
        metavar="SET",
        help="a set of --workspace by its name; colours; or segmentation:, coco:, yolo:, broden: "
        "or demo: and its place",
    )
    seeing.add_argument("--names", default="", metavar="FILE", help="of yolo, or `coco`")
    seeing.add_argument("--mask-quantile", type=float, default=0.995, metavar="Q")
    seeing.add_argument(
        "--whole", action="store_true", help="count a unit's pixels on every image (netdissect)"
    )
    seeing.add_argument("--length", type=int, default=3, help="concepts in a formula at most")
    seeing.add_argument("--beam", type=int, default=5, help="formulas kept at each step")
    naming = describe.add_argument_group("clip-dissect", "the word that fits a unit's images best")
    naming.add_argument("--model", metavar="M", help="a folder or cached CLIP, SigLIP or SigLIP 2")
    naming.add_argument(
        "--words",
        type=Path,
        metavar="FILE",
        help="a word a line; by default the nouns of --workspace, or the commonest of wordfreq",
    )
    naming.add_argument(
        "--workspace",
        type=Path,
        metavar="DIR",
        help="whose concepts and annotations to take",
    )
    naming.add_argument(
        "--similarity",
        choices=SIMILARITIES,
        default="soft-wpmi",
        help="default: soft-wpmi",
    )
    describe.add_argument("--seed", type=int, default=0, metavar="N", help="of ties (default: 0)")
    dnd.add_options(describe)
    vlm.add_options(describe)
    models.add_folder_option(describe)


def run(options: argparse.Namespace) -> None:
    """Describe a folder with one of the methods.

    Raises:
        BadInput: an option is missing or wrong.
    """
    from describer.exemplars import layout
    from describer.methods import writing
    from describer.methods.study import Study
    from describer.subjects import devices

    source = layout.read(options.folder)
    layers = options.layers or source.layers
    units = {layer: list(range(source.units(layer))) for layer in layers}
    if options.units is not None:
        for layer in layers:
            _check_units(source, layer, options.units)
        units = {layer: list(dict.fromkeys(options.units)) for layer in layers}
    device = devices.choose(options.device)
    method = METHODS[options.method](options, device)
    subject, images = _opened(options, source)
    study = Study(source, subject, images, models=options.models, device=device)
    with Bar() as bar:
        said = writing.write(method, study, units, options.out, Watch(bar))
    asked = sum(map(len, units.values()))
    print(f"{said} units described in {options.out}")
    if said < asked:
        print(f"{asked - said} units have no sentence; the reasons are in {options.out}.json")
    if options.method == MILAN:
        _print_vanished(options.out)


def _milan(options: argparse.Namespace, device: str) -> Described:
    from describer import milan
    from describer.methods.milan import Milan
    from describer.milan import backbones
    from describer.milan.describing import SearchOptions

    if options.milan is None:
        raise BadInput("expected --milan CHECKPOINT with --method milan, got none")
    model = milan.load(options.milan, device=device)
    if options.encoder:
        config, network = backbones.choose(
            options.encoder,
            layers=options.encoder_layers,
            downsampling=model.encoder_config.downsampling,
        )
        model = model.with_encoder(config, network)
    search = SearchOptions(
        options.strategy, options.beam_size, options.temperature, options.downsampling
    )
    return Milan.of(model, search)


def _asked(options: argparse.Namespace, device: str) -> Described:
    """A method beside MILAN, by the same options that a job of the app has."""
    from contextlib import ExitStack

    from db.workspace import create, open_database

    if options.method == CLIP_DISSECT:
        if options.images is None or options.model is None:
            raise BadInput("expected --model M and --images IMAGES with --method clip-dissect")
    else:
        _check_images(options)
    with ExitStack() as stack:
        db = None
        if options.workspace is not None:
            if not options.workspace.is_dir():
                raise BadInput(f"expected a workspace at {options.workspace}, found none")
            db = stack.enter_context(open_database(create(options.workspace)))
        asked = _options(options, db)
        places = opening.Places(options.models, device, db, names=options.names)
        return opening.open_method(asked, places)


METHODS: dict[str, Callable[[argparse.Namespace, str], Described]] = {
    MILAN: _milan,
    **{name: _asked for name in OPTIONS if name != MILAN},
}


def _options(options: argparse.Namespace, db: Any) -> Asked:
    seen = tuple(options.concepts)
    if options.method == NETDISSECT:
        return NetDissectOptions(seen, options.mask_quantile, options.whole, options.seed)
    if options.method == COMPOSITIONAL:
        return CompositionalOptions(
            seen, options.mask_quantile, options.length, options.beam, options.seed
        )
    if options.method == CLIP_DISSECT:
        return ClipDissectOptions(options.model, _words(options, db), options.similarity)
    if options.method == DND:
        return dnd.Options.from_options(options)
    return vlm.Options.from_options(options)


def _check_images(options: argparse.Namespace) -> None:
    if options.subject is None or options.images is None:
        raise BadInput(
            f"expected --subject SUBJECT.toml and --images IMAGES with --method {options.method}, "
            "which looks at every image once more"
        )


def _words(options: argparse.Namespace, db: Any) -> tuple[str, ...]:
    """Words of a file or of a workspace's annotations; none for the commonest nouns."""
    from describer.methods import words

    if options.words is not None:
        return words.of_file(options.words)
    return () if db is None else words.of_annotations(db)


def _print_vanished(table: Path) -> None:
    """Say on how many units MILAN's encoder saw nothing at some layer."""
    rows = json.loads(table.with_name(f"{table.name}.json").read_text("utf-8"))["units"]
    lost = sum(max(row["detail"]["vanished"]) == row["detail"]["images"] for row in rows)
    if lost:
        print(
            f"on {lost} of them every mask is lost at some layer of the encoder; "
            "--downsampling area keeps small masks"
        )


def _opened(options: argparse.Namespace, source: Any) -> tuple[Any, Any]:
    """The network and the images, where they are named; they must be those of the exemplars."""
    from describer.images import probing
    from describer.subjects import definition, factory
    from describer.subjects.weights import weights_hash

    subject = None if options.subject is None else definition.read(options.subject)
    images = None if options.images is None else probing.open_folder(options.images)
    known = getattr(source, "provenance", {})
    if images is not None and "images" in known and probing.digest(images) != known["images"]:
        raise BadInput(f"expected the images of {options.folder}, got others in {options.images}")
    if subject is not None and "weights" in known:
        weights = weights_hash(subject, factory.build(subject))
        if weights != known["weights"]:
            raise BadInput(
                f"expected the network of {options.folder}, got other weights in {options.subject}"
            )
    return subject, images


def _check_units(source: Any, layer: str, units: list[int]) -> None:
    count = source.units(layer)
    outside = [unit for unit in units if not 0 <= unit < count]
    if outside:
        raise BadInput(f"expected units 0 to {count - 1} of {layer}, got {outside[0]}")
