"""The demo's image maker: a caption is read, and the world draws what it asks for.

    renderer = Renderer.open(models / "demo-renderer")
    renderer.make("a red car on grass", seeds=[1, 2, 3])        # three images, uint8 (3, 64, 64)
    unread("a red unicorn")                                     # ("unicorn",)

It stands where a diffusion model stands elsewhere: text in, pictures out, by seeds. What a word
asks for is drawn, the rest is chance; several pictures are drawn for each that is asked for, and
the one that holds most of the words, by its true pixels, is given. Words that the world does not
have change nothing, and `unread` says which they are.
"""

import functools
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from describer.demo.world import concepts, people, places
from describer.demo.world.canvas import SIZE, Canvas, Pen
from describer.demo.world.chance import Chance
from describer.demo.world.concepts import (
    CONCEPTS,
    FAMILIES,
    NAMES,
    WHOLES,
    concepts_in,
    with_families,
)
from describer.demo.world.objects import CLASSES
from describer.demo.world.people import Look
from describer.demo.world.scene import WORDS

CLASS_NAME = "DemoRenderer"
TURNS = 8
ENOUGH, MOSTLY = 0.004, 0.3
_WORLD = Path(people.__file__).resolve().parent

# Words of captions and prompts that ask for nothing.
SILENT = frozenset(
    (
        *("a", "an", "the", "of", "on", "in", "at", "with", "and", "or", "that", "are", "is", "to"),
        *("by", "from", "its", "some", "many", "picture", "image", "photo", "drawing", "showing"),
        *("areas", "things", "patterns", "shapes", "colors", "colored", "worn", "standing"),
        *("sitting", "looking", "realistic", "depicting"),
    )
)
_PLACES: dict[str, tuple[str, ...]] = {
    "sky": ("meadow", "sea", "street", "beach", "snow", "dusk"),
    "cloud": ("meadow", "sea", "street", "beach"),
    "sun": ("meadow", "sea", "beach"),
    "moon": ("night",),
    "hill": ("meadow", "snow", "night", "dusk"),
    "grass": ("meadow",),
    "water": ("sea", "deep"),
    "sand": ("beach", "deep"),
    "snow": ("snow",),
    "road": ("street",),
    "table": ("room",),
    "wall": ("room",),
    "weed": ("deep",),
    "bubbles": ("deep",),
    "star": ("night",),
}
_WORN = ("hat", "glasses", "beard")


@dataclass(frozen=True)
class Asked:
    """What a text asks for: concepts, and colours or textures of some (quality, concept)."""

    concepts: frozenset[str]
    pairs: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Renderer:
    """The image maker, behind the interface of `describer.methods.models.pictures.Maker`."""

    identity: dict[str, Any]

    @classmethod
    def open(cls, folder: Path, identity: dict[str, Any]) -> "Renderer":
        """The renderer whose files are in a folder.

        Raises:
            BadInput: they were written of another world.
        """
        from db.errors import BadInput

        kept = json.loads((folder / "model_index.json").read_text("utf-8")).get("world")
        if kept != world_hash():
            raise BadInput(
                f"expected the demo's world as it is in {folder}, got another: remove that folder "
                "and start the demo anew"
            )
        return cls(identity)

    def make(self, text: str, seeds: Sequence[int]) -> list[NDArray[np.uint8]]:
        """Pictures of a text, uint8 (3, 64, 64), one a seed."""
        wanted = asked(text)
        return [_best(wanted, seed)[0] for seed in seeds]

    def unread(self, text: str) -> tuple[str, ...]:
        """The words of a text that were not understood."""
        return unread(text)


def write(folder: Path) -> None:
    """Leave the files by which the renderer is found among the models."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"_class_name": CLASS_NAME, "world": world_hash()}
    (folder / "model_index.json").write_text(json.dumps(values, indent=1) + "\n", "utf-8")
    (folder / "README.md").write_text(
        "---\nlicense: mit\n---\n\nThe demo's renderer: reads a caption and draws it in the demo's "
        "world. It has no weights.\n",
        "utf-8",
    )


@functools.cache
def world_hash() -> str:
    """The hash of the code that draws."""
    total = hashlib.blake2b(digest_size=20)
    for path in sorted(_WORLD.glob("*.py")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def asked(text: str) -> Asked:
    """Read a text: the concepts it names, and which quality stands before which thing.

    >>> sorted(asked("striped sails of red boats").pairs)
    [('red', 'boat'), ('stripes', 'sail')]
    """
    pairs = set()
    words = re.findall(r"[a-z]+", text.lower())
    waiting: list[str] = []
    place = 0
    while place < len(words):
        length, name = _longest(words, place)
        if name is None:
            waiting = waiting if words[place] in ("and", "that", "are") else []
            place += 1
            continue
        if CONCEPTS[name].kind in ("colour", "texture"):
            waiting.append(name)
        else:
            pairs |= {(quality, name) for quality in waiting}
            waiting = []
        place += length
    return Asked(concepts_in(text), frozenset(pairs))


def unread(text: str) -> tuple[str, ...]:
    """The words that name nothing of the world and are not silent, in their order."""
    words = re.findall(r"[a-z]+", text.lower())
    found, place = [], 0
    while place < len(words):
        length, name = _longest(words, place)
        if name is None and words[place] not in SILENT:
            found.append(words[place])
        place += length
    return tuple(dict.fromkeys(found))


def _longest(words: Sequence[str], place: int) -> tuple[int, str | None]:
    """How many words from a place name one concept, and which; (1, None) where none does."""
    for length in (3, 2, 1):
        part = words[place : place + length]
        if (name := concepts.named(" ".join(part))) is not None:
            return len(part), name
    return 1, None


def drawn_concepts(wanted: Asked, seed: int) -> frozenset[str]:
    """The concepts that the picture of a seed holds, by its true pixels."""
    _, shares = _best(wanted, seed)
    return frozenset(
        name
        for name, share in zip(NAMES, shares.tolist(), strict=True)
        # edges are nowhere painted and everywhere
        if share >= ENOUGH or CONCEPTS[name].kind == "edge"
    )


def _best(wanted: Asked, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Of several drawings the first that holds most of what is asked for, and the share of it that
    each concept has: float (concepts,)."""
    best: tuple[float, NDArray[np.uint8], NDArray[np.float64]] | None = None
    for turn in range(TURNS):
        image, holds, parts = _draw(wanted, Chance("renderer", seed, turn))
        got = _held(wanted, holds, parts)
        if best is None or got > best[0]:
            shares = np.bincount(parts.ravel(), minlength=len(holds)) / parts.size @ holds
            best = (got, image, shares)
        if got >= len(wanted.concepts) + len(wanted.pairs):
            break
    assert best is not None, "there is a first turn"
    return best[1], best[2]


def _draw(
    wanted: Asked, chance: Chance
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.uint8]]:
    """A picture; bool (parts, concepts), what holds in each part; and the parts' pixels."""
    canvas = Canvas()
    names = wanted.concepts
    kinds = {WHOLES.get(name, name) for name in names} & set(CLASSES)
    for family in names & set(FAMILIES.values()):
        if not any(FAMILIES.get(kind) == family for kind in kinds):
            kinds.add(chance.pick([n for n in CLASSES if FAMILIES.get(n) == family]))
    person = any(WHOLES.get(name) == "person" for name in names) or "person" in names
    if not kinds and not person:
        # nothing that stands anywhere: whatever may have the colour, the shape, the letters
        kinds = {chance.pick(tuple(CLASSES))}
    place = _place(names, kinds, chance)
    horizon = places.background(canvas, chance, place)
    places.clutter(canvas, chance, horizon, most=3 if _small(names) else 1)
    for kind in sorted(kinds):
        size = chance.between(10, 20) if len(kinds) == 1 and not person else chance.between(9, 14)
        x, y = chance.between(size, SIZE - size), chance.between(size + 1, SIZE - size - 1)
        pen = Pen(canvas, x, y, size, flip=chance.happens(0.5), concepts=(kind,))
        CLASSES[kind](pen, chance)
    if person:
        look = _look(names, people.anybody(chance))
        x, y = chance.between(14, 50), chance.between(24, 38)
        people.draw(canvas, chance, look, x=x, y=y, radius=chance.between(7, 11))
    if "text" in names:
        x, y = chance.between(1, 50), chance.between(1, 50)
        places.sign(canvas, chance, chance.pick(WORDS), x=x, y=y, varied=True)
    image, parts, held = canvas.finish()
    sets = [with_families(names_here) for names_here in held]
    return image, np.array([[name in each for name in NAMES] for each in sets]), parts


def _small(names: frozenset[str]) -> bool:
    small = {"ball", "box", "fence", "kite", "star", "circle", "square", "triangle"}
    return bool(names & small)


def _place(names: frozenset[str], kinds: set[str], chance: Chance) -> str:
    """A place that has what is named of places; where nothing is, one where the thing belongs."""
    fits = [set(_PLACES[name]) for name in sorted(names) if name in _PLACES]
    common = set.intersection(*fits) if fits else set()
    if common or fits:
        return chance.pick(sorted(common or fits[0]))
    if kinds and chance.happens(0.75):
        return chance.pick(places.PLACES[min(kinds)])
    return chance.pick(places.EVERYWHERE)


def _look(names: frozenset[str], by_chance: Look) -> Look:
    """A look with what is named of it."""
    if not names & set(_WORN):
        return by_chance
    return Look(
        by_chance.hair,
        long_hair=by_chance.long_hair,
        glasses="glasses" in names,
        hat="hat" in names,
        beard="beard" in names,
    )


def _held(wanted: Asked, holds: NDArray[np.bool_], parts: NDArray[np.uint8]) -> float:
    """How many of the concepts and qualities asked for the picture has."""
    counts = np.bincount(parts.ravel(), minlength=len(holds)) / parts.size
    shares = counts @ holds
    found = 0.0
    for name in wanted.concepts:
        # edges are nowhere painted and everywhere: nothing is asked of a picture for them
        found += CONCEPTS[name].kind == "edge" or shares[NAMES.index(name)] >= ENOUGH
    for quality, name in wanted.pairs:
        here = holds[:, NAMES.index(name)]
        both = float(counts[here & holds[:, NAMES.index(quality)]].sum())
        found += both >= MOSTLY * max(float(counts[here].sum()), 1e-9)
    return found
