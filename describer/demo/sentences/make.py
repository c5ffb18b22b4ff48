"""What is said about the demo's units: MILAN's descriptions, and simulated annotators' sentences.

    said = say(sources, album, beam_size=50, tell=print)

This takes minutes, so that what it finds is shipped (`sayings`) and a first start need not.
"""

from collections.abc import Callable, Mapping

import numpy as np

from describer import milan
from describer.demo.sentences import milan as sentence_milan
from describer.demo.sentences.annotators import ANNOTATORS
from describer.demo.sentences.shipped import DemoAnnotation, DemoDescription, Sayings
from describer.demo.units import Source, study
from describer.demo.world import albums
from describer.demo.world import scene as world_scene
from describer.demo.world.albums import DemoImages
from describer.demo.world.truth import Atlas
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
    """Describe all units with the demo's MILAN, and let simulated annotators do the same."""
    model = milan.load("demo")
    descriptions = []
    for name, source in sources.items():
        tell(f"{name}: describing units")
        for batch in milan.describe(source, model, options=SearchOptions(beam_size=beam_size)):
            for unit in batch:
                descriptions.append(_described(name, unit))
    tell("simulated annotators write")
    return Sayings(tuple(descriptions), *annotated(sources, album))


def _described(name: str, unit: UnitDescription) -> DemoDescription:
    found = unit.description
    candidates = tuple((each.text, each.log_p_given_e, each.log_p) for each in found.candidates)
    return DemoDescription(name, unit.layer, unit.unit, found.text, found.score, candidates)


def annotated(
    sources: Mapping[str, ExemplarFolder], album: DemoImages
) -> tuple[tuple[Place, ...], tuple[DemoAnnotation, ...]]:
    """Units for people to annotate, and three different simulated sentences about nearly every one.

    People get some of one network's units with a clear truth. Three of the five annotators write
    about a unit, in turns; their words are those that `teaching.annotate` gives. A tenth of the
    units has concepts with so few words that two annotators say the same: those are left out.
    """
    scenes = world_scene.render_many(album.split, albums.numbers(album), variant=album.variant)
    atlas = Atlas.of(scenes)
    images = np.stack([scene.image for scene in scenes])
    answers: list[DemoAnnotation] = []
    clear: list[Place] = []
    for_people = ANNOTATED if ANNOTATED in sources else next(iter(sources))
    for name, source in sources.items():
        studies = {layer: study(source.exemplars(layer), atlas) for layer in source.layers}
        written = sentence_milan.annotate(name, Source(studies, images))
        for turn, ((layer, unit), three) in enumerate(written.items()):
            if len(set(three)) == len(three):
                for place, sentence in enumerate(three):
                    writer = ANNOTATORS[(turn + place) % len(ANNOTATORS)]
                    answers.append(DemoAnnotation(name, layer, unit, writer, sentence))
            if name == for_people and studies[layer].profiles[unit].main is not None:
                clear.append((name, layer, unit))
    step = max(1, len(clear) // CAMPAIGN_UNITS)
    return tuple(clear[::step][:CAMPAIGN_UNITS]), tuple(answers)
