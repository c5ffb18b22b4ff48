"""The words of the demo world: every concept with all the ways in which it is said.

One table serves both sides: the simulated annotators choose among a concept's phrases, and the
evaluation finds concepts in a sentence by the same phrases.

    concepts_in("striped sails of boats")      # {"stripes", "sail", "boat"}
    CONCEPTS["wheel"].phrases                  # ("wheels", "tires")
"""

import functools
import re
from dataclasses import dataclass

from describer.demo.world.canvas import TEXTURES
from describer.demo.world.palette import COLOURS


@dataclass(frozen=True)
class Concept:
    """A concept, its kind, the plural phrases that name it and other forms that count as it."""

    name: str
    kind: str  # thing | part | face | scene | text | shape | edge | colour | texture | family
    phrases: tuple[str, ...]
    forms: tuple[str, ...] = ()


_ROWS = [
    # name, kind, phrases (plural), further forms that count
    ("balloon", "thing", "hot air balloons|balloons"),
    ("bird", "thing", "birds"),
    ("boat", "thing", "boats|ships", "sailboat|sailboats"),
    ("car", "thing", "cars|automobiles"),
    ("cat", "thing", "cats|kittens"),
    ("cup", "thing", "cups|mugs"),
    ("fish", "thing", "fish"),
    ("flower", "thing", "flowers|blossoms"),
    ("house", "thing", "houses|homes"),
    ("tree", "thing", "trees"),
    ("person", "thing", "people|persons", "man|woman|men|women|humans|human"),
    ("ball", "thing", "balls"),
    ("box", "thing", "boxes|blocks"),
    ("fence", "thing", "fences"),
    ("kite", "thing", "kites"),
    ("star", "thing", "stars"),
    ("cabin", "part", "car cabins|car roofs"),
    ("lamp", "part", "headlights|lamps"),
    ("wheel", "part", "wheels|tires"),
    ("window", "part", "windows"),
    ("chimney", "part", "chimneys"),
    ("wall", "part", "walls|wallpaper"),
    ("roof", "part", "roofs|rooftops"),
    ("door", "part", "doors"),
    ("trunk", "part", "trunks|tree trunks"),
    ("leaves", "part", "tree tops|foliage", "treetop|treetops"),
    ("fruit", "part", "fruit|berries"),
    ("mast", "part", "masts"),
    ("sail", "part", "sails"),
    ("flag", "part", "flags"),
    ("hull", "part", "hulls|bottoms of boats"),
    ("stem", "part", "stems|stalks"),
    ("leaf", "part", "leaves|flower leaves"),
    ("petals", "part", "petals"),
    ("flower centre", "part", "flower centers|centers of flowers", "flower center"),
    ("tail", "part", "tails"),
    ("fin", "part", "fins"),
    ("legs", "part", "legs"),
    ("beak", "part", "beaks|bills"),
    (
        "head",
        "part",
        "animal heads|heads of animals",
        "bird head|bird heads|cat head|cat heads",
    ),
    ("wing", "part", "wings"),
    ("handle", "part", "handles"),
    ("saucer", "part", "saucers|plates"),
    ("drink", "part", "coffee|hot drinks", "drinks|drink"),
    ("steam", "part", "steam|vapor"),
    ("ears", "part", "ears"),
    ("nose", "part", "noses"),
    ("whiskers", "part", "whiskers"),
    ("ropes", "part", "ropes"),
    ("envelope", "part", "balloon tops|tops of balloons"),
    ("basket", "part", "baskets"),
    ("neck", "part", "necks"),
    ("shirt", "part", "shirts|clothes", "clothing"),
    ("hat", "face", "hats|caps"),
    ("face", "face", "faces|human faces"),
    ("eyes", "face", "eyes"),
    ("mouth", "face", "mouths|lips"),
    ("hair", "face", "hair"),
    ("glasses", "face", "glasses|eyeglasses"),
    ("beard", "face", "beards"),
    ("sky", "scene", "sky|skies"),
    ("cloud", "scene", "clouds"),
    ("sun", "scene", "suns|sunshine"),
    ("moon", "scene", "moons", "moonlight"),
    ("hill", "scene", "hills|mountains"),
    ("grass", "scene", "grass|lawns|meadows"),
    ("water", "scene", "water|the sea", "sea|seas|ocean"),
    ("sand", "scene", "sand|beaches"),
    ("snow", "scene", "snow"),
    ("road", "scene", "roads|streets"),
    ("table", "scene", "tables|table tops", "tabletop"),
    ("weed", "scene", "seaweed|water plants"),
    ("bubbles", "scene", "bubbles"),
    ("text", "text", "text|words|letters|signs with words", "writing|lettering"),
    ("circle", "shape", "circles|round shapes", "round|circular"),
    ("square", "shape", "squares|square shapes", "rectangle|rectangles"),
    ("triangle", "shape", "triangles|pointed shapes", "triangular|pointy"),
    ("horizontal edge", "edge", "horizontal edges|horizontal lines", "horizontal"),
    ("vertical edge", "edge", "vertical edges|vertical lines", "vertical"),
    ("diagonal edge", "edge", "diagonal edges|slanted lines", "diagonal|slanted"),
    ("animal", "family", "animals"),
    ("vehicle", "family", "vehicles"),
    ("plant", "family", "plants", "vegetation"),
]

_ADJECTIVES = {
    "stripes": ("striped", "stripe"),
    "dots": ("dotted", "spotted", "polka dots", "spots"),
    "checks": ("checkered", "checkerboard"),
    "zigzags": ("zigzag", "zigzagged"),
    "bricks": ("brick", "tiled"),
    "waves": ("wavy",),
}


def _table() -> dict[str, Concept]:
    table = {
        row[0]: Concept(
            row[0],
            row[1],
            tuple(row[2].split("|")),
            tuple(row[3].split("|")) if len(row) > 3 else (),
        )
        for row in _ROWS
    }
    for name in COLOURS:
        phrases = (f"{name} areas", f"{name} colors", f"{name} things")
        table[name] = Concept(
            name, "colour", phrases, (name, *({"gray"} if name == "grey" else ()))
        )
    for name in TEXTURES:
        table[name] = Concept(
            name, "texture", (name, f"{_ADJECTIVES[name][0]} patterns"), _ADJECTIVES[name]
        )
    return table


CONCEPTS: dict[str, Concept] = _table()
NAMES: tuple[str, ...] = tuple(CONCEPTS)
FACE_CONCEPTS = tuple(name for name, concept in CONCEPTS.items() if concept.kind == "face")
FACE_ATTRIBUTES = ("hat", "hair", "glasses", "beard")
EDGES = tuple(name for name, concept in CONCEPTS.items() if concept.kind == "edge")

# What a concept is as well, wherever it is painted.
FAMILIES: dict[str, str] = {
    "bird": "animal",
    "cat": "animal",
    "fish": "animal",
    "boat": "vehicle",
    "car": "vehicle",
    "balloon": "vehicle",
    "flower": "plant",
    "tree": "plant",
    "weed": "plant",
}


# What a part belongs to, for "wheels of cars".
WHOLES: dict[str, str] = {
    "cabin": "car",
    "wheel": "car",
    "chimney": "house",
    "roof": "house",
    "door": "house",
    "trunk": "tree",
    "leaves": "tree",
    "fruit": "tree",
    "mast": "boat",
    "sail": "boat",
    "flag": "boat",
    "hull": "boat",
    "stem": "flower",
    "petals": "flower",
    "flower centre": "flower",
    "fin": "fish",
    "beak": "bird",
    "wing": "bird",
    "handle": "cup",
    "saucer": "cup",
    "drink": "cup",
    "steam": "cup",
    "whiskers": "cat",
    "envelope": "balloon",
    "basket": "balloon",
    "ropes": "balloon",
    "hair": "person",
    "hat": "person",
    "face": "person",
    "eyes": "person",
    "mouth": "person",
    "glasses": "person",
    "beard": "person",
    "shirt": "person",
}


def with_families(concepts: tuple[str, ...]) -> frozenset[str]:
    """A part's concepts and the families that they belong to, known ones only."""
    families = {FAMILIES[name] for name in concepts if name in FAMILIES}
    return frozenset(name for name in (*concepts, *families) if name in CONCEPTS)


def concepts_in(sentence: str) -> frozenset[str]:
    """The concepts that a sentence names.

    Longer forms win over shorter ones inside them, so "flower centers" also names "flower" (its
    own word) but "tree tops" does not become "trees".

    >>> sorted(concepts_in("Striped sails of boats"))
    ['boat', 'sail', 'stripes']
    """
    found = set()
    words = " ".join(re.findall(r"[a-z]+", sentence.lower()))
    for match in _pattern().finditer(words):
        found.add(_forms()[match.group()])
    return frozenset(found)


def named(phrase: str) -> str | None:
    """The concept that a phrase is a form of, in lower case; None where it is none.

    >>> named("hot air balloons"), named("balloons in the sky")
    ('balloon', None)
    """
    return _forms().get(phrase)


@functools.cache
def _forms() -> dict[str, str]:
    """Every form in lower case with the concept that it names; singular and plural."""
    forms: dict[str, str] = {}
    for concept in CONCEPTS.values():
        every = {*concept.forms, *concept.phrases, concept.name}
        every |= {_singular(phrase) for phrase in every}
        for form in every:
            forms.setdefault(form, concept.name)
    for taken, name in (
        ("leaves", "leaf"),
        ("sea", "water"),
        ("words", "text"),
        ("word", "text"),
        ("letter", "text"),
        ("sign", "text"),
        ("signs", "text"),
    ):
        forms[taken] = name
    return forms


@functools.cache
def _pattern() -> re.Pattern[str]:
    longest = sorted(_forms(), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest)) + r")\b")


def _singular(phrase: str) -> str:
    """The phrase with its last word in the singular, as far as the table's words need it."""
    if phrase.endswith(("boxes", "beaches")):
        return phrase[:-2]
    if phrase.endswith("ies"):
        return phrase[:-3] + "y"
    if phrase.endswith("s") and not phrase.endswith(("ss", "grass", "glasses", "eyeglasses")):
        return phrase[:-1]
    return phrase
