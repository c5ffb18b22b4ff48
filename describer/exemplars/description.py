"""What `exemplars.json` says, as types that a file is checked against before anything is used.

description = reading.of_json_file(path, Description, "a description of exemplars")
check_layer("conv1", description["layers"]["conv1"], path)
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

from annotated_types import Interval, Len
from typing_extensions import TypedDict

from db.errors import BadInput
from db.reading import Count, Size

# As many pixels as any image has that the network is given, and more than any grid.
Side = Annotated[int, Interval(ge=1, le=16_384)]
_Axis = Annotated[int, Interval(ge=-16, le=16)]
# Names become folders, rows and words of a page.
_Name = Annotated[str, Len(1, 300)]


class Kept(TypedDict):
    """A layer as the catalogue found it."""

    kind: Literal["map", "tokens", "vector"]
    units: Size
    grid: tuple[Side, Side]
    prefix_tokens: Count
    channels_last: bool
    calls: Count
    module: NotRequired[str]
    call: NotRequired[Count]
    axis: NotRequired[_Axis | None]
    batch_axis: NotRequired[_Axis]
    rectified: NotRequired[bool]
    order: NotRequired[tuple[Count, ...]]


class LayerDescription(TypedDict):
    """What is said of a layer; units are places in its arrays."""

    hash: str
    k: Size
    layer: Kept
    dead: tuple[Count, ...]
    nan_units: tuple[Count, ...]
    nan_counts: list[tuple[Count, Annotated[int, Interval(ge=0, le=2**62)]]]


class Description(TypedDict):
    """The whole file."""

    provenance: dict[str, Any]
    layers: dict[_Name, LayerDescription]
    images: dict[str, str]
    size: tuple[Side, Side]
    skipped: list[tuple[str, str]]
    notes: NotRequired[list[str]]


def check_layer(name: str, layer: LayerDescription, path: Path) -> None:
    """Refuse a layer whose numbers do not fit together, and a name that no network has.

    Raises:
        BadInput: it names units that it does not have, or itself with what cannot be printed.
    """
    units = layer["layer"]["units"]
    named = (*layer["dead"], *layer["nan_units"], *(unit for unit, _ in layer["nan_counts"]))
    if max(named, default=0) >= units:
        raise BadInput(
            f"expected units 0 to {units - 1} of {name} in {path}, got unit {max(named)}"
        )
    if not name.isprintable():
        raise BadInput(f"expected a layer with a name to read in {path}, got {name!r}")
