"""What was said is gathered from files and from a workspace alike."""

from pathlib import Path

import pytest

from audits.papers import corpus
from db.access import users
from db.annotate import slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.describe import descriptions, exemplars, subjects
from db.describe.descriptions import NewDescription
from db.errors import BadInput
from db.workspace import open_database
from helpers.annotating import workspace_with_campaign
from helpers.worlds import two_layer_subject


def test_tables_of_several_layers_make_one_method(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("layer,unit,summary\nlate,0,dogs\nlate,0,dog faces\nlate,1,red\nlate,1,a\n")
    (tmp_path / "x_early.csv").write_text("Neuron ID,Label 1,Label 2\n4,stripes,lines\n")
    (tmp_path / "x_late.csv").write_text("Neuron ID,Label 1,Label 2\n0,dogs,pets\n1,red,\n")
    found = corpus.of_files(
        people, {"DnD": [tmp_path / "x_early.csv", tmp_path / "x_late.csv"]}, layers=("early",)
    )
    assert found.methods["DnD"] == {
        ("early", 4): "stripes",
        ("late", 0): "dogs",
        ("late", 1): "red",
    }
    assert found.people["late", 0] == ("dogs", "dog faces")
    assert found.common() == [("late", 0), ("late", 1)]
    assert any("label_2" in note.lower().replace(" ", "_") for note in found.understood)
    with pytest.raises(BadInput, match=r"\(DnD\), got 'MILAN'"):
        found.only(["MILAN"])
    with pytest.raises(BadInput, match="at least two units of people"):
        found.common(least=3)


def test_a_workspace_gives_answers_that_count_and_the_newest_sentences(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 2)
    with open_database(workspace) as db:
        users.ensure(db, "ada", "annotator")
        claimed = slots.claim(db, campaign_id, "ada")
        assert isinstance(claimed, Claim)
        slots.submit(db, claimed.token, "ada", Answer("dogs"))
        (row,) = subjects.every(db)
        two_layer_subject(Path(row.source).parent if Path(row.source).parent.name else tmp_path)
        (kept,) = exemplars.sets(db, subject=row.name)
        unit = exemplars.units_of(db, kept.exemplar_set_id)[0]
        for model, text in (("old", "cats"), ("new", "dogs")):
            said = NewDescription(unit.unit_id, "milan", model, text, None)
            descriptions.add(db, [said])
        source = two_layer_subject(tmp_path / "network")
        db.execute("update subjects set source = ?", [str(source)])
        (found,) = corpus.of_workspace(db)
    assert list(found.people.values()) == [("dogs",)]
    assert found.methods == {"milan": {(unit.layer, unit.unit): "dogs"}}
    assert found.classes == ("blue", "red")
    assert not found.simulated


def test_names_of_classes_are_words(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"n01440764_tench": 1, "n01484850_great_white_shark": 0}')
    (tmp_path / "c.txt").write_text("tench\n\ngreat white shark\n")
    assert corpus.class_names(tmp_path / "c.json") == ("great white shark", "tench")
    assert corpus.class_names(tmp_path / "c.txt") == ("tench", "great white shark")
    (tmp_path / "c.json").write_text('{"a": 1, "b": 2}')
    with pytest.raises(BadInput, match="numbered from 0"):
        corpus.class_names(tmp_path / "c.json")
