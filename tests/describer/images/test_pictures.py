"""Pictures of more than 8 bits are scaled, transparent ones laid on a colour, arrays loaded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from describer.exemplars import run
from describer.exemplars.records import Settings
from describer.images import latents, pictures, probing
from describer.subjects import factory
from helpers.subject_files import TINY, subject


def ramp(most: float, kind: type, least: float = 0) -> Image.Image:
    return Image.fromarray(np.linspace(least, most, 144).reshape(12, 12).astype(kind))


@pytest.mark.parametrize(
    ("most", "kind"),
    [
        (65535, np.uint16),
        (255, np.int32),
        (4095, np.int32),
        (65535, np.int32),
        (1_000_000, np.int32),
        (1.0, np.float32),
        (255.0, np.float32),
        (4000.0, np.float32),
    ],
)
def test_a_ramp_stays_a_ramp(tmp_path: Path, most: float, kind: type) -> None:
    given = subject(tmp_path)
    shown = pictures.prepare(ramp(most, kind), given)
    expected = np.linspace(0, 255, 144).reshape(12, 12)
    assert np.abs(shown - expected).max() <= 1
    assert (shown[0] == shown[1]).all()


def test_a_dark_picture_of_16_bits_stays_dark_unless_the_file_says_what_is_white(
    tmp_path: Path,
) -> None:
    given, image = subject(tmp_path), ramp(4095, np.uint16)
    assert pictures.prepare(image, given).max() == round(4095 / 257)
    assert pictures.prepare(image, replace(given, white=4095.0)).max() == 255


def test_values_below_zero_and_what_is_no_number_are_kept_in_range(tmp_path: Path) -> None:
    given = subject(tmp_path)
    shown = pictures.prepare(ramp(1, np.float32, least=-1), given)
    assert (shown.min(), shown.max()) == (0, 255)
    broken = np.full((12, 12), np.nan, np.float32)
    assert (pictures.prepare(Image.fromarray(broken), given) == 0).all()


def see_through(mode: str) -> Image.Image:
    """Red that nobody sees, with a blue square in the middle."""
    pixels = np.zeros((12, 12, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[4:8, 4:8] = [0, 0, 255, 255]
    image = Image.fromarray(pixels)
    if mode == "P":
        return image.quantize(4)
    if mode == "tRNS":
        solid = Image.fromarray(pixels[..., :3].copy())
        solid.info["transparency"] = (255, 0, 0)
        return solid
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "tRNS"])
@pytest.mark.parametrize(
    ("background", "colour"),
    [
        ("", (255, 255, 255)),
        ('background = "black"', (0, 0, 0)),
        ("background = [9, 8, 7]", (9, 8, 7)),
    ],
)
def test_transparent_pixels_lie_on_one_colour(
    tmp_path: Path, mode: str, background: str, colour: tuple[int, ...]
) -> None:
    shown = pictures.prepare(see_through(mode), subject(tmp_path, more=background))
    assert tuple(shown[:, 0, 0]) == colour
    assert tuple(shown[:, 5, 5]) != colour


def test_what_was_done_to_odd_pictures_is_said_once(tmp_path: Path) -> None:
    given, root = subject(tmp_path / "subject"), tmp_path / "images"
    root.mkdir()
    for number in range(3):
        ramp(65535, np.uint16).save(root / f"deep{number}.png")
    ramp(1, np.float32).save(root / "float.tif")
    see_through("RGBA").save(root / "glass.png")
    Image.new("RGB", (12, 12)).save(root / "plain.png")
    said = probing.conversions(probing.open_folder(root), given)
    assert [line.partition(":")[0] for line in said] == [
        "3 pictures (16 bits, first deep0.png)",
        "1 picture (float, first float.tif)",
        "1 picture (transparent, first glass.png)",
    ]
    white = probing.conversions(probing.open_folder(root), replace(given, white=4095.0))
    assert "4095 is white, as the subject file says" in white[0]


@pytest.mark.parametrize("size", [(20, 30), (64, 20), (13, 13)])
def test_images_that_are_not_square_are_cut_to_their_shape(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    given = subject(tmp_path, more="image_size = [16, 24]")
    assert pictures.prepare(Image.new("RGB", size), given).shape == (3, 16, 24)
    wide = replace(given, resize_size=(16, 24))
    assert pictures.resized(size, wide) == (24, 16)
    layers = {layer.name: layer for layer in latents.trace(factory.build(given), given)}
    assert layers["first"].grid == (16, 24)


def test_a_grey_network_sees_what_pillow_mixes(tmp_path: Path) -> None:
    code = TINY.replace("channels=3", "channels=1")
    given = subject(tmp_path, code, mean="[0.13]")
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    mixed = torch.from_numpy(np.array(image.convert("L"))) / 255
    inputs = probing.as_inputs(pictures.prepare(image, given)[None], given)
    torch.testing.assert_close(inputs[0, 0], (mixed - 0.13) / 0.13)


LOADER = """
import numpy


def load(path):
    return numpy.load(path)
"""


def test_more_channels_come_through_a_loader(tmp_path: Path) -> None:
    code, root = TINY.replace("channels=3", "channels=6"), tmp_path / "images"
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "read.py").write_text(LOADER)
    more = 'loader = "read.py:load"\nshown = [5, 0, 1]\nlayers = ["first"]'
    given = subject(tmp_path / "net", code, mean="[1, 1, 1, 1, 1, 1]", more=more)
    root.mkdir()
    arrays = np.random.default_rng(0).normal(size=(5, 6, 12, 12)).astype(np.float32)
    for number, array in enumerate(arrays):
        np.save(root / f"{number}.npy", array)
    np.save(root / "wrong.npy", arrays[0, :4])
    skipped: list[probing.Skipped] = []
    opened = probing.open_folder(root)
    (batch,) = probing.batches(opened, given, skipped=skipped)
    inputs = probing.as_inputs(batch.values, given)
    torch.testing.assert_close(inputs, torch.from_numpy(arrays) - 1)
    assert batch.images.shape == (5, 3, 12, 12)
    assert "expected an array of shape (6, height, width), got (4, 12, 12)" in skipped[0].reason
    source = run.study(
        given, opened, tmp_path / "out", options=run.Options(settings=Settings(k=3, quantile=0.9))
    )
    assert source.unit("first", 0).images.shape == (3, 3, 12, 12)
    with pytest.raises(ValueError, match="pictures that were changed or made here"):
        probing.as_inputs(batch.images, given)


def test_an_array_without_a_loader_is_skipped_with_the_way_out(tmp_path: Path) -> None:
    root = tmp_path / "images"
    root.mkdir()
    np.save(root / "a.npy", np.zeros((3, 12, 12)))
    skipped: list[probing.Skipped] = []
    given = subject(tmp_path / "net")
    assert list(probing.batches(probing.open_folder(root), given, skipped=skipped)) == []
    assert "name what reads it, as loader" in skipped[0].reason
