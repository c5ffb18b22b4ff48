"""A checkpoint says what it was trained on, and where images are of another kind."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from db.describe import exemplars
from db.describe.subjects import CheckpointRow, ProbingSetRow, get_probing_set
from db.workspace import create, open_database
from describer import workspace_files
from describer.describe import cards
from helpers.worlds import coloured_images, two_layer_subject


def checkpoint(source: object) -> CheckpointRow:
    return CheckpointRow(1, "mine", str(source), "h", "2026-01-01T00:00:00Z")


@pytest.fixture
def images(tmp_path: Path) -> ProbingSetRow:
    with open_database(create(tmp_path / "w")) as db:
        workspace_files.enter_images(db, coloured_images(tmp_path / "photos", count=2))
        return get_probing_set(db, "photos")

    with open_database(create(tmp_path / "w")) as db:
        return db


@pytest.mark.parametrize(
    ("source", "origin", "words"),
    [
        ("demo", "user", "knows no other words: of photos its sentences say little"),
        ("demo", "demo", ""),
        ("milan-base.pth", "user", ""),
        ("milan-base.pth", "demo", "photos is drawn"),
        ("nowhere", "user", "what mine was trained on is not known"),
    ],
)
def test_images_of_another_kind_are_named(
    tmp_path: Path, images: ProbingSetRow, source: str, origin: str, words: str
) -> None:
    with open_database(create(tmp_path / "w")) as db:
        said = cards.caution(db, checkpoint(source), replace(images, origin=origin))
    assert said.endswith(words)
    assert bool(said) == bool(words)


def test_one_that_was_trained_here_knows_its_exemplars(
    tmp_path: Path, images: ProbingSetRow
) -> None:
    (tmp_path / "trained").mkdir()
    training = {"exemplars": [{"early": "e" * 40}], "training_units": 12}
    values = {"training": training, "encoder": {"name": "resnet18"}}
    (tmp_path / "trained" / "checkpoint.json").write_text(json.dumps(values))
    row = checkpoint(tmp_path / "trained")
    assert "12 described units · resnet18" in cards.card(row).words
    with open_database(create(tmp_path / "w")) as db:
        subject = workspace_files.enter_subject(db, two_layer_subject(tmp_path / "subject"))
        workspace_files.enter_images(db, coloured_images(tmp_path / "others", count=2))
        exemplars.add(
            db,
            hash="e" * 40,
            subject_id=subject.subject_id,
            probing_set_id=get_probing_set(db, "others").probing_set_id,
            layer="early",
            units=6,
            k=3,
            folder="",
            provenance={},
        )
        assert "from others, not from photos" in cards.caution(db, row, images)
        assert cards.caution(db, row, get_probing_set(db, "others")) == ""
