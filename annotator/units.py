"""Which units a campaign is about, as an admin writes it: `all`, `0-49, 60`, `random 100`.

choose("0-2, 7", units=64)           # [0, 1, 2, 7]
layers(db)                           # [("vgg · conv1 · 64 units", 3), …], newest first
"""

import random
import re

from sqlite_utils import Database

from db.describe import exemplars
from db.errors import BadInput

_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


def layers(db: Database) -> list[tuple[str, int]]:
    """Every layer whose exemplars can be shown, by name and id, the newest first."""
    return [
        (f"{layer.subject} · {layer.layer} · {layer.units} units", layer.exemplar_set_id)
        for layer in reversed(exemplars.sets(db))
        if layer.folder
    ]


def offered(db: Database, exemplar_set_id: int | None) -> tuple[list[tuple[str, int]], int | None]:
    """The layers of a menu and the one chosen in it: what was, or else the newest."""
    known = layers(db)
    ids = [key for _, key in known]
    return known, exemplar_set_id if exemplar_set_id in ids else next(iter(ids), None)


def choose(text: str, *, units: int, seed: int = 0) -> list[int]:
    """The indices that `text` names among `units` units; random ones in their drawn order.

    >>> choose("3, 0-1", units=8)
    [3, 0, 1]

    Raises:
        BadInput: the text is neither `all`, nor `random N`, nor numbers and ranges in reach.
    """
    words = text.strip().casefold()
    if words == "all":
        return list(range(units))
    if drawn := re.fullmatch(r"random\s+(\d+)", words):
        count = int(drawn[1])
        if not 1 <= count <= units:
            raise BadInput(f"expected 1 to {units} random units, got {count}")
        return random.Random(seed).sample(range(units), count)
    chosen: list[int] = []
    for part in words.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise BadInput(
                "expected units as `all`, `0-49, 60`, `random 100` or `wanted 100`, got "
                f"{part.strip()!r}"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise BadInput(f"expected the smaller number of a range first, got {part.strip()!r}")
        if last >= units:
            raise BadInput(f"expected units between 0 and {units - 1}, got {part.strip()!r}")
        chosen.extend(range(first, last + 1))
    return list(dict.fromkeys(chosen))


def gold(text: str) -> dict[int, tuple[str, ...]]:
    """Units whose answers are known, one a line: the unit, a colon, the words that count.

    >>> gold("427: dog, dogs")
    {427: ('dog', 'dogs')}

    Raises:
        BadInput: a line is none of these; the message quotes it.
    """
    found: dict[int, tuple[str, ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        number, _, rest = line.partition(":")
        words = tuple(word.strip().lower() for word in rest.split(",") if word.strip())
        if not number.strip().isdecimal() or not words:
            raise BadInput(f"expected lines such as `427: dog, dogs` for gold units, got {line!r}")
        found[int(number)] = words
    return found
