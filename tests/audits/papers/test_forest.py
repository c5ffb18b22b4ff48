"""A forest on a network without a head: refitted after pruning, and as it was."""

from pathlib import Path

import numpy as np
import pytest

from audits.network.images import Network, open_network
from audits.papers import forest
from audits.papers.table import Estimate
from db.errors import BadInput
from describer.similarity.vectors import Encoder
from describer.subjects.definition import read
from helpers import subject_files
from helpers.worlds import coloured_images

HEADLESS = """
import torch
from torch import nn


class Embedding(nn.Module):
    \"\"\"Four units, of which the first two see red less blue, and answers with their means.\"\"\"

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.bias.fill_(0.5)
            self.first.weight[0, 0] = self.first.weight[1, 2] = 1.0
            self.first.weight[0, 2] = self.first.weight[1, 0] = -1.0

    def forward(self, images):
        return self.first(images).mean((2, 3))
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    folder = tmp_path_factory.mktemp("headless")
    made = subject_files.subject(folder, HEADLESS, factory="tiny.py:Embedding")
    return open_network(read(made.source))


UNITS = [("first", number) for number in range(4)]


def test_units_like_no_other_stand_alone() -> None:
    places = {"dogs": 0, "dog": 0, "sky": 1, "cars": 2}
    eye = np.eye(3, dtype=np.float32)
    encoder = Encoder("words", "0", lambda texts: eye[[places[text] for text in texts]])
    said = dict(zip(UNITS, places, strict=True))
    assert forest.unlike_any_other(said, encoder) == {"first": [2, 3]}


def test_pruning_what_sees_the_classes_costs_more_than_pruning_what_does_not(
    network: Network, tmp_path: Path
) -> None:
    images = forest.labelled(coloured_images(tmp_path / "images", count=20), network, name="images")
    assert images.classes == ("blue", "red")
    asked = forest.Asked(trees=5, forests=1, controls=2)

    def run(alone: list[int]) -> dict[object, tuple[object, ...]]:
        table = forest.prune(
            network, images, None, {"first": alone}, UNITS, asked, tmp_path / "out"
        )
        return {row[0]: row for row in table.rows}

    without_seeing, without_blind = run([0, 1]), run([2, 3])
    values = [
        row[3].value if isinstance(row[3], Estimate) else None
        for row in (without_blind["no pruning"], without_blind["first"], without_seeing["first"])
    ]
    assert values[0] == values[1] == 1.0
    assert values[2] == 0.5
    assert without_seeing["all pruned"][1:3] == (4, 1.0)
    assert without_seeing["first"][2] == 0.5
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "forest").iterdir()}
    assert run([0, 1]) == without_seeing
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    with pytest.raises(BadInput, match="no other is like"):
        run([])


def test_the_forest_reads_a_layer_where_one_is_named(network: Network, tmp_path: Path) -> None:
    folder = coloured_images(tmp_path / "images", count=6)
    images = forest.labelled(folder, network, name="images")
    test = forest.labelled(coloured_images(tmp_path / "test", count=4, seed=1), network, name="t")
    for layer in ("first", ""):
        asked = forest.Asked(layer, trees=5, forests=1, controls=1)
        table = forest.prune(network, images, test, {"first": [2]}, UNITS, asked, tmp_path / "out")
        assert isinstance(table.rows[0][3], Estimate)
        assert table.rows[0][3].value == 1.0
        assert table.rows[0][3].count == 8
    with pytest.raises(BadInput, match="a layer of the network"):
        forest.prune(
            network, images, test, {"first": [2]}, UNITS, forest.Asked("no"), tmp_path / "out"
        )
