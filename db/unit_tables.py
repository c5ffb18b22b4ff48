"""The one reader of tables about units: `layer,unit,text[,…]`, for whoever wrote the texts.

    table = read(Path("said.csv"))                          # ours, milannotations, CLIP-Dissect, …
    table = read(text, name="resnet50_layer4.csv", layers=("layer3", "layer4"))
    table.rows[0].layer, table.rows[0].unit, table.rows[0].text, table.understood

Annotations, descriptions, audits and training data are read here; what else they expect of a table
(a unit once, scores, a sentence at all) they check themselves. Which units a network has is not
known here.
"""

import ast
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from db import tables
from db.csv_cells import restored, says_nothing, whole
from db.errors import BadInput
from db.reading import is_text
from db.tables import Row, Source, Table
from db.units import Unit

LAYERS = ("layer", "layer_name", "module")
UNITS = ("unit", "unit_id", "neuron", "neuron_id", "channel")
SUMMARY, DESCRIPTION = "summary", "description"
TEXTS = (DESCRIPTION, SUMMARY, "text", "label", "caption", "annotation", "sentence")
LONGEST_LAYER = 300
# Longer than any list of labels, and short enough to be read as one in no time.
_LONGEST_LIST = 20_000


@dataclass(frozen=True)
class Layout:
    """How a kind of table spells what it holds, by canonical names of columns.

    Attributes:
        unit: column of the unit's number, counted from `first`.
        text: column of the text.
        score: column of a score that a higher value of is better, where there is one.
        method: what such tables come from; empty where the columns do not tell.
    """

    unit: str
    text: str
    score: str = ""
    first: int = 0
    method: str = ""

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a table has all its columns."""
        return {self.unit, self.text, *([self.score] if self.score else [])} <= {*columns}


# The first whose columns are all there is meant; `layer` is a column or in the file's name.
NETDISSECT = Layout("unit", "label", "score", 1, "NetDissect")
LAYOUTS = (
    Layout("neuron_id", "label_1", method="Describe-and-Dissect"),
    Layout("neuron_id", "label", method="Describe-and-Dissect"),
    Layout("neuron", "feature", "iou", method="Compositional explanations"),
    Layout("unit", DESCRIPTION, "similarity", method="CLIP-Dissect"),
    Layout("unit", DESCRIPTION, "score"),
)
KNOWN = frozenset(
    (*LAYERS, *UNITS, *TEXTS, *(name for each in LAYOUTS for name in (each.text, each.score)))
) - {""}


@dataclass(frozen=True)
class UnitText:
    """A text about a unit, counted from 0, and the row that it stands in.

    The text is exactly what was written; it is empty where the cell is, or says `nan`.
    """

    layer: str
    unit: int
    text: str
    row: Row

    @property
    def place(self) -> Unit:
        """The unit."""
        return self.layer, self.unit


@dataclass(frozen=True)
class UnitTable:
    """A table about units that was read; `understood` says what a person may want to check."""

    name: str
    layout: Layout
    rows: tuple[UnitText, ...]
    understood: str
    decimal_comma: bool


def read(
    source: Source,
    *,
    name: str = "",
    layers: Sequence[str] = (),
    layer: str = "",
    prefer: str = DESCRIPTION,
    several: bool = False,
) -> UnitTable:
    """Read a table about units.

    Args:
        source, name: the file, its bytes or its text, and what to call it.
        layers: of the network: one of them is looked for at the end of the file's name when the
            table has no column `layer`.
        layer: the layer of such a table, whatever its file is called.
        prefer: the column to read the text from when there are several.
        several: whether a cell that holds a list (`["dogs", "cats"]`) is a text for each of its
            labels; without it the labels are joined.

    Raises:
        BadInput: as `db.tables.read`; its columns are none of the known ones, no layer is named, or
            a row holds no layer, no unit's number or no cell for a text.
    """
    table = tables.read(source, name=name, known=KNOWN)
    layout = _layout(table, prefer)
    notes = [*table.notes, *_columns(table, layout)]
    column = table.first(LAYERS)
    everywhere = "" if column else layer or _named(table.name, layers)
    rows: list[UnitText] = []
    odd: list[str] = []
    lists = nothing = 0
    for row in table.rows:
        place = f"line {row.line} of {table.name}"
        of_layer = restored(row.cells.get(column, "").strip()) if column else everywhere
        spelled = row.cells.get(layout.unit, "")
        number = unit_number(spelled, place, first=layout.first)
        if spelled.strip() != str(number + layout.first):
            odd.append(spelled.strip())
        if layout.text not in row.cells:
            raise BadInput(
                f"expected {len(table.header)} cells in {place}, got {len(row.cells)}, without a "
                f"{table.spelling(layout.text)}"
            )
        check_layer(of_layer, place)
        cell = row.cells[layout.text]
        if cell.strip() and says_nothing(cell):
            nothing += 1
            cell = ""
        labels = labels_in(cell)
        lists += labels is not None
        if labels is None:
            texts = [restored(cell)]
        else:
            texts = labels if several and labels else [", ".join(labels)]
        rows += [UnitText(of_layer, number, text, row) for text in texts]
    if odd:
        notes.append(f"{_some(len(odd), 'unit')} such as {odd[0]} read as whole numbers")
    if lists:
        notes.append(f"lists in {_some(lists, 'cell')} read as several labels")
    if nothing:
        notes.append(f"{_some(nothing, 'cell')} `nan` read as empty")
    return UnitTable(table.name, layout, tuple(rows), tables.understood(notes), table.decimal_comma)


def check_layer(name: str, place: str) -> None:
    """Refuse what is no name of a layer.

    Raises:
        BadInput: it is empty, very long, or holds what cannot be printed.
    """
    if not 0 < len(name) <= LONGEST_LAYER or not name.isprintable():
        got = f"{name[:60]!r} of {len(name)} characters" if name else "none"
        raise BadInput(f"expected the name of a layer in {place}, got {got}")


def unit_number(cell: str, place: str, *, first: int = 0) -> int:
    """A unit's number, counted from 0.

    Args:
        place: where the cell stands, for the message.
        first: from which number the table counts.

    Raises:
        BadInput: it is not one.
    """
    number = whole(cell)
    if number is None or number < first:
        raise BadInput(f"expected a unit's number from {first} in {place}, got {cell.strip()!r}")
    return number - first


def labels_in(cell: str) -> list[str] | None:
    """The labels of a cell that holds a list of them, as JSON or as Python prints it.

    >>> labels_in('["a dog", "a cat"]'), labels_in("['a dog']"), labels_in("[sic] dogs")
    (['a dog', 'a cat'], ['a dog'], None)
    """
    plain = cell.strip()
    if not (plain.startswith("[") and plain.endswith("]") and len(plain) <= _LONGEST_LIST):
        return None
    try:
        values = json.loads(plain)
    except (ValueError, RecursionError):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = ast.literal_eval(plain)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    return [value for value in values if value.strip()] if all(map(is_text, values)) else None


def _layout(table: Table, prefer: str) -> Layout:
    """What the columns are, or a sentence with those that are understood."""
    # NetDissect counts from 1. Its tables are about one layer; another one's may have its columns.
    if NETDISSECT.fits(table.header) and ("category" in table.header or not table.first(LAYERS)):
        return NETDISSECT
    if prefer == DESCRIPTION or prefer not in table.header:
        for layout in LAYOUTS:
            if layout.fits(table.header):
                return layout
    unit, text = table.first(UNITS), table.first((prefer, *TEXTS))
    if unit is None or text is None:
        published = "Neuron ID and Label 1; unit, category, label and score; neuron, feature, iou"
        raise BadInput(
            f"expected the columns layer, unit and {prefer} in {table.name}, got {table.columns()}"
            + (f" (or those of a published table: {published})" if prefer == DESCRIPTION else "")
        )
    return Layout(unit, text, "score" if "score" in table.header else "")


def _columns(table: Table, layout: Layout) -> list[str]:
    """What to say of the columns that were chosen."""
    notes = []
    for column, meant in (
        (table.first(LAYERS), "layer"),
        (layout.unit, "unit"),
        (layout.text, "the text"),
    ):
        spelled = table.spelling(column) if column else meant
        plain = (DESCRIPTION, SUMMARY) if meant == "the text" else (meant,)
        if spelled not in plain:
            notes.append(f"column `{spelled}` read as {meant}")
    others = [name for name in TEXTS if name in table.header and name != layout.text]
    others += [name for name in ("label_2", "label_3") if name in table.header]
    if others:
        notes.append(
            f"the texts of {', '.join(f'`{table.spelling(name)}`' for name in others)} not read"
        )
    if layout.first:
        notes.append(f"units counted from {layout.first}, as {layout.method} does")
    return notes


def _named(file: str, layers: Sequence[str]) -> str:
    """The layer that a file's name ends in, as `resnet50_imagenet_layer4.csv` does."""
    stem = re.sub(r"\.(csv|tsv|txt|xlsx)$", "", file.rsplit("/", 1)[-1])
    for name in sorted(layers, key=len, reverse=True):
        if stem == name or stem.endswith((f"_{name}", f"-{name}")):
            return name
    raise BadInput(
        f"expected a column layer in {file}, or the layer at the end of its name, got neither"
    )


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
