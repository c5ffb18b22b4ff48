"""What is said about the demo's units: MILAN's descriptions, and the beginning of a campaign.

    said = say(sources, album, beam_size=50, tell=print)

This takes minutes, so that what it finds is shipped (`sayings`) and a first start need not.
"""

from collections.abc import Callable, Mapping

import numpy as np

from describer import milan
from describer.demo import albums, teaching, world
from describer.demo.albums import DemoImages
from describer.demo.annotators import ANNOTATORS
from describer.demo.sayings import DemoAnnotation, DemoDescription, Sayings
from describer.demo.truth import Atlas
from describer.demo.units import Source, study
from describer.exemplars.layout import ExemplarFolder
from describer.milan.describing import SearchOptions, UnitDescription

Place = tuple[str, str, int]

ANNOTATED = "transformer"
CAMPAIGN_UNITS = 24


def say(
    sources: Mapping[str, ExemplarFolder],
    album: DemoImages,
    *,
    beam_size: int,
    tell: Callable[[str], None],
) -> Sayings:
    """Describe all units with the demo's MILAN, and begin a campaign with simulated annotators."""
    model = milan.load("demo")
    descriptions = []
    for name, source in sources.items():
        tell(f"{name}: describing units")
        for batch in milan.describe(source, model, options=SearchOptions(beam_size=beam_size)):
            for unit in batch:
                descriptions.append(_described(name, unit))
    tell("simulated annotators write")
    name = ANNOTATED if ANNOTATED in sources else next(iter(sources))
    campaign, answers = _campaign(name, sources[name], album)
    return Sayings(tuple(descriptions), campaign, answers)


def _described(name: str, unit: UnitDescription) -> DemoDescription:
    found = unit.description
    candidates = tuple((each.text, each.log_p_given_e, each.log_p) for each in found.candidates)
    return DemoDescription(name, unit.layer, unit.unit, found.text, found.score, candidates)


def _campaign(
    name: str, source: ExemplarFolder, album: DemoImages
) -> tuple[tuple[Place, ...], tuple[DemoAnnotation, ...]]:
    """Units of a network to annotate, those with a clear truth first, and simulated answers.

    Of every three units one has no answer yet, one has one, one has two.
    """
    scenes = world.render_many(album.split, albums.numbers(album), variant=album.variant)
    atlas = Atlas.of(scenes)
    studies = [study(source.exemplars(layer), atlas) for layer in source.layers]
    images = np.stack([scene.image for scene in scenes])
    written = teaching.annotate(name, Source({s.layer: s for s in studies}, images))
    clear = [
        unit
        for unit in written
        for profile in (studies[source.layers.index(unit[0])].profiles[unit[1]],)
        if profile.main is not None
    ]
    step = max(1, len(clear) // CAMPAIGN_UNITS)
    chosen = clear[::step][:CAMPAIGN_UNITS]
    answers = [
        DemoAnnotation(name, layer, unit, annotator, sentence)
        for place, (layer, unit) in enumerate(chosen)
        for annotator, sentence in zip(
            ANNOTATORS[: place % 3], written[layer, unit][: place % 3], strict=True
        )
    ]
    return tuple((name, layer, unit) for layer, unit in chosen), tuple(answers)
