"""From units of the teachers to the demo's MILAN: simulated annotations, features, training.

    taught = [lesson(recipe, model, gallery, encoder) for recipe, model in teachers]
    trained = teach(taught, encoder)

Teachers are looked at on pictures of their own (`LESSONS`), subjects on others (`PROBE`), so that
MILAN describes units, and images, that it has not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from db.jobs import Watch
from describer.demo import networks, units
from describer.demo.sentences import annotators
from describer.demo.training import recipes
from describer.demo.training.recipes import Recipe
from describer.demo.units import Gallery, Source
from describer.demo.world import scene
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import NAMES
from describer.milan.backbones import EncoderConfig
from describer.milan.encoder import PyramidEncoder
from describer.milan.features import encode
from describer.milan.training import loop
from describer.milan.training.loop import Trained, TrainingConfig

LESSONS = ("lessons", 1200)
PROBE = ("probe", 1200)
FRESH = ("fresh", 600)

CONFIG = TrainingConfig(
    learning_rate=2e-3,
    batch_size=64,
    patience=12,
    max_epochs=24,
    embedding_size=64,
    hidden_size=192,
    attention_size=128,
    minimum_count=2,
    seed=7,
)


@dataclass(frozen=True)
class Lesson:
    """The units of one network that can be described.

    unit: (layer, number) a row. features: float32 (rows, k, feature_size). sentences: three a row.
    """

    subject: str
    unit: tuple[tuple[str, int], ...]
    features: Tensor
    sentences: tuple[tuple[str, ...], ...]


def gallery(which: tuple[str, int]) -> Gallery:
    """The mixed pictures of a split."""
    split, count = which
    return Gallery.of(scene.render_many(split, range(count), variant="probe"))


def encoder_of(network: nn.Module) -> PyramidEncoder:
    """The trained observer as MILAN's encoder; masks are averaged over area, as most are small."""
    config = EncoderConfig(
        name="demo-observer",
        factory="describer.demo.networks:observer",
        layers=recipes.OBSERVER.layers,
        kwargs={"concepts": len(NAMES)},
        mean=networks.MEAN,
        std=networks.STD,
        downsampling="area",
    )
    return PyramidEncoder(config.name, network=network, config=config)


def annotate(name: str, source: Source) -> dict[tuple[str, int], tuple[str, ...]]:
    """Three simulated sentences for every unit of a network's source, dead ones left out."""
    return {
        (layer, unit): tuple(annotators.annotate(profile, Chance("annotate", name, layer, unit)))
        for layer, study in source.studies.items()
        for unit, profile in enumerate(study.profiles)
        if profile.pixels
    }


def lesson(recipe: Recipe, model: nn.Module, pictures: Gallery, encoder: PyramidEncoder) -> Lesson:
    """A network's units with features and simulated annotations."""
    source = Source.of(units.examine(model, pictures, recipe.layers), pictures)
    sentences = annotate(recipe.name, source)
    features = features_of(source, encoder, list(sentences))
    return Lesson(recipe.name, tuple(sentences), features, tuple(sentences.values()))


def features_of(
    source: Source, encoder: PyramidEncoder, wanted: Sequence[tuple[str, int]]
) -> Tensor:
    """float32 (rows, k, feature_size): the encoder's features of units in the order given."""
    by_layer: dict[str, list[int]] = {}
    for layer, unit in wanted:
        by_layer.setdefault(layer, []).append(unit)
    encoded = encode(source, encoder, by_layer)
    places = {
        (layer, int(unit)): row
        for layer, part in encoded.items()
        for row, unit in enumerate(part.units)
    }
    return torch.stack([encoded[layer].features[places[layer, unit]] for layer, unit in wanted])


def teach(
    lessons: Sequence[Lesson],
    encoder: PyramidEncoder,
    *,
    config: TrainingConfig = CONFIG,
    watch: Watch | None = None,
) -> Trained:
    """Train MILAN on the units of some networks."""
    features = torch.cat([lesson.features for lesson in lessons])
    references = [list(three) for lesson in lessons for three in lesson.sentences]
    return loop.train(features, references, encoder, config=config, watch=watch)
