"""What a sentence claims: which concepts are to be where; and on how much of each image it is so.

    claim = read("red wheels or lamps", concepts_in, numbers)      # numbers of concepts, with OR
    shares([claim], look)                                          # float64 (images, 1)

A sentence is cut at "and", "or" and commas. A piece holds where all concepts that it names do or,
where these meet in no image at all, where the rarest of them does; the sentence holds where any
piece does. Formulas of Compositional Explanations, whose operators are in capitals, mean what they
say. Less than a thousandth of an image is too little to count (four pixels of 64 x 64).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LEAST = 1 / 1024

Operator = Literal["OR", "AND", "AND NOT"]
Piece = frozenset[int]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# Given numbers of concepts, where those are, image by image: bool (concepts, pixels).
Look = Callable[[Sequence[int]], Iterator[Bools]]

_FORMULA = re.compile(r"\)* (OR|AND NOT|AND) \(*")


@dataclass(frozen=True)
class Claim:
    """Pieces that are joined from the left; each names concepts that have to meet."""

    steps: tuple[tuple[Operator, Piece], ...]

    @property
    def known(self) -> bool:
        """Whether it names any concept."""
        return any(piece for _, piece in self.steps)

    def where(self, of: Callable[[Piece], Bools]) -> Bools | None:
        """Where it holds in an image, bool (pixels,); None if it names nothing."""
        found: Bools | None = None
        for operator, piece in self.steps:
            if not piece and operator == "AND":
                return None
            if not piece:
                continue
            if found is None:
                found = of(piece)
            elif operator == "OR":
                found = found | of(piece)
            else:
                found = found & (of(piece) if operator == "AND" else ~of(piece))
        return found


def read(text: str, names_in: Callable[[str], frozenset[str]], numbers: Mapping[str, int]) -> Claim:
    """Read a sentence.

    Args:
        names_in: the names of concepts that a phrase holds.
        numbers: of the concepts by name.

    >>> find = lambda text: frozenset(word for word in text.split() if word in "red cat dog")
    >>> read("red cat and dog", find, {"red": 0, "cat": 1, "dog": 2}).steps
    (('OR', frozenset({2})), ('OR', frozenset({0, 1})))
    >>> read("(cat OR dog) AND NOT red", find, {"red": 0, "cat": 1, "dog": 2}).steps
    (('OR', frozenset({1})), ('OR', frozenset({2})), ('AND NOT', frozenset({0})))
    """

    def piece(phrase: str) -> Piece:
        return frozenset(numbers[name] for name in names_in(phrase))

    if _FORMULA.search(text):
        first, *rest = _FORMULA.split(text.strip("()"))
        steps: list[tuple[Operator, Piece]] = [("OR", piece(first))]
        for operator, phrase in zip(rest[::2], rest[1::2], strict=True):
            steps.append((operator, piece(phrase)))  # type: ignore[arg-type]
        return Claim(tuple(steps))
    phrases = text.lower().replace(",", " and ").replace(" or ", " and ").split(" and ")
    # In one order, so that sentences that claim the same are the same.
    pieces = sorted({piece(phrase) for phrase in phrases} - {frozenset()}, key=_order)
    return Claim(tuple(("OR", each) for each in pieces))


def shares(claims: Sequence[Claim], look: Look) -> Floats:
    """On which share of each image each claim holds: float64 (images, claims), 0 for too little.

    The images are gone through twice: first to see which concepts of a piece meet anywhere.
    """
    pieces = sorted({piece for claim in claims for _, piece in claim.steps}, key=_order)
    needed = sorted(frozenset().union(*pieces))
    if not needed:
        return np.zeros((sum(1 for _ in look(())), len(claims)))
    row = {concept: place for place, concept in enumerate(needed)}
    rows = {piece: [row[concept] for concept in sorted(piece)] for piece in pieces if piece}
    apart = _apart([each for each in rows.values() if len(each) > 1], look, needed)
    rows = {piece: apart.get(tuple(own), own) for piece, own in rows.items()}
    distinct = list(dict.fromkeys(claims))
    found = [_of_image(distinct, rows, masks) for masks in look(needed)]
    places = [distinct.index(claim) for claim in claims]
    whole: Floats = np.array(found).reshape(-1, len(distinct))[:, places]
    return whole


def _of_image(
    claims: Sequence[Claim], rows: Mapping[Piece, Sequence[int]], masks: Bools
) -> list[float]:
    known: dict[Piece, Bools] = {}

    def of(piece: Piece) -> Bools:
        if piece not in known:
            known[piece] = np.all(masks[rows[piece]], axis=0)
        return known[piece]

    found = []
    for claim in claims:
        where = claim.where(of)
        share = 0.0 if where is None else float(np.count_nonzero(where) / len(where))
        found.append(share if share >= LEAST else 0.0)
    return found


def _apart(
    pieces: Sequence[Sequence[int]], look: Look, needed: Sequence[int]
) -> dict[tuple[int, ...], list[int]]:
    """The rarest concept of every piece whose concepts meet in no image."""
    left = {tuple(piece) for piece in pieces}
    if not left:
        return {}
    base = np.zeros(len(needed))
    for masks in look(needed):
        base += masks.mean(axis=1)
        there: Bools = np.any(masks, axis=1)
        left -= {
            piece
            for piece in left
            if there[list(piece)].all() and masks[list(piece)].all(axis=0).any()
        }
    return {piece: [min(piece, key=lambda place: float(base[place]))] for piece in left}


def _order(piece: Piece) -> tuple[int, list[int]]:
    return len(piece), sorted(piece)
