"""Units may be listed as people see them, and a list that cannot be is refused with the reason."""

import pytest

from audits.ablation.plan import parse_units
from db.describe.subjects import LayerRow
from db.errors import BadInput

LAYERS = [LayerRow("layer1", "map", 48), LayerRow("layer2", "map", 8)]


@pytest.mark.parametrize(
    "typed", ["layer1-5 layer2-7", "signs/layer1/5, signs/layer2/7", "layer1/5;layer2:7 layer1-5"]
)
def test_units_are_read_however_they_are_written(typed: str) -> None:
    assert parse_units(typed, LAYERS, network="signs") == [("layer1", 5), ("layer2", 7)]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("faces/layer1/5", "units of signs, the chosen network, got faces/layer1/5"),
        ("layer1", "a unit's number after its layer, as layer1-0 to layer1-47, got layer1"),
        ("signs/layer2", "as layer2-0 to layer2-7, got signs/layer2"),
        ("layer1-48", r"got layer1-48; layers: layer1 \(0 to 47\)"),
        ("lay2-3", r"got lay2-3; layers: layer2 \(0 to 7\)"),
    ],
)
def test_a_list_that_cannot_be_is_refused_with_the_reason(typed: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse_units(typed, LAYERS, network="signs")
