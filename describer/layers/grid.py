"""How a sequence of tokens lies on the image: tokens before the grid, and the grid.

    read = Evidence(stated=1, maps=((14, 14),))
    arrange(197, read)                          # (1, (14, 14))
    arrange(9, Evidence(maps=((2, 2), (3, 3)))) # a sentence: two readings fit

Asked where positions.py did not follow the tokens from the image. What tells, in this order:
what SUBJECT.toml says, what the network states, how many tokens there
are at another image size, the maps that the network made before, tokens of earlier layers that were
laid out (and pooled by two since), and last the square numbers. A grid is not guessed where two
fit. Knows no torch.
"""

import math
from dataclasses import dataclass

# A class token, a distillation token and register tokens come before the patches; more than this
# many left over from a square are no prefix but another arrangement.
LARGEST_PREFIX = 16

Grid = tuple[int, int]
Arranged = tuple[int, Grid]


@dataclass(frozen=True)
class Evidence:
    """What is known of a network's tokens.

    Attributes:
        given: tokens before the grid, as the subject file says.
        stated: the same, as the network itself states it.
        maps: (h, w) of the maps that were made before the tokens, latest last.
        earlier: how tokens of earlier layers were arranged, latest last.
        size: side of the images.
        other: (side of other images, tokens there), where the network takes them.
    """

    given: int | None = None
    stated: int | None = None
    maps: tuple[Grid, ...] = ()
    earlier: tuple[Arranged, ...] = ()
    size: int = 0
    other: tuple[int, int] | None = None


def arrange(tokens: int, evidence: Evidence) -> Arranged | str:
    """How many tokens come before the grid, and the grid; or why that cannot be told."""
    maps = dict.fromkeys(grid for grid in reversed(evidence.maps) if grid != (1, 1))
    if evidence.given is not None:
        left = tokens - evidence.given
        fitting = _laid(left, maps)
        # Layers behind the first, such as a pooled one, may have fewer tokens than the prefix.
        return (evidence.given, fitting or (1, left)) if left > 0 else (0, (1, tokens))
    if evidence.stated is not None and tokens > evidence.stated:
        fitting = _laid(tokens - evidence.stated, maps)
        if fitting is not None:
            return evidence.stated, fitting
    if evidence.other is not None and (grown := _grown(tokens, evidence)) is not None:
        return grown
    readings = [
        (tokens - grid[0] * grid[1], grid)
        for grid in maps
        if 0 <= tokens - grid[0] * grid[1] <= LARGEST_PREFIX
    ]
    readings = readings or _as_before(tokens, evidence.earlier) or _squares(tokens)
    if len(readings) > 1:
        listed = " or ".join(f"{h} x {w} after {prefix}" for prefix, (h, w) in readings)
        return f"its {tokens} tokens may be {listed}: say prefix_tokens in SUBJECT.toml"
    return readings[0] if readings else (0, (1, tokens))


def _laid(places: int, maps: dict[Grid, None]) -> Grid | None:
    """The grid of exactly so many places: that of a map, else a square."""
    for grid in maps:
        if grid[0] * grid[1] == places:
            return grid
    side = math.isqrt(max(places, 0))
    return (side, side) if side and side * side == places else None


def _as_before(tokens: int, earlier: tuple[Arranged, ...]) -> list[Arranged]:
    """The arrangements of earlier layers, as they were or with every second row and column."""
    found: dict[Arranged, None] = {}
    for prefix, (height, width) in earlier:
        for h, w in ((height, width), (-(-height // 2), -(-width // 2))):
            if prefix + h * w == tokens:
                found[prefix, (h, w)] = None
    return list(found)


def _grown(tokens: int, evidence: Evidence) -> Arranged | None:
    """The one prefix with which both counts are squares that grew as the images did."""
    assert evidence.other is not None
    size, there = evidence.other
    if size == evidence.size or there == tokens:
        return None
    fitting = []
    for prefix in range(min(tokens, there, LARGEST_PREFIX + 1)):
        side, other = math.isqrt(tokens - prefix), math.isqrt(there - prefix)
        squares = side * side == tokens - prefix and other * other == there - prefix
        if squares and abs(side * size / evidence.size - other) < 1:
            fitting.append((prefix, (side, side)))
    return fitting[0] if len(fitting) == 1 else None


def _squares(tokens: int) -> list[Arranged]:
    """Every square of more than one place with a few tokens before it; one token is one place."""
    if tokens == 1:
        return [(0, (1, 1))]
    least = max(2, math.isqrt(max(tokens - LARGEST_PREFIX - 1, 0)) + 1)
    sides = range(math.isqrt(tokens), least - 1, -1)
    return [
        (tokens - side * side, (side, side))
        for side in sides
        if 0 <= tokens - side * side <= LARGEST_PREFIX
    ]


def guessed(tokens: int, stated: int | None) -> Arranged:
    """The reading of commit c2e8b49: the stated prefix, else the largest square."""
    if stated is not None and tokens > stated and _laid(tokens - stated, {}) is not None:
        side = math.isqrt(tokens - stated)
        return stated, (side, side)
    side = math.isqrt(tokens)
    left_over = tokens - side * side
    return (left_over, (side, side)) if left_over <= LARGEST_PREFIX else (0, (1, tokens))
