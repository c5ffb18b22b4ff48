"""Generalisation over small annotated networks: the splits, and that a cut run goes on."""

import json
from pathlib import Path

import pytest

from audits.papers import splits
from audits.papers.annotated import AnnotatedNetwork, of_folder, read_attributes
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from describer.milan.encoder import PyramidEncoder
from describer.milan.training.data import Annotated
from describer.milan.training.loop import TrainingConfig
from helpers.milan import ENCODER, make_folder, two_layers
from helpers.words import words

CONFIG = TrainingConfig(
    embedding_size=4, hidden_size=8, attention_size=8, steps=4, max_epochs=1, batch_size=64
)
KINDS = ("dog faces", "red sky", "round things")


def network(name: str, task: str, units: int = 12) -> AnnotatedNetwork:
    said = {("conv", unit): [KINDS[unit % 3], f"the {KINDS[unit % 3]}"] for unit in range(units)}
    parts = (Annotated(make_folder({"conv": units}), said),)
    return AnnotatedNetwork(name, parts, {"task": task, "dataset": "same"})


NETWORKS = [network("a", "classifier"), network("b", "classifier"), network("g", "generator")]


def encoder() -> PyramidEncoder:
    return PyramidEncoder("tiny", network=two_layers(), config=ENCODER)


def test_every_kind_teaches_and_every_other_is_tested() -> None:
    found = splits.splits_of(NETWORKS, ["within", "task", "dataset"])
    assert [(one.kind, one.train, one.test) for one in found] == [
        ("within", ("a",), ("a",)),
        ("within", ("b",), ("b",)),
        ("within", ("g",), ("g",)),
        ("task", ("a", "b"), ("g",)),
        ("task", ("g",), ("a", "b")),
    ]
    with pytest.raises(BadInput, match="differ in dataset"):
        splits.splits_of(NETWORKS, ["dataset"])


def test_a_run_that_was_cut_goes_on_and_gives_the_same(tmp_path: Path) -> None:
    asked = splits.Asked(CONFIG, beam_size=2, most=5)
    written = tmp_path / "cut" / "splits"

    def cut() -> bool:
        return len(list(written.glob("*.json"))) == 2

    def run(folder: Path, watch: Watch | None = None) -> list[splits.Table]:
        return splits.generalise(
            NETWORKS, encoder(), words(), asked, folder, kinds=["within", "task"], watch=watch
        )

    with pytest.raises(Cancelled):
        run(tmp_path / "cut", Watch(cancelled=cut))
    kept = {path: path.stat().st_mtime_ns for path in written.glob("*.json")}
    assert len(kept) == 2
    whole = run(tmp_path / "whole")
    assert [table.to_json() for table in run(tmp_path / "cut")] == [
        table.to_json() for table in whole
    ]
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    scores, said = whole
    assert [row[4] for row in scores.rows] == [2, 2, 2, 5, 10]
    assert said.rows[-1][0] == "total"
    assert said.rows[-1][3] == 21
    path = next(path for path in written.glob("within-a*"))
    stored = json.loads(path.read_text())
    assert stored["training"]["config"]["patience"] == 10
    assert {each["unit"] for each in stored["tested"]} <= set(range(12))
    assert stored["training"]["units"] == 10


def test_attributes_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "n.toml"
    path.write_text('[alexnet]\narchitecture = "alexnet"\nlayers = 5\n')
    assert read_attributes(path) == {"alexnet": {"architecture": "alexnet", "layers": "5"}}
    path.write_text("alexnet = 1\n")
    with pytest.raises(BadInput, match="table for each network"):
        read_attributes(path)
    with pytest.raises(BadInput):
        of_folder("a", tmp_path / "nowhere", path, {})
