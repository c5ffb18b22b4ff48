"""`app.py describe DIR --method …`: the methods beside MILAN on the command line.

    METHODS["netdissect"](options)              # the method, with the options that were given

A method here is built from the options; what it is given (`study.Study`) comes from the folder of
exemplars, and from --subject and --images where it looks at further images.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from db.errors import BadInput
from describer.methods import vlm
from describer.methods.dnd import options as dnd
from describer.methods.models import commands as models
from describer.progress_bar import Bar

MILAN = "milan"
COMMONEST = 10_000


def add_options(describe: Any) -> None:
    """Add the options of these methods to the command."""
    describe.add_argument(
        "--method", choices=(MILAN, *METHODS), default=MILAN, help="default: milan"
    )
    seeing = describe.add_argument_group(
        "netdissect and compositional", "compare where units are active with where concepts are"
    )
    seeing.add_argument("--subject", type=Path, metavar="SUBJECT.toml", help="the network")
    seeing.add_argument("--images", type=Path, metavar="IMAGES", help="of these exemplars")
    seeing.add_argument(
        "--concepts",
        nargs="+",
        default=[],
        metavar="FORMAT:PLACE",
        help="segmentation, coco, yolo, broden or demo with its place; or colours",
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
    naming.add_argument("--workspace", type=Path, metavar="DIR", help="whose annotations to take")
    naming.add_argument(
        "--similarity",
        choices=("soft-wpmi", "wpmi", "cosine", "cosine-cubed"),
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
    method = METHODS[options.method](options)
    layers = options.layers or source.layers
    units = {layer: list(range(source.units(layer))) for layer in layers}
    if (chosen := getattr(options, "units", None)) is not None:
        for layer in layers:
            _check_units(source, layer, chosen)
        units = {layer: list(dict.fromkeys(chosen)) for layer in layers}
    subject, images = _opened(options, source)
    study = Study(
        source,
        subject,
        images,
        models=options.models,
        device=devices.choose(options.device),
    )
    with Bar() as bar:
        said = writing.write(method, study, units, options.out, _watch(bar))
    asked = sum(map(len, units.values()))
    print(f"{said} units described in {options.out}")
    if said < asked:
        print(f"{asked - said} units have no sentence; the reasons are in {options.out}.json")


def _netdissect(options: argparse.Namespace) -> Any:
    from describer.methods.overlap.netdissect import NetDissect

    return NetDissect(_concepts(options), _quantile(options), options.whole, options.seed)


def _compositional(options: argparse.Namespace) -> Any:
    from describer.methods.overlap.compositional import Compositional, Search

    search = Search(options.length, options.beam)
    return Compositional(_concepts(options), _quantile(options), search, options.seed)


def _clip_dissect(options: argparse.Namespace) -> Any:
    from describer.methods import image_text
    from describer.methods.clip_dissect import ClipDissect
    from describer.subjects import devices

    if options.model is None or options.images is None:
        raise BadInput("expected --model M and --images IMAGES with --method clip-dissect")
    model = image_text.load(options.model, device=devices.choose(options.device))
    return ClipDissect(model, _words(options), options.similarity)


def _dnd(options: argparse.Namespace) -> Any:
    from describer.methods.dnd.method import DescribeAndDissect

    _check_images(options)
    return DescribeAndDissect.from_options(options)


def _vlm(options: argparse.Namespace) -> Any:
    _check_images(options)
    return vlm.SeenAtOnce.from_options(options)


METHODS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "netdissect": _netdissect,
    "compositional": _compositional,
    "clip-dissect": _clip_dissect,
    "dnd": _dnd,
    "vlm": _vlm,
}


def _concepts(options: argparse.Namespace) -> Any:
    from describer.methods.concepts import opening

    _check_images(options)
    return opening.open_all(options.concepts, names=options.names)


def _check_images(options: argparse.Namespace) -> None:
    if options.subject is None or options.images is None:
        raise BadInput(
            f"expected --subject SUBJECT.toml and --images IMAGES with --method {options.method}, "
            "which looks at every image once more"
        )


def _words(options: argparse.Namespace) -> tuple[str, ...]:
    from db.annotate import annotations
    from db.workspace import create, open_database
    from describer.methods import words

    if options.words is not None:
        return words.of_file(options.words)
    if options.workspace is None:
        return words.commonest(COMMONEST)
    if not options.workspace.is_dir():
        raise BadInput(f"expected a workspace at {options.workspace}, found none")
    with open_database(create(options.workspace)) as db:
        found = words.of_sentences(annotations.sentences(db))
    if not found:
        raise BadInput(f"expected annotations in {options.workspace}, found none with a noun")
    return found


def _quantile(options: argparse.Namespace) -> float:
    if not 0 < options.mask_quantile < 1:
        raise BadInput(f"expected a quantile between 0 and 1, got {options.mask_quantile}")
    return float(options.mask_quantile)


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


def _watch(bar: Any) -> Any:
    from db.jobs import Watch

    return Watch(bar)
