"""The one reader of tables about units: silent mistakes first."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import tables, unit_tables
from db.errors import BadInput
from db.unit_tables import SUMMARY


def read(source: bytes | str, **more: object) -> unit_tables.UnitTable:
    return unit_tables.read(source, name="t.csv", **more)  # type: ignore[arg-type]


def said(source: bytes | str, **more: object) -> list[tuple[str, int, str]]:
    return [(row.layer, row.unit, row.text) for row in read(source, **more).rows]


# What would be about another unit, or another text, without a word.


def test_a_table_that_counts_from_one_says_so() -> None:
    table = read("unit,category,label,score\n1,object,dog,0.2\n", layer="layer4")
    assert [(row.layer, row.unit, row.text) for row in table.rows] == [("layer4", 0, "dog")]
    assert "units counted from 1, as NetDissect does" in table.understood
    # NetDissect's own tables are about one layer and have a category; others count from 0.
    assert said("layer,unit,label,score\nlayer4,1,dog,0.2\n") == [("layer4", 1, "dog")]


@pytest.mark.parametrize(
    ("prefer", "text", "other"),
    [("summary", "dogs", "description"), ("description", "cats", "summary")],
)
def test_of_two_texts_one_is_read_and_the_other_named(prefer: str, text: str, other: str) -> None:
    table = read("layer,unit,summary,description\nfc,1,dogs,cats\n", prefer=prefer)
    assert table.rows[0].text == text
    assert f"the texts of `{other}` not read" in table.understood


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layer,unit,description\nfc,1.5,x\n", "a unit's number from 0 in line 2 of t.csv, got '1"),
        ("layer,unit,description\nfc,-1,x\n", "got '-1'"),
        ("layer,unit,description\nfc,9999999999,x\n", "got '9999999999'"),
        ("layer,unit,description\nfc," + "9" * 5000 + ",x\n", "a unit's number"),
        ("layer,unit,description\nfc,1,x\n,2,y\n", "name of a layer in line 3 of t.csv, got none"),
        ("layer,unit,description\nfc,1,x\nfc,2\n", "3 cells in line 3 of t.csv, got 2, without a"),
        ("layer,unit,description\nfc\n", "a unit's number from 0 in line 2 of t.csv, got ''"),
        ("layer,unit,description\nfc,1,a, b\n", "expected 3 cells in line 2 of t.csv"),
        ("layer,unit,Unit,text\nfc,1,2,x\n", "one column unit in t.csv, got 2"),
        ("unit,description\n1,x\n", "a column layer in t.csv, or the layer at the end of its name"),
        ("", r"columns layer, unit and description in t.csv, got none \(an empty file\)"),
        ("a,b,c,d,e\n1,2,3,4,5\n", "got a, b, c, d …"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as raised:
        read(text)
    assert "\n" not in str(raised.value)


def test_lists_of_labels_are_several_texts_or_one() -> None:
    text = "layer,unit,summary\nfc,1,\"['dogs', 'cats']\"\nfc,2,[sic] dogs\nfc,3,[]\n"
    assert said(text, several=True) == [
        ("fc", 1, "dogs"),
        ("fc", 1, "cats"),
        ("fc", 2, "[sic] dogs"),
        ("fc", 3, ""),
    ]
    assert said(text)[0] == ("fc", 1, "dogs, cats")
    assert "lists in 2 cells read as several labels" in read(text).understood


def test_a_cell_nan_is_no_text() -> None:
    table = read("layer,unit,description\nfc,1,nan\nfc,2,none\nfc,3,\n")
    assert [row.text for row in table.rows] == ["", "none", ""]
    assert table.understood == "Understood: 1 cell `nan` read as empty."


# Spellings.


@pytest.mark.parametrize(
    ("text", "row", "sentence"),
    [
        ("layer,unit,description\nfc,3.0,x\n", ("fc", 3, "x"), "1 unit such as 3.0 read as whole"),
        ("layer;unit;description\nfc;3,0;x\n", ("fc", 3, "x"), "separated by semicolons; 1 unit"),
        ("Layer,UNIT, Summary \nfc, 3 ,x\n", ("fc", 3, "x"), "column `Summary` read as the text"),
        ("module,neuron,caption\nfc,3,x\n", ("fc", 3, "x"), "column `neuron` read as unit"),
        (",layer,unit,description\n0,fc,3,x\n", ("fc", 3, "x"), "which has no name, left out"),
        ("layer,unit,description\nfc,3,x\n,,\n", ("fc", 3, "x"), "1 empty line left out"),
        ("layer,unit,description\nfc,3,x\n", ("fc", 3, "x"), ""),
    ],
)
def test_spellings_are_understood_and_said(
    text: str, row: tuple[str, int, str], sentence: str
) -> None:
    assert said(text) == [row]
    assert sentence in read(text).understood
    assert bool(sentence) == bool(read(text).understood)


@pytest.mark.parametrize(
    ("header", "method"),
    [
        ("neuron,feature,category,iou", "Compositional explanations"),
        ("Neuron ID,Label 1,Label 2,Label 3", "Describe-and-Dissect"),
        ("Neuron ID,label", "Describe-and-Dissect"),
        ("unit,description,similarity", "CLIP-Dissect"),
        ("unit,description", ""),
    ],
)
def test_the_columns_tell_the_method(header: str, method: str) -> None:
    row = "12,(dog OR cat)" + ",0.1" * (header.count(",") - 1)
    table = read(f"{header}\n{row}\n", layer="layer4")
    assert table.layout.method == method
    assert (table.rows[0].layer, table.rows[0].unit) == ("layer4", 12)
    assert table.rows[0].text == "(dog OR cat)"


def test_a_layer_is_looked_for_at_the_end_of_the_name() -> None:
    table = unit_tables.read(
        "unit,label\n1,x\n",
        name="net_layer1.0.conv1.tsv",
        layers=("conv1", "layer1.0.conv1"),
        prefer=SUMMARY,
    )
    assert table.rows[0].layer == "layer1.0.conv1"


@given(
    st.lists(
        st.tuples(st.integers(0, 999_999_999), st.text(st.characters(exclude_categories=["Cs"]))),
        min_size=1,
    )
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]]
) -> None:
    path: Path = tmp_path_factory.mktemp("t") / "t.csv"
    tables.write(path, ("layer", "unit", "summary"), [("a.b", unit, text) for unit, text in rows])
    table = unit_tables.read(path, prefer=SUMMARY, several=True)
    assert [(row.unit, row.text) for row in table.rows] == rows
    assert table.understood == ""


WORDS = [
    "layer",
    "unit",
    "description",
    "summary",
    "fc",
    "1",
    "12.0",
    "nan",
    "x",
    '"',
    "'",
    "[",
    "]",
    ",",
    ";",
    "|",
    "é",
    "sep=",
    "-1",
    "=1",
]
PIECES = st.lists(
    st.sampled_from([*WORDS, "\t", "\n", "\r\n", "\r", " ", "\x00", "\ufeff"]), max_size=30
).map("".join)


@settings(max_examples=500)
@given(text=PIECES, encoding=st.sampled_from(["utf-8", "utf-16", "cp1252"]))
def test_whatever_is_given_is_read_or_refused(text: str, encoding: str) -> None:
    content = text.encode(encoding, errors="replace")
    head = "layer,unit,description\n"
    for source in (text, content, head + text, head.encode() + content):
        with contextlib.suppress(BadInput):
            assert all(row.layer and 0 <= row.unit < 10**9 for row in read(source).rows)


@given(st.binary(max_size=60))
def test_whatever_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(BadInput):
        read(content)
