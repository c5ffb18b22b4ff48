"""Small real things to test with: a two-layer network, images it can tell apart, a tiny MILAN."""

from pathlib import Path

import numpy as np
from PIL import Image

NETWORK = '''
"""A network of two convolutions and a classifier of two classes."""

import torch
from torch import nn


def two_layers(width: int = 6) -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential()
    network.add_module("early", nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU()))
    network.add_module(
        "late", nn.Sequential(nn.Conv2d(width, width + 2, 3, stride=2, padding=1), nn.ReLU())
    )
    network.add_module("pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    network.add_module("head", nn.Linear(width + 2, 2))
    return network
'''

SUBJECT = """
name = "two-layers"
factory = "network.py:two_layers"
kwargs = { width = 6 }
layers = ["early", "late"]
image_size = 32
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
classes = ["blue", "red"]
"""


def two_layer_subject(folder: Path) -> Path:
    """Write the network and its subject file; returns the path of the subject file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.py").write_text(NETWORK)
    path = folder / "SUBJECT.toml"
    path.write_text(SUBJECT)
    return path


def coloured_images(folder: Path, *, count: int = 20, seed: int = 0) -> Path:
    """Write `count` images of each of two classes: a red or blue patch somewhere on noise."""
    generator = np.random.default_rng(seed)
    for channel, name in ((0, "red"), (2, "blue")):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            image = generator.integers(60, 120, (32, 32, 3), dtype=np.uint8)
            top, left = generator.integers(0, 20, 2)
            image[top : top + 12, left : left + 12] = 20
            image[top : top + 12, left : left + 12, channel] = 230
            Image.fromarray(image).save(folder / name / f"{index:03d}.png")
    return folder


def tiny_milan(folder: Path) -> Path:
    """Write a MILAN checkpoint of random weights over one convolution, in our format."""
    import torch
    import torchvision

    from describer.milan.backbones import config_of
    from describer.milan.checkpoints import folder as checkpoint_folder
    from describer.milan.decoder import Decoder, DecoderConfig
    from describer.milan.language import LanguageConfig, LanguageModel
    from describer.milan.model import Model
    from describer.milan.vocabulary import Vocabulary

    torch.manual_seed(0)
    vocabulary = Vocabulary(("red", "blue", "patches", "dog", "faces", "text", "on", "a"))
    sizes = {"embedding_size": 8, "hidden_size": 16}
    network = torchvision.models.resnet18(weights=None)
    model = Model(
        decoder=Decoder(
            DecoderConfig(len(vocabulary), 64, attention_size=16, steps=6, **sizes)
        ).eval(),
        language=LanguageModel(LanguageConfig(len(vocabulary), **sizes)).eval(),
        vocabulary=vocabulary,
        encoder_config=config_of("resnet18", layers=("conv1",)),
        encoder_state={"conv1.weight": network.conv1.weight.detach()},
    )
    with torch.no_grad():
        # An untrained decoder stops at once; this one has something to say.
        model.decoder.output.bias[vocabulary.stop] = -8.0
    checkpoint_folder.save(model, folder, training={"data": "random weights"})
    return folder
