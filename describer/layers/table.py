"""The layers of a network as lines to read: what each module is, or why it is no layer.

    for line in lines(layers.trace(model, 224)):
        print(line)

One line a call, in the order of the pass, under the names that `exemplars --layers` takes; then
the modules that are no layers, with the reason. Knows no torch.
"""

from collections.abc import Iterator

from describer.layers.address import RECTIFIED
from describer.layers.catalogue import Layer, Layers

HEADINGS = ("layer", "kind", "units", "grid", "call", "axis", "")


def lines(layers: Layers) -> Iterator[str]:
    """The list as text, columns aligned."""
    shown = [HEADINGS, *rows(layers)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(HEADINGS))]
    for row in shown:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    if layers.refused:
        yield ""
        yield f"no layers ({len(layers.refused)} modules or calls):"
    width = max(map(len, layers.refused), default=0)
    for name, reason in layers.refused.items():
        yield f"{name.ljust(width)}  {reason}"


def rows(layers: Layers) -> list[tuple[str, ...]]:
    """A row for every layer, under `HEADINGS`."""
    return [_row(layer, layers) for layer in layers]


def _row(layer: Layer, layers: Layers) -> tuple[str, ...]:
    grid = "" if layer.kind == "vector" else f"{layer.grid[0]} x {layer.grid[1]}"
    if layer.prefix_tokens:
        grid += f" after {layer.prefix_tokens}"
    notes = [f"also {layer.name}{RECTIFIED}"] if layer.name in layers.rectified else []
    if layer.plain and layer.calls > 1:
        notes.append(f"the last, also {layer.name}#{layer.calls}")
    if layer.order:
        notes.append("its positions are laid back in the order of the image")
    if layer.batch_axis:
        notes.append(f"images along axis {layer.batch_axis}")
    return (
        layer.name,
        layer.kind,
        str(layer.units),
        grid,
        f"{layer.number} of {layer.calls}",
        str(layer.unit_axis),
        "; ".join(notes),
    )
