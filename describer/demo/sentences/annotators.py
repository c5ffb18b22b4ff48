"""Simulated annotators: three sentences about a unit, written from the true masks of its exemplars.

    sentences = annotate(profile, Chance("annotate", "plain-a", "conv1", 4))
    # ["Red roofs of houses", "rooftops that are red", "roofs"]

Each of the three has habits of wording drawn by chance, leaves things out, and now and then is
mistaken: it names a neighbouring concept, or sees nothing in common. They are no people and are
stored as annotators of kind `simulated`.
"""

from dataclasses import dataclass

from describer.demo.world.chance import Chance
from describer.demo.world.concepts import CONCEPTS, FAMILIES, NAMES, WHOLES
from describer.demo.world.truth import HALF, Profile

ANNOTATORS = ("simulated-ada", "simulated-ben", "simulated-cleo", "simulated-dan", "simulated-eve")

_DOING: dict[str, tuple[str, ...]] = {
    "boat": ("sailing on water", "floating on the sea"),
    "bird": ("standing on legs", "looking to the side"),
    "fish": ("swimming in water",),
    "balloon": ("flying in the sky", "hanging in the air"),
    "cat": ("sitting on the ground", "looking at you"),
    "car": ("parked on the ground", "standing on a road"),
    "person": ("looking at the camera", "wearing shirts"),
    "face": ("looking at the camera", "smiling at you"),
    "cloud": ("floating in the sky",),
    "sun": ("shining in the sky",),
    "steam": ("rising from cups",),
    "hat": ("worn by people",),
    "glasses": ("worn by people",),
    "text": ("written on signs", "printed on a board"),
}

_NOTHING = (
    "different things with nothing in common",
    "a mix of different areas",
    "various objects and backgrounds",
    "random parts of pictures",
)

_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "stripes": ("striped",),
    "dots": ("dotted", "spotted"),
    "checks": ("checkered",),
    "zigzags": ("zigzag",),
    "bricks": ("brick",),
    "waves": ("wavy",),
    "circle": ("round",),
    "triangle": ("pointed", "triangular"),
}


@dataclass(frozen=True)
class Habits:
    """How likely an annotator is to leave out detail, to err, and to give up."""

    detail: float = 0.6
    mistake: float = 0.06
    give_up: float = 0.03


def annotate(profile: Profile, chance: Chance, *, habits: Habits | None = None) -> list[str]:
    """Three sentences about a unit, of which no two are the same where the words allow it."""
    habits = habits or Habits()
    sentences: list[str] = []
    for _ in range(3):
        sentence = _sentence(profile, chance, habits)
        for _ in range(4):
            if sentence not in sentences:
                break
            sentence = _sentence(profile, chance, habits)
        sentences.append(sentence)
    return sentences


def _sentence(profile: Profile, chance: Chance, habits: Habits) -> str:
    if profile.pixels == 0 or chance.happens(habits.give_up):
        return chance.pick(_NOTHING)
    if profile.main is None:
        return _without_main(profile, chance, habits)
    main = profile.main
    if chance.happens(habits.mistake):
        main = _neighbour(main, chance)
    phrase = _phrase(main, chance)
    attribute = _attribute(profile, chance, habits) if main in ("person", "face") else ""
    part = _telling_part(profile, main)
    if part and chance.happens(0.75):
        of = chance.pick(("of", "on"))
        return f"{_phrase(part, chance)} {of} {CONCEPTS[main].phrases[0]}{attribute}"
    if attribute:
        return phrase + attribute
    adjectives, tail = _details(profile, main, chance, habits)
    if CONCEPTS[main].kind == "colour":
        return _coloured(profile, main, phrase, chance, habits)
    if not adjectives:
        words = phrase
    elif chance.happens(0.85):
        words = f"{' '.join(adjectives)} {phrase}"
    else:
        words = f"{phrase} that are {' and '.join(adjectives)}"
    return f"{words} {tail}".strip()


def _phrase(name: str, chance: Chance) -> str:
    phrases = CONCEPTS[name].phrases
    return chance.weighted(phrases, _WEIGHTS[: len(phrases)])


def _telling_part(profile: Profile, main: str) -> str | None:
    """The part that most of the mask lies on: "faces of people" says more than "people"."""
    for name in profile.also:
        if WHOLES.get(name) == main and profile.shares[NAMES.index(name)] >= HALF:
            return name
    return None


def _attribute(profile: Profile, chance: Chance, habits: Habits) -> str:
    """What distinguishes the faces, as the end of a sentence, if anything does."""
    if not profile.attributes or not chance.happens(habits.detail):
        return ""
    return f" with {CONCEPTS[profile.attributes[0]].phrases[0]}"


def _details(profile: Profile, main: str, chance: Chance, habits: Habits) -> tuple[list[str], str]:
    """Adjectives and an ending for a main concept that is a thing, a part, a shape, an edge."""
    adjectives: list[str] = []
    for name in profile.also:
        kind = CONCEPTS[name].kind
        if kind == "colour" and not adjectives and chance.happens(habits.detail):
            adjectives.append(name)
        elif (
            name in _ADJECTIVES
            and len(adjectives) < 2
            and CONCEPTS[main].kind not in ("shape", "texture")
            and chance.happens(0.3)
        ):
            adjectives.insert(0, chance.pick(_ADJECTIVES[name]))
    if profile.corner and chance.happens(0.6):
        return adjectives, chance.pick(("in the top left corner", "at the top left"))
    whole = WHOLES.get(main)
    if whole is None:
        wholes = [n for n in profile.also if CONCEPTS[n].kind in ("thing", "scene", "family")]
        mains = CONCEPTS[main].kind in ("part", "shape", "edge", "texture")
        whole = wholes[0] if wholes and mains else None
    if whole and whole in profile.also and chance.happens(0.3):
        return adjectives, f"{chance.pick(('of', 'on'))} {CONCEPTS[whole].phrases[0]}"
    if main in _DOING and chance.happens(0.2):
        return adjectives, chance.pick(_DOING[main])
    return adjectives, ""


def _coloured(profile: Profile, main: str, phrase: str, chance: Chance, habits: Habits) -> str:
    """A sentence whose point is the colour; the frequent thing of that colour may stand in it."""
    nouns = [n for n in profile.also if CONCEPTS[n].kind in ("thing", "part", "scene", "shape")]
    if nouns and chance.happens(habits.detail):
        return f"{main} {CONCEPTS[nouns[0]].phrases[0]}"
    if profile.corner and chance.happens(0.5):
        return f"{phrase} at the top left"
    return phrase


def _without_main(profile: Profile, chance: Chance, habits: Habits) -> str:
    """A sentence about a unit without a main concept: two concepts, or nothing in common."""
    if profile.pair and chance.happens(0.85):
        first, second = (chance.pick(CONCEPTS[name].phrases) for name in profile.pair)
        return f"{first} and {second}"
    if profile.also and chance.happens(habits.detail):
        return chance.pick(CONCEPTS[profile.also[0]].phrases)
    return chance.pick(_NOTHING)


def _neighbour(name: str, chance: Chance) -> str:
    """A concept that one might take for another: of its family, or at least of its kind."""
    family, kind = FAMILIES.get(name), CONCEPTS[name].kind
    near = [n for n in CONCEPTS if n != name and family and FAMILIES.get(n) == family]
    return chance.pick(
        near or [n for n in CONCEPTS if n != name and CONCEPTS[n].kind == kind] or [name]
    )


_WEIGHTS = (0.6, 0.3, 0.2, 0.1)
