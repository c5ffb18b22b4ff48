"""The renderer draws what a caption asks for, by seeds, and says what it cannot read."""

from pathlib import Path

import numpy as np
import pytest

from db.errors import BadInput
from describer.demo.shipped import RENDERER
from describer.demo.world import renderer
from describer.methods.models import folder, inventory, pictures


@pytest.mark.parametrize(
    ("text", "pairs", "unread"),
    [
        ("a picture of striped sails of red boats", {("stripes", "sail"), ("red", "boat")}, ()),
        ("grey beards and glasses", {("grey", "beard")}, ()),
        ("blue", set(), ()),
        ("a purple unicorn on sand", set(), ("unicorn",)),
    ],
)
def test_a_caption_is_read(text: str, pairs: set[tuple[str, str]], unread: tuple[str, ...]) -> None:
    assert renderer.asked(text).pairs == pairs
    assert renderer.unread(text) == unread


@pytest.mark.parametrize(
    "text",
    ["wheels", "a boat on water", "signs with words", "people with hats", "flowers", "brick walls"],
)
def test_what_is_asked_for_is_drawn(text: str) -> None:
    wanted = renderer.asked(text)
    held = [renderer.drawn_concepts(wanted, seed) for seed in range(6)]
    assert sum(wanted.concepts <= one for one in held) >= 5
    other = [renderer.drawn_concepts(renderer.asked("cups"), seed) for seed in range(6)]
    assert sum(wanted.concepts <= one for one in other) <= 3, "and is not there by chance"


def test_it_stands_among_the_models_as_a_maker(tmp_path: Path) -> None:
    renderer.write(tmp_path / RENDERER)
    assert folder.kind(folder.locate(RENDERER, tmp_path)) == "maker"
    assert inventory.usable(tmp_path, "maker") == [RENDERER]
    assert "64 x 64" in inventory.check(RENDERER, tmp_path, device="cpu")
    maker = pictures.open_maker(RENDERER, tmp_path, device="cpu")
    assert maker.identity["name"] == RENDERER
    first, second = maker.make("a red car", [5, 6])
    assert first.shape == (3, 64, 64)
    assert first.dtype == np.uint8
    assert (first != second).any()
    assert (maker.make("a red car", [5])[0] == first).all()


def test_files_of_another_world_are_refused(tmp_path: Path) -> None:
    renderer.write(tmp_path / RENDERER)
    path = tmp_path / RENDERER / "model_index.json"
    path.write_text(path.read_text().replace(renderer.world_hash(), "older"))
    with pytest.raises(BadInput, match="expected the demo's world as it is"):
        pictures.open_maker(RENDERER, tmp_path, device="cpu")
