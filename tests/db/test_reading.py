"""Files of other people: of the type that is asked for, or one sentence with the place."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import ROOT
from db import reading, tables
from db.access.permissions import Doors
from db.arrays import read_array
from db.csv_cells import neutral, restored
from db.errors import LONGEST, BadInput
from db.reading import Count, Number
from db.workspace import create, open_database
from describer.layers.address import folder_name


class Refused(Exception):
    """What the page shows."""


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        ('{"a": -1}', dict[str, Count], "at a: input should be greater than or equal to 0, got -1"),
        ('{"a": "3"}', dict[str, Count], "at a: .*integer, got '3'"),
        ('{"a": true}', dict[str, Count], "at a: .*integer, got True"),
        ('{"a": Infinity}', dict[str, Number], "at a"),
        ('{"a": NaN}', dict[str, Number], "at a"),
        ('{"a": ' + "9" * 5000 + "}", dict[str, Count], "invalid JSON"),
        ("[" * 100_000, Any, "recursion limit"),
        ('"\\ud800"', Any, "invalid JSON"),
        (b"\xff\xfe", Any, "invalid JSON"),
        ("", Any, "invalid JSON"),
    ],
)
def test_json_is_of_its_type_or_one_sentence(content: Any, kind: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=f"^expected things in f.*{sentence}"):
        reading.of_json(content, kind, "things", "f")


def test_what_is_whole_is_taken_as_it_is() -> None:
    assert reading.of_json(b'\xef\xbb\xbf{"a": 1}', dict[str, Count], "x", "f") == {"a": 1}
    assert reading.of_lines("1\n\n2\n", Count, "x", "f") == [(1, 1), (3, 2)]
    assert reading.of_yaml("a: [1, no]", "f") == {"a": [1, False]}


def test_bad_bytes_far_down_are_named_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"a\n" * 9000 + b"\xe9")
    with pytest.raises(BadInput, match="0xe9 in line 9001"):
        reading.text_of(tmp_path / "f", "text")


def test_yaml_with_aliases_is_refused_before_it_grows() -> None:
    layers = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    with pytest.raises(BadInput, match="aliases"):
        reading.of_yaml("\n".join(layers), "f")


def test_a_sentence_is_printable_and_not_longer_than_a_page() -> None:
    assert len(str(BadInput("x" * 100_000))) < LONGEST
    assert str(BadInput("a \ud800 b")) == r"a \ud800 b"


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
        "{'descr': '<U99999999', 'fortran_order': False, 'shape': (2,), }",
    ],
)
def test_array_headers_that_lie_are_one_sentence(tmp_path: Path, header: str) -> None:
    text = header.ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(8)
    (tmp_path / "a.npy").write_bytes(content)
    for memory_map in (True, False):
        with pytest.raises(BadInput, match=r"expected a \.npy array"):
            read_array(tmp_path / "a.npy", memory_map=memory_map)


def test_an_archive_named_as_an_array_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros(3))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(BadInput, match=r"expected a \.npy array"):
        read_array(tmp_path / "a.npy")


def test_wide_signs_are_no_formula_either() -> None:
    for text in ("＝1+2", "＋1", "－1", "＠x"):
        assert neutral(text) == f"'{text}"
        assert restored(neutral(text)) == text


def test_a_table_of_concepts_leads_nowhere_else(tmp_path: Path) -> None:
    from describer.methods.concepts import broden
    from describer.methods.concepts.shape import Shown

    (tmp_path / "images").mkdir()
    (tmp_path / "label.csv").write_text("number,name,category\n1,dog,object\n")
    (tmp_path / "index.csv").write_text("image,split,object\nthing.jpg,train,../../secret.png\n")
    found = broden.read(tmp_path)
    shown = Shown("thing.jpg", np.zeros((3, 4, 4), np.uint8), (4, 4), lambda masks: masks)
    with pytest.raises(BadInput, match="expected a label map below"):
        found.labels(shown)


def test_cells_longer_than_the_csv_module_takes_are_read() -> None:
    cell = "x" * 200_000
    assert tables.read(f"a,b\n1,{cell}\n").rows[0].cells["b"] == cell


def test_names_of_layers_fit_into_a_folder() -> None:
    long = folder_name("layer" * 100)
    assert len(long) < 255
    assert long != folder_name("layer" * 100 + "x")
    assert "\0" not in folder_name("a\0b")


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        db.execute("create table kept (text)")
        db.execute("insert into kept values ('before')")
    doors = Doors(workspace, False, Refused)

    def write(request: Any) -> None:
        with open_database(workspace) as db:
            (pages,) = db.execute("pragma page_count").fetchone()
            # As SQLite meets a disk without room.
            db.execute(f"pragma max_page_count = {pages}")
            db.execute("insert into kept values (?)", ["x" * 1_000_000])

    with pytest.raises(Refused, match=r"disk .* is full: this was not saved"):
        doors.allow("admin")(write)(request=None)
    with open_database(workspace) as db:
        assert db.execute("select text from kept").fetchall() == [("before",)]

    def export(request: Any) -> None:
        with Path("/dev/full").open("w") as file:
            file.write("x" * 100_000)

    with pytest.raises(Refused, match=r"disk .* is full"):
        doors.allow("admin")(export)(request=None)


def test_damage_that_is_met_late_is_said_with_what_to_do(tmp_path: Path) -> None:
    workspace = create(tmp_path / "w")
    with open_database(workspace) as db:
        db.execute("create table kept (text)")
        db.conn.executemany("insert into kept values (?)", [("x" * 3000,)] * 200)
        db.conn.commit()
        db.execute("pragma wal_checkpoint(truncate)")
    with sqlite3.connect(workspace.database) as connection:
        connection.execute("pragma journal_mode = delete")
    connection.close()
    content = bytearray(workspace.database.read_bytes())
    content[-400_000:] = b"\xa5" * 400_000
    workspace.database.write_bytes(content)
    with pytest.raises(BadInput, match="expected a sound database"), open_database(workspace) as db:
        db.execute("select count(text) from kept").fetchone()


def test_a_folder_whose_name_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from describer.images import probing\n"
        "root = Path(os.fsdecode(os.fsencode(sys.argv[1]) + b'/\\xff')); root.mkdir()\n"
        "(root / 'a.png').write_bytes(b'')\n"
        "try: probing.open_folder(root)\n"
        "except ValueError as error: print(error)"
    )
    made = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "whose name is UTF-8" in made.stdout


def test_schemas_are_not_loaded_when_the_command_line_starts() -> None:
    script = "import sys, app; app.parser(); print('pydantic' in sys.modules)"
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout.strip() == "False"


def test_a_counter_without_end_is_counted_as_none() -> None:
    from annotator.work.tab_form import _answer

    for counted in (json.dumps({"pasted": float("inf"), "looks": 1}), "[" * 100_000, "null"):
        assert _answer("dogs", counted).pasted_characters == 0
