"""What a table of text is: CSV as people's programs write it, read tolerantly, written strictly.

    table = read(Path("said.csv"), known=("layer", "unit"))     # or its bytes, or its text
    table.rows[0].cells["unit"], table.rows[0].line             # columns by their `canonical` names
    table.understood                                            # "cells separated by semicolons; …"
    write(path, ("layer", "unit"), rows)

Delimiter and encoding are found, Excel workbooks are read where openpyxl is installed, and what
was understood otherwise than as UTF-8 with commas is said, so that a person can disagree. Nothing
here knows what the columns mean: `db.unit_tables` does.
"""

import base64
import binascii
import codecs
import csv
import io
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.csv_cells import cell, says_nothing
from db.errors import BadInput

if TYPE_CHECKING:
    from _csv import Reader

Source = Path | bytes | str

# A cell may be longer than the 128 KiB that the csv module takes by default: whole histories of an
# answer are cells of our own exports. What bounds a table is the size of its file.
csv.field_size_limit(2**31 - 1)

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# What files that are no text begin with, and what a person calls them.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)"),
    (b"\x1f\x8b", "a file packed with gzip"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PAR1", "a Parquet file"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"{", "JSON"),
    (b"[{", "JSON"),
)
_NAMED = 4


@dataclass(frozen=True)
class Row:
    """The cells of a row by column, exactly as they stand; a short row lacks the last ones.

    line: of the file, in which the row begins.
    """

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table that was read.

    Attributes:
        name: what the file is called; messages name it.
        header: the columns' `canonical` names; "" where one has none.
        spelled: the same as they stand in the file.
        notes: what was understood, a clause each; empty for plain UTF-8 with commas.
        decimal_comma: whether numbers may be written `0,5`.
    """

    name: str
    header: tuple[str, ...]
    spelled: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    decimal_comma: bool = False

    @property
    def understood(self) -> str:
        """The notes as a sentence; "" when there is nothing to say."""
        return understood(self.notes)

    def first(self, names: Iterable[str]) -> str | None:
        """The first of these columns that is there."""
        return next((name for name in names if name in self.header), None)

    def spelling(self, column: str) -> str:
        """How the file spells a column."""
        return self.spelled[self.header.index(column)].strip()

    def columns(self) -> str:
        """The first columns, for a message."""
        named = [name.strip() for name in self.spelled if name.strip()]
        rest = " …" if len(named) > _NAMED else ""
        return ", ".join(named[:_NAMED]) + rest or "none (an empty file)"


def understood(notes: Sequence[str]) -> str:
    """Clauses as one sentence.

    >>> understood(["cells separated by tabs", "1 empty line left out"])
    'Understood: cells separated by tabs; 1 empty line left out.'
    """
    return f"Understood: {'; '.join(notes)}." if notes else ""


def canonical(name: str) -> str:
    """A column's name without what programs spell in different ways.

    >>> canonical(" Neuron ID"), canonical("neuron_id"), canonical("AssignmentId")
    ('neuron_id', 'neuron_id', 'assignmentid')
    """
    return "_".join(re.split(r"[\s_-]+", name.strip("\ufeff \t\r\n").casefold()))


def read(source: Source, *, name: str = "", known: Collection[str] = ()) -> Table:
    """Read a table.

    Args:
        source: a file, its bytes, or its text.
        name: what to call it; by default the path.
        known: canonical names of columns that are looked for: they tell the delimiter, and none of
            them may stand twice.

    Raises:
        BadInput: it is not there, no text, or a row does not fit under the header.
    """
    name = name or (str(source) if isinstance(source, Path) else "the table")
    content = loaded(source, name)
    _check_kind(content, name)
    notes: list[str] = []
    if isinstance(content, bytes) and content.startswith(b"PK\x03\x04"):
        records = iter(_workbook(content, name))
        delimiter = ""
        notes.append("the first sheet of an Excel workbook")
    else:
        text, encoding = (content, "") if isinstance(content, str) else _decoded(content, name)
        if encoding:
            notes.append(encoding)
        text = text.removeprefix("\ufeff")
        delimiter, skipped = _delimiter(text, known)
        if delimiter != ",":
            notes.append(f"cells separated by {_DELIMITERS[delimiter]}")
        records = _records(text, delimiter, skipped, name)
    spelled = next((cells for _, cells in records if not _blank(cells)), [])
    header = [canonical(column) for column in spelled]
    for column in known:
        if header.count(column) > 1:
            raise BadInput(
                f"expected one column {spelled[header.index(column)].strip()} in {name}, got "
                f"{header.count(column)}"
            )
    rows, empty = [], 0
    for line, cells in _aligned(records, header, name, notes):
        if _blank(cells):
            empty += 1
            continue
        named: dict[str, str] = {}
        for column, value in zip(header, cells, strict=False):
            named.setdefault(column, value)
        rows.append(Row(line, named))
    if empty:
        notes.append(f"{empty} empty line{'s' * (empty > 1)} left out")
    if header and not header[0] and len(header) > 1:
        notes.append("the first column, which has no name, left out")
    return Table(name, tuple(header), tuple(spelled), tuple(rows), tuple(notes), delimiter != ",")


def of_browser(text: str) -> bytes | str:
    """What a page sends: the text of a file, or a data URL of its bytes where it is not UTF-8.

    Raises:
        BadInput: a data URL that is none.
    """
    if not text.startswith("data:"):
        return text
    try:
        return base64.b64decode(text.partition("base64,")[2], validate=True)
    except binascii.Error as error:
        raise BadInput(
            f"expected the bytes of a file from the page, got others ({error})"
        ) from error


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table in UTF-8 with commas and `\\n`, its cells as `db.csv_cells.cell` makes them.

    `read` gives every text back as it was.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines(columns, rows))


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    r"""The same, a line of text after the other.

    >>> list(lines(("unit", "text"), [(1, "=dogs, cats")]))
    ['unit,text\n', '1,"\'=dogs, cats"\n']
    """
    text = io.StringIO(newline="")
    # Before Python 3.13 a lone \r is quoted only where the line's own end holds one.
    plain, quoted = (
        csv.writer(text, lineterminator="\n", quoting=how)
        for how in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    for row in itertools.chain([columns], rows):
        values = [cell(value) for value in row]
        odd = any(isinstance(value, str) and "\r" in value for value in values)
        (quoted if odd else plain).writerow(values)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def loaded(source: Source, name: str) -> bytes | str:
    """The bytes of a file, or what else was given.

    Raises:
        BadInput: no such file.
    """
    try:
        return source.expanduser().read_bytes() if isinstance(source, Path) else source
    except FileNotFoundError as error:
        raise BadInput(f"expected a CSV table at {name}, got no such file") from error
    except OSError as error:
        raise BadInput(f"expected a CSV table, got {name}: {error}") from error


def _check_kind(content: bytes | str, name: str) -> None:
    """Refuse files that begin as others than tables do, with what they are."""
    if isinstance(content, bytes):
        start = content[:64].lstrip().lower()
        for prefix, what in _OTHERS:
            if start.startswith(prefix.lower()):
                raise BadInput(f"expected a CSV table, got {what} in {name}; save it as CSV")
        if b"opendocument" in content[:100]:
            raise BadInput(
                f"expected a CSV table, got an OpenDocument file in {name}; save it as CSV"
            )


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text of bytes, and how they were read where it was not as UTF-8."""
    for mark, encoding, called in _BOMS:
        if content.startswith(mark):
            return _strictly(content, encoding, name), f"{called} text" if called else ""
    # Every second byte of Latin letters in UTF-16 is zero, and no byte of a table in UTF-8 is.
    for encoding, zeros in (("utf-16-le", content[1:64:2]), ("utf-16-be", content[0:64:2])):
        if len(zeros) > 1 and not any(zeros):
            return _strictly(content, encoding, name), "UTF-16 text"
    try:
        return content.decode("utf-8"), ""
    except UnicodeDecodeError:
        text = _strictly(content, "cp1252", name)
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise BadInput(_NOT_TEXT.format(name))
    found = re.search(r"[^\x00-\x7f]", text)
    at = found.start() if found else 0
    words = re.split(r"[\t,;|\r\n]", text[max(0, at - 20) : at])[-1]
    words += re.split(r"[\t,;|\r\n]", text[at : at + 20])[0]
    return (
        text,
        f"Windows-1252 text, as in “{words.strip()}” in line {1 + text.count(chr(10), 0, at)}",
    )


_NOT_TEXT = (
    "expected a UTF-8 CSV table (UTF-16 and Windows-1252 are read, too), got other bytes in {}"
)


def _strictly(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(_NOT_TEXT.format(name)) from error


def _delimiter(text: str, known: Collection[str]) -> tuple[str, int]:
    """The delimiter, by the header it gives, and how many first lines say nothing else."""
    said = re.match(r"sep=([,;\t|])\r?\n", text, re.IGNORECASE)
    if said:
        return said[1], 1
    start = text[: 1 << 16].lstrip("\r\n")

    def fits(delimiter: str) -> tuple[int, int]:
        names = next(_reader(start, delimiter), [])
        return sum(canonical(name) in known for name in names), len(names)

    return max(_DELIMITERS, key=fits), 0


def _reader(text: str, delimiter: str, *, strict: bool = False) -> "Reader":
    """A reader of records. A space before a quote belongs to the text unless the header has it."""
    header = text.lstrip("\r\n").partition("\n")[0]
    spaced = re.search(rf"{re.escape(delimiter)} +\"", header) is not None
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=strict, skipinitialspace=spaced
    )


def _records(text: str, delimiter: str, skipped: int, name: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a text, each with the line in which it begins."""
    reader = _reader(text, delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if reader.line_num > skipped:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"expected a CSV table, got {name}: the quotes of the row that begins in line {line} "
            f"do not match ({error})"
        ) from error


def _workbook(content: bytes, name: str) -> list[tuple[int, list[str]]]:
    """The rows of the first sheet of an Excel workbook."""
    try:
        import openpyxl
    except ImportError as error:
        raise BadInput(
            f"expected a CSV table, got an Excel workbook (.xlsx) in {name}: save it as CSV, or "
            "install openpyxl to have it read"
        ) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    except Exception as error:  # whatever a broken archive or its XML raises
        raise BadInput(
            f"expected a CSV table, got an Excel workbook (.xlsx) in {name} that cannot be read: "
            f"{error}"
        ) from error
    texts = [["" if value is None else str(value) for value in row] for row in rows]
    return [(number, cells) for number, cells in enumerate(texts, start=1)]


def _aligned(
    records: Iterable[tuple[int, list[str]]], header: list[str], name: str, notes: list[str]
) -> Iterator[tuple[int, list[str]]]:
    """The records under the header; a column of row numbers that it does not name is taken off.

    A row that is longer than the header would silently give its cells to the wrong columns.
    """
    found = list(records)
    width = len(header)
    filled = [cells for _, cells in found if not _blank(cells)]
    numbered = bool(filled) and all(len(cells) == width + 1 for cells in filled)
    if numbered and [cells[0] for cells in filled] in (
        [str(number) for number in range(first, first + len(filled))] for first in (0, 1)
    ):
        notes.append("the numbers of rows before the first column left out")
        found = [(line, cells[1:]) for line, cells in found]
    for line, cells in found:
        if any(not says_nothing(value) for value in cells[width:]):
            raise BadInput(
                f"expected {width} cells in line {line} of {name}, as the header has, got "
                f"{len(cells)}: put a text with the delimiter in it into quotes"
            )
        yield line, cells[:width]


def _blank(cells: Sequence[str]) -> bool:
    return all(says_nothing(value) for value in cells)
