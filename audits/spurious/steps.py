"""The steps of the spurious-text experiment, each kept in files and passed over when it is there.

    sets = make_sets(folder / "images", settings)       # training, validation, clean, adversarial
    subject_file = train_network(folder / "network", sets, settings)
    shares = written_shares(source, spurious.read(sets["training"]))
    on_text(shares, base_rate(…))                       # units whose masks lie on written words

Source: MILAN, Section 7 and Appendix E. Training and validation images carry the name of their
class on a share of them; the clean and the adversarial test set are the same images, without words
and each with a random one. Where words stand is known, so that a unit's exemplars tell whether it
truly looks at them: a control for descriptions, whose model may not know such images.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from audits.edit.carry import carry, save_state, write_subject
from audits.network import held_out
from audits.spurious import writing
from audits.spurious.plan import SETS, SMALL, Settings
from audits.spurious.training import Config, Trained, read_pictures, train
from audits.spurious.writing import Writing, Written
from db.arrays import new_file, new_folder
from db.errors import BadInput
from db.jobs import Watch
from db.units import Unit
from describer.exemplars.layout import Source
from describer.images import latents, probing
from describer.images.probing import Skipped
from describer.layers.catalogue import Layer
from describer.subjects import definition, factory
from describer.subjects.definition import Subject

# A unit looks at words when most of its masks lies on them, and far more than on any place.
MOSTLY = 0.5
LIFT = 3.0
_SKIPPED = "skipped.json"
_RECORD = "training.json"
_SMALL_FACTORY = "describer.demo.networks:residual"


@dataclass(frozen=True)
class Made:
    """The four image folders by name, and the images that could not be read."""

    folders: Mapping[str, Path]
    skipped: tuple[Skipped, ...]


def make_sets(
    folder: Path,
    settings: Settings,
    *,
    size: int | None = None,
    watch: Watch | None = None,
) -> Made:
    """Write the experiment's four image folders below a folder.

    Args:
        size: side of the images, when it is not the settings'.

    Raises:
        BadInput: too few images of a class, or test images that are trained on.
        Cancelled: the watch said so; folders that are complete stay.
    """
    source = Path(settings.images).expanduser()
    opened = probing.open_folder(source)
    test = Path(settings.test).expanduser() if settings.test else source
    if settings.test and not (folder / SETS[0]).is_dir():
        held_out.check_files(source, test, purpose="test")
    parts = split(np.array(opened.labels), settings)
    only: dict[str, Sequence[int] | None] = {
        "training": parts[0],
        "validation": parts[1],
        "clean": None if settings.test else parts[2],
        "adversarial": None if settings.test else parts[2],
    }
    font = Path(settings.font).expanduser() if settings.font else None
    for place, name in enumerate(SETS):
        if (folder / name).is_dir():
            continue
        skipped: list[Skipped] = []
        writing.make(
            test if name in ("clean", "adversarial") else source,
            folder / name,
            Writing(
                "random" if name == "adversarial" else "right",
                {"clean": 0.0, "adversarial": 1.0}.get(name, settings.share),
                settings.corner,
                settings.height,
                font,
                settings.seed * len(SETS) + place,
                size=size or settings.size,
            ),
            only=only[name],
            skipped=skipped,
            watch=watch,
        )
        with new_file(folder / f"{name}-{_SKIPPED}") as path:
            path.write_text(json.dumps([[each.path, each.reason] for each in skipped]), "utf-8")
    found = [
        Skipped(*each)
        for name in SETS
        if (folder / f"{name}-{_SKIPPED}").is_file()
        for each in json.loads((folder / f"{name}-{_SKIPPED}").read_text("utf-8"))
    ]
    return Made({name: folder / name for name in SETS}, tuple(dict.fromkeys(found)))


def split(labels: NDArray[np.int64], settings: Settings) -> list[list[int]]:
    """Images to train, validate and test on: places, ascending, the same shares of each class.

    Raises:
        BadInput: a class has too few images for that.
    """
    generator = np.random.default_rng(settings.seed)
    test_share = 0.0 if settings.test else settings.test_share
    parts: list[list[int]] = [[], [], []]
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label)).tolist()
        held = [
            max(1, round(share * len(members))) if share else 0
            for share in (settings.validation_share, test_share)
        ]
        if sum(held) >= len(members):
            raise BadInput(
                f"expected images of each class to train on, got {len(members)} of one class, of "
                f"which {sum(held)} are held out"
            )
        parts[1] += members[: held[0]]
        parts[2] += members[held[0] : sum(held)]
        parts[0] += members[sum(held) :]
    return [sorted(part) for part in parts]


def untrained(settings: Settings, classes: Sequence[str]) -> tuple[Subject, nn.Module]:
    """The network before its training, with the layers that will be described.

    Raises:
        BadInput: no such network, or one whose outputs are not one for each class.
    """
    if settings.network.endswith(".toml"):
        given = definition.read(Path(settings.network).expanduser())
        if given.classes and sorted(given.classes) != sorted(classes):
            raise BadInput(
                f"expected the classes of {given.source} to be the folders ({', '.join(classes)})"
            )
        subject = replace(given, resize_size=None, name=settings.name)
    else:
        small = settings.network == SMALL
        subject = Subject(
            name=settings.name,
            factory=_SMALL_FACTORY if small else f"torchvision.models:{settings.network}",
            kwargs={"classes" if small else "num_classes": len(classes)},
            image_size=settings.size,
            mean=(0.5, 0.5, 0.5),
            std=(0.25, 0.25, 0.25),
        )
    model = factory.build(subject, seed=settings.seed)
    traced = latents.trace(model, subject)
    with torch.no_grad():
        logits = model(torch.zeros(2, 3, subject.image_size, subject.image_size))
    if logits.ndim != 2 or logits.shape[1] != len(classes):
        raise BadInput(
            f"expected a network with one output for each of the {len(classes)} classes, got "
            f"outputs of shape {tuple(logits.shape[1:])}"
        )
    chosen = subject.layers or described_layers(model, traced)
    return replace(subject, layers=chosen, classes=subject.classes or tuple(classes)), model


def described_layers(model: nn.Module, traced: Sequence[Layer]) -> tuple[str, ...]:
    """The layers to describe: outermost ones that make maps by weights, as conv1, layer1 to layer4.

    Where all of those lie in one block, as in `features`, its parts.

    Raises:
        BadInput: there is none.
    """
    norms = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
    maps = [
        each.name
        for each in traced
        if each.plain
        and each.kind == "map"
        and min(each.grid) > 1
        and _has_weights(model, each.name)
        if not isinstance(model.get_submodule(each.name), norms)
    ]
    outer = [name for name in maps if "." not in name]
    if len(outer) < 2:
        inner = [name for name in maps if name.count(".") == 1]
        blocks = Counter(name.partition(".")[0] for name in inner)
        block = max(blocks, key=lambda name: blocks[name], default="")
        outer = [name for name in inner if name.partition(".")[0] == block] or outer
    if not outer:
        raise BadInput(
            "expected a network with layers that make maps, found none; name `layers` in a "
            "SUBJECT.toml and give that as the network"
        )
    return tuple(outer)


def train_network(
    folder: Path,
    sets: Mapping[str, Path],
    settings: Settings,
    *,
    device: str = "cpu",
    watch: Watch | None = None,
) -> Path:
    """Train the network; returns its SUBJECT.toml, with `training.json` and weights beside it.

    Raises:
        BadInput: see `untrained` and `training.train`.
        Cancelled: the watch said so; the epochs that were finished are kept.
    """
    path = folder / "SUBJECT.toml"
    if path.is_file():
        return path
    subject, model = untrained(settings, probing.open_folder(sets["training"]).classes)
    config = Config(
        settings.learning_rate,
        settings.batch_size,
        settings.patience,
        settings.max_epochs,
        seed=settings.seed,
    )
    resume = folder.with_name(f"{folder.name}.resume")
    trained = train(
        model,
        subject,
        *(read_pictures(sets[name], subject, watch=watch) for name in ("training", "validation")),
        config=config,
        device=device,
        resume=resume,
        watch=watch,
    )
    _write(folder, subject, model, trained, config)
    resume.unlink(missing_ok=True)
    return path


def record_of(folder: Path) -> dict[str, Any]:
    """What `train_network` noted: settings, epochs and the best of them."""
    record: dict[str, Any] = json.loads((folder / _RECORD).read_text("utf-8"))
    return record


def written_shares(
    source: Source, written: Sequence[Written], paths: Sequence[str]
) -> dict[Unit, float]:
    """For each unit, the share of its exemplars' mask pixels that lie on written words.

    Units without a mask are left out.

    Args:
        source: exemplars of images as large as those that were written on.
        written: where the words stand.
        paths: of the probing set; their places are the exemplars' ids.
    """
    boxes = {one.path: one.box for one in written}
    found: dict[Unit, float] = {}
    for layer in source.layers:
        ids = source.exemplars(layer).ids
        for unit in range(source.units(layer)):
            on, total = 0, 0
            for rank, image in enumerate(ids[unit].tolist()):
                if image < 0:
                    continue
                mask = source.mask(layer, unit, rank)
                total += int(mask.sum())
                if (box := boxes.get(paths[image])) is not None:
                    on += int(mask[box[1] : box[3], box[0] : box[2]].sum())
            if total:
                found[layer, unit] = on / total
    return found


def base_rate(written: Sequence[Written], size: int) -> float:
    """The share of all pixels of square images that lies under written words."""
    areas = [
        (right - left) * (bottom - top)
        for left, top, right, bottom in (one.box for one in written if one.box is not None)
    ]
    return sum(areas) / (len(written) * size * size)


def on_text(shares: Mapping[Unit, float], base: float) -> list[Unit]:
    """The units with most of their masks on words, and at least three times what chance gives."""
    return sorted(unit for unit, share in shares.items() if share >= max(MOSTLY, LIFT * base))


def _has_weights(model: nn.Module, name: str) -> bool:
    return next(model.get_submodule(name).parameters(), None) is not None


def _write(
    folder: Path, subject: Subject, model: nn.Module, trained: Trained, config: Config
) -> None:
    with new_folder(folder) as temporary:
        carried = carry(temporary, subject, model).subject
        write_subject(save_state(carried, trained.state))
        record = {
            "config": asdict(config),
            "epochs": [asdict(each) for each in trained.epochs],
            "best": trained.best,
        }
        (temporary / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
