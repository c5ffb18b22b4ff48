"""Does MILAN generalise? Trained on some networks of the demo, tested on others (Table 3).

Each row trains a MILAN of its own, with fewer epochs than the shipped one, on the units of some
networks, and describes units of others. Everything is looked at on the teachers' pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from describer.demo import curriculum, likeness, scores, shipped, teaching, units
from describer.demo.curriculum import Recipe
from describer.demo.table import Section
from describer.demo.teaching import Lesson
from describer.demo.truth import Profile
from describer.demo.units import Gallery, Source
from describer.milan.encoder import PyramidEncoder

Report = Callable[[str], None]

CONFIG = replace(teaching.CONFIG, max_epochs=14, patience=14)
MOST_UNITS = 150
WITHIN = 0.1


@dataclass(frozen=True)
class Pupil:
    """A network's units as a lesson, with the truth about each."""

    lesson: Lesson
    profiles: tuple[Profile, ...]

    def part(self, rows: Sequence[int]) -> "Pupil":
        """Some of the units."""
        chosen = list(rows)
        lesson = replace(
            self.lesson,
            unit=tuple(self.lesson.unit[row] for row in chosen),
            features=self.lesson.features[chosen],
            sentences=tuple(self.lesson.sentences[row] for row in chosen),
        )
        return Pupil(lesson, tuple(self.profiles[row] for row in chosen))


def pupil(recipe: Recipe, pictures: Gallery, encoder: PyramidEncoder) -> Pupil:
    """A shipped network's units."""
    source = Source.of(units.examine(shipped.load(recipe), pictures, recipe.layers), pictures)
    sentences = teaching.annotate(recipe.name, source)
    features = teaching.features_of(source, encoder, list(sentences))
    profiles = tuple(source.studies[layer].profiles[unit] for layer, unit in sentences)
    return Pupil(
        Lesson(recipe.name, tuple(sentences), features, tuple(sentences.values())), profiles
    )


def table(pictures: Gallery, encoder: PyramidEncoder, *, report: Report) -> Section:
    """Within networks, across seeds and across architectures."""
    pupils = {
        recipe.name: pupil(recipe, pictures, encoder)
        for recipe in curriculum.SUBJECTS
        if recipe.teaches or recipe.name in ("signs", "people-sharp", "transformer", "generator")
    }
    report(f"units of {len(pupils)} networks encoded")
    rows = [
        _within(pupils, encoder),
        _across(pupils, encoder, "across seeds", "teacher-residual", ("signs", "people-sharp")),
        _across(
            pupils, encoder, "across architectures", "teacher-plain", ("signs", "people-sharp")
        ),
        _across(
            pupils, encoder, "across architectures", "teacher-residual", ("teacher-plain-signs",)
        ),
        _across(pupils, encoder, "convolutions to transformer", "teacher", ("transformer",)),
        _across(pupils, encoder, "classifiers to generator", "teacher", ("generator",)),
    ]
    report("generalization measured")
    return Section(
        "Generalization",
        f"Each row is a MILAN of its own, {CONFIG.max_epochs} epochs, tested on at most "
        f"{MOST_UNITS} units a network. Intervals: 95 %, over units.",
        ("split", "trained on", "tested on", "main concept named", "F1", "BLEU"),
        tuple(rows),
    )


def _within(pupils: Mapping[str, Pupil], encoder: PyramidEncoder) -> tuple[str, ...]:
    """Nine tenths of each teacher's units for training, the rest for the test."""
    train, test = [], []
    generator = np.random.default_rng(0)
    for name, one in pupils.items():
        if not name.startswith("teacher"):
            continue
        order = generator.permutation(len(one.profiles))
        cut = round(WITHIN * len(order))
        test.append(one.part(sorted(order[:cut].tolist())))
        train.append(one.part(sorted(order[cut:].tolist())))
    return (
        "within networks",
        "90 % of the teachers' units",
        "the other 10 %",
        *_score(train, test, encoder),
    )


def _across(
    pupils: Mapping[str, Pupil],
    encoder: PyramidEncoder,
    split: str,
    prefix: str,
    tested: tuple[str, ...],
) -> tuple[str, ...]:
    train = [one for name, one in pupils.items() if name.startswith(prefix)]
    generator = np.random.default_rng(0)
    test = []
    for name in tested:
        order = generator.permutation(len(pupils[name].profiles))[:MOST_UNITS]
        test.append(pupils[name].part(sorted(order.tolist())))
    names = ", ".join(one.lesson.subject for one in train)
    return (split, names, ", ".join(tested), *_score(train, test, encoder))


def _score(
    train: Sequence[Pupil], test: Sequence[Pupil], encoder: PyramidEncoder
) -> tuple[str, str, str]:
    taught = teaching.teach([one.lesson for one in train], encoder, config=CONFIG)
    sentences: list[str] = []
    for one in test:
        described = taught.model.describe_features(one.lesson.features, beam_size=10)
        sentences += [description.text for description in described]
    profiles = [profile for one in test for profile in one.profiles]
    references = [three for one in test for three in one.lesson.sentences]
    naming = scores.naming(sentences, profiles)
    return str(naming.share()), str(naming.f1()), f"{likeness.bleu(sentences, references):.2f}"
