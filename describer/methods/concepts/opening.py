"""Concept sets by their format and place, and by a word that says both.

    concepts = open_all(["yolo:labels", "colours"], names="coco")

A word is `FORMAT:PLACE`, or `colours`. Formats: segmentation, coco, yolo, broden, colours, demo.
"""

from collections.abc import Sequence
from pathlib import Path

from db.errors import BadInput
from describer.methods.concepts.shape import ConceptSet, Together

FORMATS = ("segmentation", "coco", "yolo", "broden", "colours", "demo")


def open_set(form: str, place: str, *, names: str = "") -> ConceptSet:
    """Open one concept set.

    Args:
        form: one of FORMATS.
        place: its folder or file; of `demo` the images' name; nothing of `colours`.
        names: of `yolo`: "coco", or a file of names.

    Raises:
        BadInput: no such format, or it does not lie there.
    """
    from describer.methods.concepts import broden, coco, colours, segmentation, yolo

    if form not in FORMATS:
        raise BadInput(f"expected a format of concepts ({', '.join(FORMATS)}), got {form!r}")
    if form == "colours":
        return colours.Colours()
    if not place:
        raise BadInput(f"expected the place of the concepts, as {form}:PLACE, got none")
    if form == "demo":
        from describer.methods.concepts import demo

        return demo.read(place)
    path = Path(place).expanduser()
    if not path.exists():
        raise BadInput(f"expected concepts at {path}, found none")
    if form == "yolo":
        return yolo.read(path, names=names)
    if form == "coco":
        return coco.read(path)
    return segmentation.read(path) if form == "segmentation" else broden.read(path)


def open_all(words: Sequence[str], *, names: str = "") -> ConceptSet:
    """Open one or several concept sets, each `FORMAT:PLACE`, as one.

    Raises:
        BadInput: there is none, or one cannot be opened.
    """
    if not words:
        raise BadInput("expected at least one set of concepts, got none")
    parts = [(form, place) for form, _, place in (word.partition(":") for word in words)]
    found = tuple(open_set(form, place, names=names) for form, place in parts)
    return found[0] if len(found) == 1 else Together(found)
