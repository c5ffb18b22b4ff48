"""Does MILAN generalise? Trained on some networks of the demo, tested on others (Table 3).

Each row trains a MILAN of its own, with fewer epochs than the shipped one, on the units of some
networks, and describes units of others. Everything is looked at on the teachers' pictures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from describer import milan
from describer.demo import shipped, units
from describer.demo.checks import likeness, scores
from describer.demo.checks.table import Section
from describer.demo.crew import crew
from describer.demo.sentences import milan as sentence_milan
from describer.demo.sentences.milan import Lesson
from describer.demo.training import recipes
from describer.demo.training.recipes import Recipe
from describer.demo.units import Gallery, Source
from describer.demo.world.truth import Profile
from describer.milan.encoder import PyramidEncoder

Report = Callable[[str], None]

CONFIG = replace(sentence_milan.CONFIG, max_epochs=14, patience=14)
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
    sentences = sentence_milan.annotate(recipe.name, source)
    features = sentence_milan.features_of(source, encoder, list(sentences))
    profiles = tuple(source.studies[layer].profiles[unit] for layer, unit in sentences)
    return Pupil(
        Lesson(recipe.name, tuple(sentences), features, tuple(sentences.values())), profiles
    )


TESTED = ("signs", "people-sharp", "transformer", "generator")
SPLITS = (
    ("across seeds", "teacher-residual", ("signs", "people-sharp")),
    ("across architectures", "teacher-plain", ("signs", "people-sharp")),
    ("across architectures", "teacher-residual", ("teacher-plain-signs",)),
    ("convolutions to transformer", "teacher", ("transformer",)),
    ("classifiers to generator", "teacher", ("generator",)),
)


def table(*, report: Report) -> Section:
    """Within networks, across seeds and across architectures."""
    names = [each.name for each in recipes.SUBJECTS if each.teaches or each.name in TESTED]
    with crew() as pool:
        pupils = dict(zip(names, pool.map(_shipped_pupil, names), strict=True))
        report(f"units of {len(pupils)} networks encoded")
        tasks = [_within(pupils), *(_across(pupils, *split) for split in SPLITS)]
        spoken = list(pool.map(_speak, *zip(*((t.train, t.test) for t in tasks), strict=True)))
    measure, match = likeness.meaning(milan.load("demo"))
    rows = [
        (*task.names, *_score(task.test, sentences, match))
        for task, sentences in zip(tasks, spoken, strict=True)
    ]
    report("generalization measured")
    return Section(
        "Generalization",
        f"Each row is a MILAN of its own, {CONFIG.max_epochs} epochs, tested on at most "
        f"{MOST_UNITS} units a network. Intervals: 95 %, over units. "
        f"{likeness.remark(measure)}".rstrip(),
        ("split", "trained on", "tested on", "main concept named", "F1", "BLEU", measure),
        tuple(rows),
    )


@dataclass(frozen=True)
class Task:
    """A row of the table: what it is called, and which units to learn from and to describe."""

    names: tuple[str, str, str]
    train: tuple[Pupil, ...]
    test: tuple[Pupil, ...]


def _shipped_pupil(name: str) -> Pupil:
    """A network's units among the teachers' pictures; of those only tested, some."""
    recipe = recipes.subject(name)
    pictures = sentence_milan.gallery(sentence_milan.LESSONS)
    found = pupil(recipe, pictures, milan.load("demo").encoder())
    return found if recipe.teaches else _some(found)


def _some(one: Pupil) -> Pupil:
    order = np.random.default_rng(0).permutation(len(one.profiles))[:MOST_UNITS]
    return one.part(sorted(order.tolist()))


def _within(pupils: Mapping[str, Pupil]) -> Task:
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
    names = ("within networks", "90 % of the teachers' units", "the other 10 %")
    return Task(names, tuple(train), tuple(test))


def _across(pupils: Mapping[str, Pupil], split: str, prefix: str, tested: tuple[str, ...]) -> Task:
    train = tuple(one for name, one in pupils.items() if name.startswith(prefix))
    test = tuple(_some(pupils[name]) for name in tested)
    names = ", ".join(one.lesson.subject for one in train)
    return Task((split, names, ", ".join(tested)), train, test)


def _speak(train: Sequence[Pupil], test: Sequence[Pupil]) -> list[str]:
    """Train a MILAN of its own in a process of its own; what it says of the tested units."""
    encoder = milan.load("demo").encoder()
    taught = sentence_milan.teach([one.lesson for one in train], encoder, config=CONFIG)
    sentences: list[str] = []
    for one in test:
        described = taught.model.describe_features(one.lesson.features, beam_size=10)
        sentences += [description.text for description in described]
    return sentences


def _score(
    test: Sequence[Pupil], sentences: Sequence[str], match: likeness.Match
) -> tuple[str, ...]:
    """Named, F1, BLEU and likeness of sentences about the tested units."""
    profiles = [profile for one in test for profile in one.profiles]
    references = [three for one in test for three in one.lesson.sentences]
    naming = scores.naming(sentences, profiles)
    found = (naming.share(), naming.f1(), likeness.bleu(sentences, references))
    return (*map(str, found), str(scores.mean(match(sentences, references))))
