"""Images with painted squares and a network whose units each see one paint."""

from pathlib import Path

import numpy as np
from PIL import Image

COUNT, SIDE, SQUARE = 20, 64, 12

NETWORK = '''
"""Two convolutions of one pixel: unit i is near 1 where its paint is, 0 where another is."""

import torch
from torch import nn


def paints(colours):
    colours = torch.tensor(colours, dtype=torch.float32) / 255
    units = len(colours)
    first = nn.Conv2d(3, 6 * units, 1)
    second = nn.Conv2d(6 * units, units, 1)
    with torch.no_grad():
        first.weight.zero_()
        second.weight.zero_()
        second.bias.fill_(1.0)
        for unit in range(units):
            for channel in range(3):
                for place, sign in ((0, 1.0), (1, -1.0)):
                    row = 6 * unit + 2 * channel + place
                    first.weight[row, channel] = sign
                    first.bias[row] = -sign * colours[unit, channel]
                    second.weight[unit, row] = -2.0
    network = nn.Sequential()
    network.add_module("far", nn.Sequential(first, nn.ReLU()))
    network.add_module("near", nn.Sequential(second, nn.ReLU()))
    return network
'''


def colours() -> list[list[int]]:
    """A colour of each paint, far from the others."""
    steps = [
        (red, green, blue)
        for red in (30, 130, 230)
        for green in (30, 130, 230)
        for blue in (30, 130, 230)
    ]
    return [list(step) for step in steps if step != (130, 130, 130)][:COUNT]


def world(folder: Path, *, count: int = 24) -> tuple[Path, Path, Path]:
    """Write the network, the images and their label maps: SUBJECT.toml, images, concepts."""
    generator = np.random.default_rng(0)
    images, concepts = folder / "images", folder / "concepts"
    (concepts / "labels").mkdir(parents=True)
    images.mkdir()
    names = ["", *(f"paint {number}" for number in range(COUNT))]
    (concepts / "names.txt").write_text("\n".join(names) + "\n")
    for number in range(count):
        image = np.full((SIDE, SIDE, 3), 130.0)
        labels = np.zeros((SIDE, SIDE), np.uint8)
        for paint in generator.permutation(COUNT)[:6]:
            top, left = generator.integers(0, SIDE - SQUARE, 2)
            image[top : top + SQUARE, left : left + SQUARE] = colours()[paint]
            labels[top : top + SQUARE, left : left + SQUARE] = paint + 1
        image += generator.normal(0, 4, image.shape)
        picture = image.clip(0, 255).astype(np.uint8)
        Image.fromarray(picture).save(images / f"{number:03d}.png")
        Image.fromarray(labels).save(concepts / "labels" / f"{number:03d}.png")
    (folder / "network.py").write_text(NETWORK)
    (folder / "SUBJECT.toml").write_text(
        'name = "paints"\nfactory = "network.py:paints"\n'
        f'kwargs = {{ colours = {colours()} }}\nlayers = ["near"]\nimage_size = {SIDE}\n'
        "mean = [0.0, 0.0, 0.0]\nstd = [1.0, 1.0, 1.0]\n"
    )
    return folder / "SUBJECT.toml", images, concepts
