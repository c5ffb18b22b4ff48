"""What a table of text is: silent mistakes first, then spellings, then refusals."""

import base64
import builtins
import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import tables
from db.errors import BadInput

KNOWN = ("path", "class")
PLAIN = "path,class\nа.png,кот\nb.png,dog\n"


def cells(source: bytes | str, known: tuple[str, ...] = KNOWN) -> list[dict[str, str]]:
    return [row.cells for row in tables.read(source, name="t.csv", known=known).rows]


# What would give wrong cells to the right columns without a word.


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,class\na.png,dogs, cats\n", "expected 2 cells in line 2 of t.csv.*got 3: put a te"),
        ("path,class\na.png,x\n7,b.png,y\n", "expected 2 cells in line 3 of t.csv"),
        ("path,class,Class \na.png,x,y\n", "expected one column class in t.csv, got 2"),
        ('path,class\na.png,"x\nb.png,y\n', "quotes of the row that begins in line 2 do not match"),
        ('path,class\na.png,"x"y\n', "quotes of the row that begins in line 2"),
    ],
)
def test_cells_never_move_to_another_column(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        cells(text)


def test_bytes_of_another_encoding_are_read_as_such_and_shown() -> None:
    table = tables.read("path,class\na.png,Bär;Öl\n".encode("cp1252"), known=KNOWN)
    assert table.rows[0].cells["class"] == "Bär;Öl"
    assert table.understood == "Understood: Windows-1252 text, as in “Bär” in line 2."


def test_a_column_of_row_numbers_that_the_header_lacks_is_taken_off() -> None:
    text = '"path" "class"\n'.replace(" ", ",") + '"1","a.png","x"\n"2","b.png","y"\n'
    table = tables.read(text, known=KNOWN)
    assert [row.cells["path"] for row in table.rows] == ["a.png", "b.png"]
    assert "numbers of rows before the first column left out" in table.understood


# Spellings.


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends_are_found(
    delimiter: str, encoding: str, end: str
) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", end)
    if encoding in ("utf-16-le", "utf-16-be"):
        text = text.replace("а", "a").replace("кот", "cat")
    assert [row["class"] for row in cells(text.encode(encoding))][-1] == "dog"
    assert len(cells(text.encode(encoding))) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,class\na,x\n", ""),
        ("path;class\na;x\n", "Understood: cells separated by semicolons."),
        ("sep=;\npath;class\na;x\n", "Understood: cells separated by semicolons."),
        ("path,class\n\na,x\n,,\n , \n", "Understood: 3 empty lines left out."),
        ("path,class\na,x\nnan,NaN\n", "Understood: 1 empty line left out."),
        (",path,class\n0,a,x\n", "Understood: the first column, which has no name, left out."),
        ("\n\npath\tclass\na\tx\n", "Understood: cells separated by tabs."),
        ("path,class,,\na,x,,\n", ""),
        ("path;class;note (a, b, c)\na;x;y\n", "Understood: cells separated by semicolons."),
    ],
)
def test_what_was_understood_is_a_sentence(text: str, sentence: str) -> None:
    table = tables.read(text, known=KNOWN)
    assert table.understood == sentence
    assert [(row.cells["path"], row.cells["class"]) for row in table.rows] == [("a", "x")]


@pytest.mark.parametrize("header", ["Path,CLASS", " path , class", '"path","class"', "PATH, Class"])
def test_the_case_and_spaces_of_a_header_do_not_matter(header: str) -> None:
    assert cells(f"{header}\na,x\n") == [{"path": "a", "class": "x"}]


def test_rows_know_the_line_in_which_they_begin() -> None:
    table = tables.read('path,class\na,"x\ny"\n\nb,z\n', known=KNOWN)
    assert [(row.line, row.cells["class"]) for row in table.rows] == [(2, "x\ny"), (5, "z")]


def test_a_cell_may_be_longer_than_the_csv_module_allows() -> None:
    assert len(cells("path,class\na," + "x" * 200_000)[0]["class"]) == 200_000


def test_short_rows_lack_their_last_cells() -> None:
    assert cells("path,class\na\n") == [{"path": "a"}]


# Files that are no such table.


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"an old Excel file \(.xls\) in t.csv"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"\x89PNG\r\n", "a picture"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'[{"a": 1}]', "JSON"),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument", "an OpenDocument file"),
        (b"path,class\n\x81\x8d,\xff\n", "expected a UTF-8 CSV table"),
        (b"path,class\n\x01\xe4,\x02\n", "expected a UTF-8 CSV table"),
        (b"\xff\xfe\x00", "expected a UTF-8 CSV table"),
    ],
)
def test_files_of_other_kinds_are_called_what_they_are(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as raised:
        cells(content)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"at .*none.csv, got no such file"):
        tables.read(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="expected a CSV table, got"):
        tables.read(tmp_path)


def workbook() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("Path", "Class", "n"), ("a.png", "cat", 12.0), (None, None, None)):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_workbook_is_read_whatever_its_name_ends_in() -> None:
    table = tables.read(workbook(), name="t.csv", known=KNOWN)
    assert table.rows[0].cells["path"] == "a.png"
    assert table.understood.startswith("Understood: the first sheet of an Excel workbook")


def test_a_broken_workbook_is_one_sentence() -> None:
    pytest.importorskip("openpyxl")
    with pytest.raises(BadInput, match=r"an Excel workbook \(.xlsx\) in t.csv that cannot be read"):
        cells(b"PK\x03\x04\x14\x00")


def test_a_workbook_without_its_reader_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *more: object) -> object:
        if name == "openpyxl":
            raise ImportError(name)
        return real(name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(BadInput, match=r"an Excel workbook \(.xlsx\) in t.csv: save it as CSV, or"):
        cells(b"PK\x03\x04\x14\x00")


# From the page, and written.


def test_a_page_sends_bytes_as_a_data_url() -> None:
    content = "path,class\na,é\n".encode("cp1252")
    sent = "data:text/csv;base64," + base64.b64encode(content).decode()
    assert tables.of_browser(sent) == content
    assert tables.of_browser("path,class") == "path,class"
    with pytest.raises(BadInput, match="bytes of a file"):
        tables.of_browser("data:text/csv;base64,!")


ANY = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.integers(), ANY.filter(bool), ANY), min_size=1))
def test_any_text_comes_back_as_it_was(tmp_path: Path, rows: list[tuple[int, str, str]]) -> None:
    from db.csv_cells import restored

    path = tmp_path / "t.csv"
    tables.write(path, ("number", "first", "second"), rows)
    back = tables.read(path, known=("number", "first", "second"))
    assert [
        (int(row.cells["number"]), restored(row.cells["first"]), restored(row.cells["second"]))
        for row in back.rows
    ] == rows
    assert back.understood == ""
    with path.open(encoding="utf-8", newline="") as file:
        for row in list(csv.reader(file))[1:]:
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row[1:])
