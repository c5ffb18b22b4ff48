"""Other methods' descriptions: a table comes in whole or not at all, and once."""

from pathlib import Path

import pytest

import app
from db import log
from db.arrays import ImageStore
from db.audit import finding, words
from db.audit.words import Query, Word
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.exemplars import layout
from describer.methods import imports, tables
from helpers.worlds import coloured_images, two_layer_subject

OURS = (
    "layer,unit,description,score,log_p_given_e,log_p\n"
    "early,0,red patches,-1.5,-2.5,-5\n"
    "early,5,'=blue patches,,,\n"
    "late,7,a dog,0.25,,\n"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
    return workspace


def written(folder: Path, text: str, name: str = "said.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def add(workspace: Workspace, path: Path, **more: str) -> imports.Entered:
    with open_database(workspace) as db:
        return imports.enter(db, path, subject="two-layers", person="ada", **more)


def said(workspace: Workspace) -> list[tuple[object, ...]]:
    with open_database(workspace) as db:
        rows = descriptions.page(db, limit=100).rows
        return [(each.method, each.layer, each.unit, each.text, each.score) for each in rows]


def test_our_own_table_comes_in_with_its_scores(workspace: Workspace, tmp_path: Path) -> None:
    entered = add(workspace, written(tmp_path, OURS))
    assert entered == imports.Entered("two-layers", "said", 3, 3)
    assert said(workspace) == [
        ("said", "early", 0, "red patches", -1.5),
        ("said", "early", 5, "=blue patches", None),
        ("said", "late", 7, "a dog", 0.25),
    ]
    with open_database(workspace) as db:
        first = descriptions.page(db).rows[0]
        (full,) = descriptions.of_unit(db, first.unit_id)
        (event,) = log.of(db, "subject:two-layers")
    assert full.candidates == (("red patches", -2.5, -5.0),)
    assert (event.person, event.detail["units"]) == ("ada", 3)


def test_an_equal_table_adds_nothing_and_another_one_stands_beside_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    add(workspace, written(tmp_path, OURS), method="mine")
    head, *lines = OURS.splitlines()
    turned = "\n".join([head, *reversed(lines)])
    again = add(workspace, written(tmp_path, turned, "other.csv"), method="mine")
    assert (again.units, again.new) == (3, 0)
    assert len(said(workspace)) == 3
    add(workspace, written(tmp_path, OURS), method="theirs")
    add(workspace, written(tmp_path, OURS.replace("a dog", "a cat")), method="mine")
    assert [method for method, *_ in said(workspace)].count("mine") == 6
    with open_database(workspace) as db:
        assert descriptions.methods(db) == ["mine", "theirs"]
        assert len(log.of(db, "subject:two-layers")) == 3


@pytest.mark.parametrize(
    ("name", "text", "method", "rows"),
    [
        (
            "any.csv",
            "layer,unit,description,similarity\nlate,3, signage,0.25\n",
            "CLIP-Dissect",
            [("late", 3, "signage", 0.25)],
        ),
        (
            "net_late.csv",
            "Neuron ID,Label 1,Label 2,Label 3\n6,striped patterns,stripes, \n",
            "Describe-and-Dissect",
            [("late", 6, "striped patterns", None)],
        ),
        (
            "net_early.csv",
            "Neuron ID,label\n0,fishing\n",
            "Describe-and-Dissect",
            [("early", 0, "fishing", None)],
        ),
        (
            "net-late.csv",
            "unit,category,label,score,color-label\n8,object,dog,0.1,red\n1,color,red,0.2,red\n",
            "NetDissect",
            [("late", 0, "red", 0.2), ("late", 7, "dog", 0.1)],
        ),
        (
            "people.csv",
            "\ufefflayer,unit,summary\nlate,2,wheels\n",
            "mine",
            [("late", 2, "wheels", None)],
        ),
    ],
)
def test_published_layouts_are_understood(
    workspace: Workspace,
    tmp_path: Path,
    name: str,
    text: str,
    method: str,
    rows: list[tuple[object, ...]],
) -> None:
    add(workspace, written(tmp_path, text, name), method="mine" if method == "mine" else "")
    assert said(workspace) == [(method, *row) for row in rows]


HEAD = "layer,unit,description,score\n"


@pytest.mark.parametrize(
    ("text", "more", "sentence"),
    [
        ("", {}, "columns layer, unit and description.*got none"),
        ("a,b\n1,2\n", {}, "in said.csv, got a, b"),
        (HEAD, {}, "at least one description in said.csv, got none"),
        (HEAD + "late,0,x,\nlate,8,dogs,\n", {}, "units 0 to 7 of late, got 8 in line 3 of said"),
        (HEAD + "late,0,x,\nlayer9,0,y,\n", {}, r"\(.*early.*\), got 'layer9' in line 3 of said"),
        ("subject,layer,unit,description\nother,late,0,x\n", {}, "about two-layers, got 'other'"),
        (HEAD + "late,two,x,\n", {}, "a unit's number from 0 in line 2 of said.csv, got 'two'"),
        (HEAD + "late,-1,x,\n", {}, "from 0 in line 2 of said.csv, got '-1'"),
        (HEAD + "late,1, ,\n", {}, "1 to 1,000 characters in line 2 of said.csv, got none"),
        (HEAD + f"late,1,{'x' * 1001},\n", {}, "line 2 of said.csv, got 1,001 characters"),
        (HEAD + "late,1,x,high\n", {}, "a number or nothing as score in line 2.*got 'high'"),
        (HEAD + "late,1,x,inf\n", {}, "a number or nothing as score in line 2.*got 'inf'"),
        (HEAD + "late,1,x,\nlate,2,y,\nlate,1,z,\n", {}, "late 1 in line 2 and again in line 4"),
        (OURS.replace("-2.5,-5", "-2.5,"), {}, "both of log_p_given_e and log_p or neither"),
        ("Neuron ID,label\n0,fish\n", {}, "the layer at the end of its name, got neither"),
        ("Neuron ID,label\n0,fish\n", {"layer": "fc"}, "a layer of two-layers .*got 'fc'"),
        ("unit,label,score\n0,dog,1\n", {"layer": "late"}, "number from 1 in line 2"),
        (OURS, {"method": "People"}, "none of people, any, got 'People'"),
        (OURS, {"method": "x" * 65}, "a method's name of 1 to 64 characters"),
        (
            'layer,unit,description\nlate,0,"x\n',
            {},
            "expected a CSV table, got said.csv: the quotes of the row that begins in line 2",
        ),
    ],
)
def test_a_bad_table_gets_one_sentence_and_changes_nothing(
    workspace: Workspace, tmp_path: Path, text: str, more: dict[str, str], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        add(workspace, written(tmp_path, text), **more)
    assert said(workspace) == []
    with open_database(workspace) as db:
        assert exemplars.sets(db) == []
        assert log.of(db, "subject:two-layers") == []


def test_units_without_exemplars_are_found_and_shown_without_pictures(
    workspace: Workspace, tmp_path: Path
) -> None:
    from describer.describe import page_unit

    add(workspace, written(tmp_path, OURS))
    with open_database(workspace) as db:
        words.add(db, "test", {"a dog": [Word(2, 5, "dog", "dog", "NOUN")]})
        (match,) = finding.find(db, Query(any=("dog",)), limit=10).matches
        unit = exemplars.unit(db, match.unit_id)
    assert (unit.name, unit.folder) == ("two-layers/late/7", "")
    shown = page_unit.unit(
        unit, page_unit.Sentences([]), workspace_files.activations_of(workspace, unit), []
    )
    assert "No exemplars of this layer" in shown
    assert "<img" not in shown
    with pytest.raises(LookupError, match="has no exemplars"):
        workspace_files.picture_of(workspace, unit.unit_id, "grid")


def test_sentences_go_to_the_newest_exemplars(workspace: Workspace, tmp_path: Path) -> None:
    images = coloured_images(tmp_path / "images", count=6)
    for k in (3, 4):
        folder = workspace.exemplars / f"k{k}"
        command = ["exemplars", tmp_path / "subject" / "SUBJECT.toml", images, "--k", k, "--out"]
        assert app.main([str(part) for part in [*command, folder]]) == 0
        with open_database(workspace) as db:
            row = subjects.get(db, "two-layers")
            probe = workspace_files.enter_images(db, images)
            workspace_files.enter_exemplars(
                db,
                layout.ExemplarFolder(folder, ImageStore(folder / "images")),
                subject_id=row.subject_id,
                probing_set_id=probe.probing_set_id,
            )
    add(workspace, written(tmp_path, OURS))
    with open_database(workspace) as db:
        assert {exemplars.unit(db, e.unit_id).k for e in descriptions.page(db).rows} == {4}


def test_the_command_says_what_came_in(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["add", "descriptions", str(written(tmp_path, OURS)), "--workspace"]
    command += [str(workspace.path)]
    assert app.main(command) == 2
    assert "(--subject NAME), got none" in capsys.readouterr().err
    assert app.main([*command, "--subject", "resnet"]) == 2
    assert "(two-layers), got 'resnet'" in capsys.readouterr().err
    assert app.main(["add", "descriptions", "none.csv", *command[3:], "--subject", "x"]) == 2
    assert "expected a CSV table at none.csv, got no such file" in capsys.readouterr().err
    command += ["--subject", "two-layers", "--method", "mine"]
    for last in ("mine\n", "mine; all of it was here already\n"):
        assert app.main(command) == 0
        assert capsys.readouterr().out == f"3 units of two-layers described by {last}"
    network = ["add", "network", str(tmp_path / "subject" / "SUBJECT.toml"), "--method", "x"]
    assert app.main([*network, "--workspace", str(workspace.path)]) == 2


def test_a_table_is_hashed_once_and_its_queries_do_not_grow_with_its_rows(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes: list[int] = []
    real = tables.hashlib.sha256
    monkeypatch.setattr(
        tables.hashlib, "sha256", lambda data=b"": (hashes.append(len(data)), real(data))[1]
    )
    queries: dict[int, int] = {}
    for rows in (2, 6):
        lines = [f"late,{unit},description {unit}\n" for unit in range(rows)]
        path = written(tmp_path, "layer,unit,description\n" + "".join(lines), f"r{rows}.csv")
        with open_database(workspace) as db:
            count: list[str] = []
            db.conn.set_trace_callback(count.append)
            hashes.clear()
            imports.enter(db, path, subject="two-layers", person="ada")
            # One statement more for each row that is inserted, nothing else.
            queries[rows] = sum("insert or ignore into descriptions" not in q for q in count)
        assert len(hashes) == 1
    assert queries[6] <= queries[2]


def test_spellings_of_other_programs_come_in_and_are_said(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ";Layer;Unit;Description;similarity\n0;late;3.0;café;0,25\n1;late;4;tea;nan\n;;;;\n"
    path = tmp_path / "said.csv"
    path.write_bytes(text.encode("cp1252"))
    command = ["add", "descriptions", str(path), "--workspace", str(workspace.path)]
    assert app.main([*command, "--subject", "two-layers"]) == 0
    assert said(workspace) == [
        ("CLIP-Dissect", "late", 3, "café", 0.25),
        ("CLIP-Dissect", "late", 4, "tea", None),
    ]
    shown = capsys.readouterr()
    assert shown.out == "2 units of two-layers described by CLIP-Dissect\n"
    for part in ("Windows-1252", "semicolons", "1 empty line", "no name", "such as 3.0"):
        assert part in shown.err


def test_every_published_table_can_be_read(shared: Path) -> None:
    layers = ("conv1", "layer1", "layer2", "layer3", "layer4", "fc")
    methods = {}
    for path in sorted((shared / "data" / "descriptions").rglob("*.csv")):
        table = tables.read(path, layers=layers)
        methods.setdefault(path.parent.name, set()).add(table.method)
        assert {row.layer for row in table.rows} <= set(layers)
        lines = path.read_text(encoding="utf-8-sig").strip().splitlines()
        assert len(table.rows) == len(lines) - 1
        if table.method in ("NetDissect", "Describe-and-Dissect"):
            again = tables.read(path, name="x.csv", layer=table.rows[0].layer)
            assert again.digest == table.digest
    assert methods["NetDissect"] == {"NetDissect"}
    assert methods["DnD"] == {"Describe-and-Dissect"}
    assert methods["MILAN"] == {""}
