"""Face units by the truth and by MILAN: Figure 5 as a table, Figure 6 as a sheet of exemplars.

    faces.table(cases)
    faces.write(cases, folder)                 # folder/faces.png, the path is returned

A unit belongs on the sheet by its masks alone: hat, hair, glasses or a beard on a fifth of them,
five times as often as anywhere. What MILAN says about it stands beside and does not choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from db.describe.pictures import Picture, sheet
from describer.demo.checks.case import Case
from describer.demo.checks.table import Section
from describer.demo.units import Source
from describer.demo.world.concepts import FACE_ATTRIBUTES, FACE_CONCEPTS, NAMES, concepts_in

STRIP = Picture(tile=72, columns=10, limit=10)
FILE = "faces.png"

_TEXT_WIDTH, _MARGIN, _LINE = 250, 10, 17
_INK, _QUIET = (20, 20, 20), (110, 110, 110)


@dataclass(frozen=True)
class FaceUnit:
    """A unit with a face attribute by the truth, and what MILAN says about it."""

    network: str
    unit: tuple[str, int]
    attributes: tuple[str, ...]
    sentence: str

    @property
    def told(self) -> bool:
        """Whether the sentence names one of the attributes."""
        return bool(set(self.attributes) & concepts_in(self.sentence))


def attribute_units(one: Case) -> list[FaceUnit]:
    """The units of a network that have a face attribute, those described by it first."""
    found = [
        FaceUnit(one.recipe.name, unit, profile.attributes, sentence)
        for unit, profile, sentence in zip(
            one.units, one.profiles, one.sentences["MILAN"], strict=True
        )
        if profile.attributes
    ]
    return sorted(found, key=lambda each: (not each.told, each.unit))


def people(cases: Sequence[Case]) -> list[Case]:
    """The networks trained on people, with sharp or with blurred faces."""
    return [one for one in cases if one.recipe.name.startswith("people")]


def strips(source: Source, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Image.Image]:
    """Each unit's strongest exemplars side by side, dimmed outside the masks."""
    found = {}
    for layer, unit in wanted:
        ids = [int(number) for number in source.exemplars(layer).ids[unit] if number >= 0]
        masks = np.stack([source.mask(layer, unit, rank) for rank in range(len(ids))])
        images = np.stack([source.image(number) for number in ids])
        found[layer, unit] = sheet(images, masks[:, None], STRIP)
    return found


def table(cases: Sequence[Case]) -> Section:
    """Figure 5: face units named in the networks with and without blurred faces."""
    columns = [NAMES.index(name) for name in FACE_CONCEPTS]
    rows = []
    for one in people(cases):
        named = [bool(concepts_in(s) & set(FACE_CONCEPTS)) for s in one.sentences["MILAN"]]
        true = [profile.shares[columns].max() >= 0.5 for profile in one.profiles]
        both = sum(a and b for a, b in zip(named, true, strict=True))
        striking = attribute_units(one)
        examples = [
            f"{each.unit[0]}-{each.unit[1]} ({', '.join(each.attributes)}) “{each.sentence}”"
            for each in striking[:4]
        ]
        rows.append(
            (
                one.recipe.name,
                *(str(sum(each)) for each in (named, true)),
                str(both),
                str(len(striking)),
                str(sum(each.told for each in striking)),
                "; ".join(examples),
            )
        )
    return Section(
        "Faces in networks trained on sharp and blurred faces",
        f"Units of {', '.join(FACE_CONCEPTS)}; truly so: one of them covers half of the mask. "
        f"Units of an attribute: {', '.join(FACE_ATTRIBUTES)} on a fifth of the mask, and five "
        "times as often as anywhere; up to four are named, `--pictures DIR` draws all.",
        (
            "network",
            "described so",
            "truly so",
            "both",
            "units of an attribute",
            "described by it",
            "which (truth) and how",
        ),
        tuple(rows),
    )


def write(cases: Sequence[Case], folder: Path) -> Path:
    """Draw the sheet of all attribute units into a folder, which is made if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    units = [each for one in people(cases) for each in attribute_units(one)]
    drawings = {
        (one.recipe.name, *unit): strip for one in cases for unit, strip in one.strips.items()
    }
    # A palette: a third of the size, and nothing to be seen of it on these flat drawings.
    drawn(units, drawings).quantize(256).save(path, optimize=True)
    return path


def drawn(
    units: Sequence[FaceUnit], drawings: Mapping[tuple[str, str, int], Image.Image]
) -> Image.Image:
    """A row for each unit: network and unit, truth, description, masked exemplars."""
    step = STRIP.tile + _MARGIN
    width = _TEXT_WIDTH + STRIP.columns * (STRIP.tile + 2) + _MARGIN
    image = Image.new("RGB", (width, max(1, len(units)) * step + _MARGIN), (255, 255, 255))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    if not units:
        pen.text((_MARGIN, _MARGIN), "no unit has a face attribute", _QUIET, font)
    for row, each in enumerate(units):
        top = _MARGIN + row * step
        layer, unit = each.unit
        for line, (text, ink) in enumerate(
            (
                (f"{each.network} {layer}-{unit}", _INK),
                (f"truth: {', '.join(each.attributes)}", _INK),
                *((part, _QUIET) for part in _wrapped(f"MILAN: {each.sentence}", font)),
            )
        ):
            pen.text((_MARGIN, top + line * _LINE), text, ink, font)
        image.paste(drawings[each.network, layer, unit], (_TEXT_WIDTH, top))
    return image


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """The text in lines that fit beside the pictures, two at most."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= _TEXT_WIDTH - 2 * _MARGIN:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:2]
