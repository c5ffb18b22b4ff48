"""Pasted pieces fool a network that was built to be fooled by them, and controls do not."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from audits.network.images import Network
from audits.paste.adversaries import Shown, batch, best, outgoing, probabilities, save, strength
from audits.paste.dissimilar import rank
from db.errors import BadInput
from describer.subjects.definition import Subject

CLASSES = ("grass", "car", "frog")


def reader() -> Network:
    """Unit 0 sees red, unit 1 green; red speaks for "car", green for "grass"."""
    model = nn.Sequential()
    eye = nn.Conv2d(3, 2, 1, bias=False)
    model.add_module("eye", nn.Sequential(eye, nn.ReLU()))
    model.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    head = nn.Linear(2, 3, bias=False)
    model.add_module("head", head)
    with torch.no_grad():
        eye.weight[:] = torch.tensor([[1.0, -1, 0], [-1, 1, 0]]).view(2, 3, 1, 1)
        head.weight[:] = torch.tensor([[-1.0, 3], [20, 0], [1, 0]])
    subject = Subject("reader", "none", 16, (0.0,) * 3, (1.0,) * 3, classes=CLASSES)
    return Network(subject, model.eval(), "cpu", "weights", {"eye": 2})


def colour(*values: int) -> np.ndarray:
    image = np.empty((3, 16, 16), np.uint8)
    image[:] = np.array(values)[:, None, None]
    return image


MASK = np.zeros((16, 16), bool)
MASK[4:12, 4:12] = True
GREEN = [Shown(f"green {n}", colour(0, 100 + n, 0), truth=0) for n in range(4)]
RED = [Shown(f"=red {n}", colour(250 - n, 0, 0), mask=MASK) for n in range(3)]


def test_the_last_layer_speaks_through_its_weights() -> None:
    drawn = outgoing(reader(), "eye", 0, [one.image for one in RED])
    assert drawn.how == "weights"
    assert drawn.effects.tolist() == [-1, 20, 1]
    assert drawn.first(2) == (1, 2)


def test_elsewhere_a_unit_speaks_through_what_is_lost_without_it() -> None:
    network = reader()
    network.model.head = nn.Sequential(network.model.head, nn.Identity())
    network.model.register_module("bend", nn.Softplus())
    drawn = outgoing(network, "eye", 0, [one.image for one in RED])
    assert drawn.how == "ablation"
    assert drawn.first(1) == (1,)


def test_a_network_that_gives_no_class_scores_is_refused_in_a_sentence() -> None:
    network = reader()
    network.model.pool, network.model.head = nn.Identity(), nn.Conv2d(2, 3, 1)
    images = [one.image for one in RED]
    for ask in (
        lambda: outgoing(network, "eye", 0, images),
        lambda: probabilities(network, images),
    ):
        with pytest.raises(BadInput, match=r"row of class scores, got .* from reader: choose one"):
            ask()


def test_images_that_drive_a_unit_are_told_from_those_that_leave_it_quiet() -> None:
    found = strength(reader(), "eye", 0, [GREEN[0].image, RED[0].image])
    assert found[0] == 0
    assert found[1] == pytest.approx(250 / 255)


def test_pieces_change_predictions_and_the_control_shows_whether_any_piece_would() -> None:
    quiet = [colour(0, 90 + n, 0) for n in range(8)]
    found = batch(reader(), GREEN, RED, quiet, toward=(1,))
    assert (found.changed, found.toward) == (1, 1)
    assert found.random == (0,) * 5
    assert found.random_band.mean == 0
    loud = batch(reader(), GREEN, RED, [one.image for one in RED], toward=(1,))
    assert loud.random_toward == (1,) * 5
    assert {one.covered for one in found.attacks} == {one.covered for one in loud.attacks}
    assert found.attacks[0].covered == pytest.approx(0.15, rel=0.1)


def test_classes_that_were_chosen_before_do_not_count_as_reached() -> None:
    red = [Shown("red", colour(200, 0, 0))]
    found = batch(reader(), red, RED, [GREEN[0].image], toward=(1,))
    assert (found.changed, found.toward) == (0, 0)


def test_the_adversarial_set_is_saved_with_what_was_said(tmp_path: Path) -> None:
    found = batch(reader(), GREEN[:2], RED[:1], [GREEN[0].image], toward=(1,), trials=2)
    save(tmp_path / "set", found.attacks, CLASSES, {"network": "reader"})
    with (tmp_path / "set" / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["after"] for row in rows] == ["car", "car"]
    assert rows[0]["truth"] == "grass"
    assert rows[0]["distractor"] == "'=red 0"  # no spreadsheet runs it
    image = np.asarray(Image.open(tmp_path / "set" / rows[1]["file"]))
    np.testing.assert_array_equal(image.transpose(2, 0, 1), found.attacks[1].image)
    assert "network: reader" in (tmp_path / "set" / "README.md").read_text()


def test_nothing_to_paste_is_refused() -> None:
    with pytest.raises(BadInput, match="got 0, 3 and 1"):
        batch(reader(), [], RED, [GREEN[0].image], toward=(1,))
    with pytest.raises(BadInput, match="a mask of what to cut"):
        batch(reader(), GREEN, GREEN, [GREEN[0].image], toward=(1,))


def test_first_choices_without_names_are_numbers() -> None:
    assert best(np.array([0.1, 0.9]), (), 1) == [("class 1", 0.9)]


def test_descriptions_that_join_dissimilar_words_come_first() -> None:
    texts = {1: "red and blue", 2: "cars and letters", 3: "cars", 4: "cars and letters"}
    ranked = rank(texts, checkpoint="demo")
    assert {one.unit_id for one in ranked.units} <= {1, 2, 4}
    assert ranked.vectors
    differences = [one.difference for one in ranked.units]
    assert differences == sorted(differences, reverse=True)
    pairs = {one.unit_id: one.pair for one in ranked.units}
    assert pairs.get(2) == pairs.get(4)
