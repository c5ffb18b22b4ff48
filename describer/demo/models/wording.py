"""What a picture of the demo world, or a part of one, is called: captions from its true pixels.

    view = View.of(parts, names)                 # a picture's parts, or a crop of them
    caption(view, chance)                        # "a yellow car with wheels on a grey road"
    phrases(view, base, chance)                  # "wheels, yellow cars"

These are the texts that the demo's image-text encoder and captioner learn from, as such models
learn from what people wrote beside photographs. They say what is there, never what a unit does.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from describer.demo.world.chance import Chance
from describer.demo.world.concepts import CONCEPTS, FAMILIES

THING, SCENE, WRITING = 0.012, 0.07, 0.01
MOST_THINGS, MOST_SCENES = 3, 2
DOMINANT, WHOLE = 0.45, 0.6
LIFT = 1.5

# Words of captions that are no concept's.
GRAMMAR = ("a", "with", "of", "on", "and", "in", "at", "that", "are", "sign", "picture")
ADJECTIVES = {
    "stripes": "striped",
    "dots": "dotted",
    "checks": "checkered",
    "zigzags": "zigzag",
    "bricks": "brick",
    "waves": "wavy",
}
SAYABLE_SHAPES = {"circle": "round", "triangle": "pointed"}


@dataclass(frozen=True)
class View:
    """Pixels of what each thing shows, as shares of the view.

    nouns: share by noun (a thing, else a part of the place). colours, textures, parts: within a
    noun, share by name. concepts: share by concept.
    """

    nouns: Mapping[str, float]
    colours: Mapping[str, Counter[str]]
    textures: Mapping[str, Counter[str]]
    parts: Mapping[str, Counter[str]]
    concepts: Mapping[str, float]

    @classmethod
    def of(cls, parts: NDArray[np.uint8], names: Sequence[tuple[str, ...]]) -> "View":
        """A view of pixels.

        Args:
            parts: uint8 (H, W), an index into names, as `scene.Scene` has them.
            names: the concepts of each part.
        """
        counts = np.bincount(parts.ravel(), minlength=len(names)) / parts.size
        nouns: Counter[str] = Counter()
        concepts: Counter[str] = Counter()
        within: list[defaultdict[str, Counter[str]]] = [defaultdict(Counter) for _ in range(3)]
        for share, held in zip(counts.tolist(), names, strict=True):
            known = [name for name in held if name in CONCEPTS]
            if not share or not known:
                continue
            for name in {*known, *(FAMILIES[name] for name in known if name in FAMILIES)}:
                concepts[name] += share
            noun = _noun(known)
            if noun is None:
                continue
            nouns[noun] += share
            for name in known:
                kind = CONCEPTS[name].kind
                place = {"colour": 0, "texture": 1, "part": 2, "face": 2}.get(kind)
                if place is not None and name != noun:
                    within[place][noun][name] += share
        return cls(nouns, within[0], within[1], within[2], concepts)


def caption(view: View) -> str:
    """One sentence, the largest things first, then the place, then the sign; "" of nothing.

    The same view has the same caption, so that a captioner can learn it.
    """
    ranked = sorted(view.nouns, key=lambda noun: (-view.nouns[noun], noun))
    things = [n for n in ranked if CONCEPTS[n].kind == "thing" and view.nouns[n] >= THING]
    scenes = [n for n in ranked if CONCEPTS[n].kind != "thing" and n != "text"]
    scenes = [noun for noun in scenes if view.nouns[noun] >= SCENE]
    said = " and ".join(_thing(view, noun) for noun in things[:MOST_THINGS])
    place = " and ".join(_coloured(view, noun, _singular(noun)) for noun in scenes[:MOST_SCENES])
    if said and place:
        said = f"{said} on {place}"
    elif place:
        said = place
    if view.nouns.get("text", 0) >= WRITING:
        return f"{said} with a sign with words" if said else "a sign with words"
    return said


def phrases(view: View, base: Mapping[str, float], chance: Chance, *, most: int = 3) -> str:
    """Some of the concepts that are more frequent here than anywhere, in the words of a unit.

    Args:
        base: each concept's share of all pixels of the world.
    """
    fits = [
        name
        for name, share in view.concepts.items()
        if share >= 0.01 and share >= LIFT * base.get(name, 0.0)
    ]
    if not fits:
        return caption(view)
    weights = [min(view.concepts[name], 0.5) ** 0.5 for name in fits]
    chosen = dict.fromkeys(chance.weighted(fits, weights) for _ in range(chance.whole(1, most)))
    return ", ".join(_phrase(view, name, chance) for name in chosen)


def vocabulary() -> list[str]:
    """Every word of captions and phrases, in order."""
    words = {*GRAMMAR, *ADJECTIVES.values(), *SAYABLE_SHAPES.values()}
    for concept in CONCEPTS.values():
        for text in (concept.name, *concept.phrases, *concept.forms):
            words.update(text.lower().split())
        words.update(_singular(concept.name).split())
        words.update(part for text in concept.phrases for part in _without_s(text).split())
    return sorted(words)


def _noun(known: Sequence[str]) -> str | None:
    """What a part is called: the thing it belongs to, else writing, else what the place has."""
    for wanted in (("thing",), ("text",), ("scene",), ("part",)):
        for name in known:
            if CONCEPTS[name].kind in wanted:
                return name
    return None


def _thing(view: View, noun: str) -> str:
    """A thing with its colour and the part of it that is most of it, or its telling parts."""
    total = view.nouns[noun]
    parts = [part for part, _ in view.parts[noun].most_common()]
    if parts and view.parts[noun][parts[0]] >= WHOLE * total:
        # one part fills what is seen of the thing
        inner = next((p for p in parts[1:] if view.parts[noun][p] >= WHOLE * total), parts[0])
        name = inner if parts[0] in ("face",) else parts[0]
        return f"{_coloured(view, noun, _singular(name))} of a {_singular(noun)}"
    said = "a " + _coloured(view, noun, _singular(noun))
    telling = [p for p in parts if p not in ("face", "neck", "nose")]
    if noun == "person":
        worn = [p for p in ("hat", "glasses", "beard") if view.parts[noun].get(p, 0) > 0]
        telling = worn or ["hair"]
    if telling and view.parts[noun].get(telling[0], 0) > 0:
        said += " with " + CONCEPTS[telling[0]].phrases[0]
    return said


def _coloured(view: View, noun: str, name: str) -> str:
    """A name after its texture and colour, where one of each is most of it."""
    total = view.nouns[noun]
    words = []
    for table, wording in ((view.textures, ADJECTIVES), (view.colours, None)):
        # a person's pattern is the shirt's
        if noun not in table or (wording and noun == "person"):
            continue
        for found, share in table[noun].most_common(1):
            if share >= DOMINANT * total:
                words.append(wording[found] if wording else found)
    return " ".join([*words, name])


def _phrase(view: View, name: str, chance: Chance) -> str:
    """A concept as a unit's sentence would name it, perhaps with a colour or its thing."""
    concept = CONCEPTS[name]
    text = concept.name if chance.happens(0.15) else chance.pick(concept.phrases)
    if concept.kind in ("thing", "scene") and chance.happens(0.4) and name in view.nouns:
        return _coloured(view, name, text)
    if concept.kind in ("part", "face") and chance.happens(0.3):
        for noun, parts in view.parts.items():
            if name in parts and CONCEPTS[noun].kind == "thing":
                return f"{text} of {CONCEPTS[noun].phrases[0]}"
    return text


def _singular(name: str) -> str:
    """How captions name a concept."""
    return {"flower centre": "flower center", "cabin": "car cabin", "leaves": "foliage"}.get(
        name, name
    )


def _without_s(phrase: str) -> str:
    return phrase[:-1] if phrase.endswith("s") else phrase
