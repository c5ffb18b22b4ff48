"""Small real things: a tiny model, a two-layer network, a folder of exemplars in memory."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from describer.exemplars.records import LayerExemplars
from describer.layers.catalogue import Layer
from describer.milan.backbones import EncoderConfig
from describer.milan.decoder import Decoder, DecoderConfig
from describer.milan.language import LanguageConfig, LanguageModel
from describer.milan.model import Model
from describer.milan.vocabulary import Vocabulary

WORDS = ("dog", "faces", "red", "round", "things", ",", "the", "sky")
FEATURES = 10


@dataclass(frozen=True)
class MemoryFolder:
    """Exemplars in memory; counts how often each image was asked for."""

    arrays: dict[str, LayerExemplars]
    images: NDArray[np.uint8]
    masks: dict[str, NDArray[np.bool_]]
    asked: list[int]

    @property
    def layers(self) -> list[str]:
        return list(self.arrays)

    def units(self, layer: str) -> int:
        return len(self.arrays[layer].ids)

    def exemplars(self, layer: str) -> LayerExemplars:
        return self.arrays[layer]

    def image(self, image_id: int) -> NDArray[np.uint8]:
        self.asked.append(image_id)
        image: NDArray[np.uint8] = self.images[image_id]
        return image

    def mask(self, layer: str, unit: int, rank: int) -> NDArray[np.bool_]:
        mask: NDArray[np.bool_] = self.masks[layer][unit, rank]
        return mask


def make_folder(sizes: dict[str, int], *, k: int = 3, images: int = 7) -> MemoryFolder:
    generator = np.random.default_rng(0)
    arrays = {}
    for name, units in sizes.items():
        ids = np.stack([generator.permutation(images)[:k] for _ in range(units)]).astype(np.int64)
        arrays[name] = LayerExemplars(
            layer=Layer(name, "map", units, (4, 4)),
            ids=ids,
            activations=np.ones((units, k), np.float32),
            maps=np.zeros((units, k, 4, 4), np.float16),
            levels=np.zeros(units, np.float32),
            dead=np.zeros(units, np.bool_),
            nan_counts=np.zeros(units, np.int64),
        )
    return MemoryFolder(
        arrays=arrays,
        images=generator.integers(0, 256, (images, 3, 16, 16), dtype=np.uint8),
        masks={name: generator.random((n, k, 16, 16)) > 0.5 for name, n in sizes.items()},
        asked=[],
    )


def two_layers() -> nn.Sequential:
    torch.manual_seed(1)
    network = nn.Sequential()
    network.add_module("first", nn.Conv2d(3, 4, 3, stride=2, padding=1))
    network.add_module("rectify", nn.ReLU())
    network.add_module("second", nn.Conv2d(4, 6, 3, stride=2, padding=1))
    return network.eval()


ENCODER = EncoderConfig("tiny", "tests:two_layers", ("first", "second"))


def make_model(
    *,
    language: bool = True,
    words: tuple[str, ...] = WORDS,
    sharp: float = 3,
    steps: int = 6,
) -> Model:
    torch.manual_seed(0)
    vocabulary = Vocabulary(words)
    size = len(vocabulary)
    decoder = Decoder(
        DecoderConfig(
            size, FEATURES, embedding_size=5, hidden_size=12, attention_size=7, steps=steps
        )
    )
    prior = LanguageModel(LanguageConfig(size, embedding_size=5, hidden_size=9))
    with torch.no_grad():
        for module in (decoder, prior):
            for parameter in module.parameters():
                parameter *= sharp
    return Model(
        decoder=decoder.eval(),
        language=prior.eval() if language else None,
        vocabulary=vocabulary,
        encoder_config=ENCODER,
        network=two_layers(),
    )
