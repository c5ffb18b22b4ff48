"""How a sentence came about: its method's parts in plain values, and pictures of them.

    found = origin(description, provenances.of(db, description.method, description.model_hash))
    picture_of(workspace, unit_id, "origin-17-overlap")      # JPEG

Pictures that a method made while it described lie in the workspace (`Study.keep`). Where a unit and
a concept overlap is drawn when it is looked at, from the labels as they are now: these are opened
again and must be those that the sentence was made of.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.arrays import new_file
from db.describe import descriptions, exemplars, provenances, subjects
from db.describe.descriptions import Description
from db.describe.exemplars import ExemplarSet, UnitRow
from db.errors import NotFound
from db.workspace import Workspace, open_database
from describer import workspace_files
from describer.methods.options import COMPOSITIONAL, DND, NETDISSECT
from describer.methods.study import picture_file

OVERLAP, SHOWN, CANDIDATES = "overlap", "shown", "candidates"
DRAWN = 10
TILE, GAP = 160, 4
# Blue and orange are told apart by everybody; both are blended with what is under them.
UNIT, CONCEPT = (255, 140, 0), (0, 110, 255)
_NAME = re.compile(rf"origin-([0-9]+)-({OVERLAP}|{SHOWN}|{CANDIDATES})")

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Step:
    """A picture of the way to a sentence: what it shows, its name, and rows of words beside it.

    rows: (words, numbers) of each row of the picture, or of the picture's parts.
    """

    title: str
    picture: str
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Origin:
    """How one sentence came about.

    Attributes:
        steps: pictures with words.
        candidates: what else was considered: (text, score), best first.
        facts: (name, value): options, models with hashes, prompts, seeds.
    """

    steps: tuple[Step, ...]
    candidates: tuple[tuple[str, float], ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Histogram:
    """How often a unit is how active: counts of bins of equal width from low to high.

    what: which activations these are.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    what: str


def histogram(workspace: Workspace, unit: UnitRow, bins: int = 40) -> Histogram | None:
    """Of a unit's largest activation on every image; None where the pass kept none of them."""
    from describer.exemplars import pooled

    if not unit.folder:
        return None
    kept = pooled.read(workspace_files.source_of(workspace, unit), unit.layer, "max")
    if kept is None:
        return None
    values = np.asarray(kept[:, unit.unit], np.float32)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    counts, edges = np.histogram(values, bins)
    what = f"largest activation on each of {values.size:,} images; heights by logarithm"
    return Histogram(float(edges[0]), float(edges[-1]), tuple(counts.tolist()), what)


def origin(said: Description, made_of: Mapping[str, Any], kept: Sequence[str] = ()) -> Origin:
    """What is known of how a sentence came about.

    Args:
        made_of: what its hash stands for.
        kept: which pictures lie in the workspace: of `SHOWN` and `CANDIDATES`.
    """
    detail = said.detail
    steps: list[Step] = []
    if said.method in (NETDISSECT, COMPOSITIONAL) and said.text:
        steps.append(
            Step(
                "Where the unit is active (orange) and where the formula or concept holds (blue), "
                "on its exemplars",
                f"origin-{said.description_id}-{OVERLAP}",
            )
        )
    if said.method == DND:
        steps += _dissected(said, kept)
    ranked = () if said.method == DND else said.candidates[:15]
    return Origin(
        tuple(steps),
        tuple((text, score) for text, score, _ in ranked) if said.method != "milan" else (),
        (*_facts(_beside(detail)), *_facts(made_of)),
    )


def _dissected(said: Description, kept: Sequence[str]) -> list[Step]:
    detail = said.detail
    name = f"origin-{said.description_id}"
    captions = tuple(
        (row["caption"], f"{row['activation']:.3g} · {row['image']}")
        for row in detail.get("exemplars", ())
    )
    steps = []
    if captions:
        steps.append(
            Step(
                "Images that it was captioned by, with the unit's activation",
                f"{name}-{SHOWN}" if SHOWN in kept else "",
                captions,
            )
        )
    rows = tuple(
        (
            row["text"],
            "activations "
            + ", ".join(f"{value:.3g}" for value in row["activations"])
            + " · "
            + ", ".join(f"{key} {value:.3g}" for key, value in row["scores"].items()),
        )
        for row in detail.get("candidates", ())
    )
    if rows:
        title = f"Candidates, best first: {detail.get('selection', 'pictures of each')}"
        picture = f"{name}-{CANDIDATES}" if CANDIDATES in kept else ""
        steps.append(Step(title, picture, rows))
    return steps


def _beside(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What of a detail is not drawn or told elsewhere."""
    told = ("exemplars", "candidates", "caution", "selection", "labels", "reason", "formula")
    return {key: value for key, value in detail.items() if key not in told}


def _facts(values: Mapping[str, Any], prefix: str = "") -> tuple[tuple[str, str], ...]:
    """Nested values as lines: ("models captioner hash", "5f…"); what is empty is left out."""
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix} {key}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            found += _facts(value, name)
        elif isinstance(value, list | tuple) and len(value) > 20:
            found.append((name, f"{len(value):,}, first {value[0]}"))
        elif value not in ("", None, [], ()):
            text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            found.append((name, text))
    return tuple(found)


def kept_of(workspace: Workspace, unit: UnitRow, said: Description) -> tuple[str, ...]:
    """Which pictures of how a sentence came about lie in the workspace."""
    return tuple(
        what for what in (SHOWN, CANDIDATES) if _place(workspace, unit, said, what).is_file()
    )


def picture_of(workspace: Workspace, unit_id: int, picture: str) -> bytes:
    """Any picture of a unit, by its name: of how a sentence came about, or of its exemplars.

    Raises:
        WorkbenchError: there is no such unit or picture.
    """
    if not _NAME.fullmatch(picture):
        return workspace_files.picture_of(workspace, unit_id, picture)
    with open_database(workspace) as db:
        unit = exemplars.unit(db, unit_id)
    return made(workspace, unit, picture)


def made(workspace: Workspace, unit: UnitRow, name: str) -> bytes:
    """A picture of how a sentence about a unit came about, as JPEG.

    Raises:
        NotFound: there is no such sentence or picture.
        BadInput: the concepts are not what they were.
    """
    match = _NAME.fullmatch(name)
    number, what = (int(match[1]), match[2]) if match else (0, "")
    with open_database(workspace) as db:
        said = next(
            (one for one in descriptions.of_unit(db, unit.unit_id) if one.description_id == number),
            None,
        )
    if said is None:
        raise NotFound(f"expected the picture of a sentence about {unit.name}, got {name!r}")
    if what != OVERLAP:
        path = _place(workspace, unit, said, what)
        if not path.is_file():
            raise NotFound(f"{unit.name} has no such picture: it was made without keeping any")
        return path.read_bytes()
    path = workspace.pictures / unit.hash / f"{unit.unit}-overlap-{said.model_hash}.jpg"
    if not path.is_file():
        jpeg = _overlap(workspace, unit, said)
        with new_file(path) as temporary:
            temporary.write_bytes(jpeg)
    return path.read_bytes()


def _place(workspace: Workspace, unit: UnitRow, said: Description, what: str) -> Path:
    folder = workspace.generated / said.model_hash / unit.folder
    return folder / picture_file(unit.layer, unit.unit, what)


def _overlap(workspace: Workspace, unit: UnitRow, said: Description) -> bytes:
    """A unit's masks and where what is said of it holds, on the strongest exemplars."""
    from describer.images import probing
    from describer.methods import opening
    from describer.methods.overlap import looking
    from describer.methods.overlap.formulas import Formula
    from describer.subjects import definition

    with open_database(workspace) as db:
        made_of = provenances.of(db, said.method, said.model_hash)
        asked = made_of.get("asked", {})
        row = _set_of(workspace, unit)
        if not asked or "formula" not in said.detail or row.probing_set is None:
            raise NotFound(f"what {said.method} compared {unit.name} with is not kept here")
        concepts = opening.open_concepts(tuple(asked["concepts"]), db)
        subject = definition.read(subjects.get(db, unit.subject).source)
        images = probing.open_folder(subjects.get_probing_set(db, row.probing_set).root)
    strongest = workspace_files.source_of(workspace, unit).unit(unit.layer, unit.unit)
    formula = Formula.from_record(said.detail, said.score or 0.0)
    tiles = []
    for image_id, image, mask in list(
        zip(strongest.ids, strongest.images, strongest.masks, strict=True)
    )[:DRAWN]:
        labels = concepts.labels(looking.shown(images, subject, int(image_id), image))
        tiles.append(_tinted(image, mask[0], formula.in_image(labels, mask.shape[1:])))
    return _sheet(tiles)


def _set_of(workspace: Workspace, unit: UnitRow) -> ExemplarSet:
    with open_database(workspace) as db:
        every = exemplars.sets(db, subject=unit.subject)
    return next(each for each in every if each.exemplar_set_id == unit.exemplar_set_id)


def _tinted(image: NDArray[np.uint8], unit: Bools, concept: Bools) -> Image.Image:
    """An image, uint8 (3, H, W), with both masks, bool (H, W), blended in."""
    pixels = image.transpose(1, 2, 0).astype(np.float32)
    for mask, colour in ((concept, CONCEPT), (unit, UNIT)):
        pixels[mask] = 0.5 * pixels[mask] + 0.5 * np.array(colour, np.float32)
    tile = Image.fromarray(pixels.astype(np.uint8))
    return tile.resize((TILE, TILE), Image.Resampling.BILINEAR)


def _sheet(tiles: Sequence[Image.Image], columns: int = 5) -> bytes:
    rows = -(-len(tiles) // columns)
    width, height = columns * (TILE + GAP) - GAP, rows * (TILE + GAP) - GAP
    sheet = Image.new("RGB", (width, max(height, 1)), "white")
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (place % columns * (TILE + GAP), place // columns * (TILE + GAP)))
    found = io.BytesIO()
    sheet.save(found, "JPEG", quality=88)
    return found.getvalue()
