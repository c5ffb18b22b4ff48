"""Valid files made invalid: what a damaged disk, another program or somebody hostile writes.

    mutate(content, "json", random.Random(0))   # SEEDS: hypothesis draws the numbers

Bytes are flipped, cut, doubled and moved in every form; in JSON, tables, TOML and YAML a value is
also put in another's place, in archives and arrays a number of a header. Standard library only.
"""

import json
import random
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Mutation = Callable[[bytes, random.Random], bytes]

SEEDS = st.integers(min_value=0, max_value=2**48)
MOST_CHANGES = 4
LONGEST = 1 << 20
_WORDS = (
    b"\x00", b"\xff", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\n", b"\r", b'"', b"'",
    b",", b";", b"\t", b"[", b"]", b"{", b"}", b":", b"\\", b"\\ud800", b"NaN", b"Infinity",
    b"-Infinity", b"1e999", b"-1", b"null", b"true", "٣".encode(), "²".encode(), "＝".encode(),
    b"9" * 30, b"9" * 5000, b"=1+2", b"../../x", b"/etc/passwd", b"&a [*a]", b"!!python/object:x",
    b"<<: *a", b"x" * 70_000, b"[" * 3000, b"40000000000", b"2147483648", b"18446744073709551616",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 2**31, 2**63, 2**64, 10**12, 10**30, 0.5, -0.5, 1e308,
    float("nan"), float("inf"), "", "x", "\x00", "٣", "²", "../../x", "/etc/passwd", "x" * 300,
    "\ud800", "＝1", [], [1], ["x"], [[]], [None], {}, {"x": 1}, {"": None}, [1] * 50, "1", "nan",
)  # fmt: skip
_CELLS = (
    "", "nan", "-1", "1.5", "1e9", "٣", "²", "9" * 30, "9" * 5000, "Infinity", "NaN", "=1+2",
    "＝1", "'", '"', "[", '["a"]', '["\\ud800"]', "{}", "[" * 2000, "\x00", "true", "x" * 140_000,
    "../../x", "None", "2147483648", "\ufeff", "a\nb", "1;2", "²;3",
)  # fmt: skip


def mutate(content: bytes, form: str, generator: random.Random) -> bytes:
    """A mutation of a file of this form, at most a mebibyte longer."""
    choices = (*_ANY, *(_FORMS.get(form, ()) * 3))
    for _ in range(generator.randint(1, MOST_CHANGES)):
        content = generator.choice(choices)(content, generator)
    return content[: len(content) + LONGEST]


def _place(content: bytes, generator: random.Random) -> int:
    # Headers decide more than what follows them.
    within = len(content) if generator.random() < 0.6 else min(len(content), 256)
    return generator.randint(0, max(within - 1, 0))


def _flip(content: bytes, generator: random.Random) -> bytes:
    if not content:
        return content
    at = _place(content, generator)
    return content[:at] + bytes([content[at] ^ (1 << generator.randrange(8))]) + content[at + 1 :]


def _any_byte(content: bytes, generator: random.Random) -> bytes:
    at = _place(content, generator)
    return content[:at] + bytes([generator.randrange(256)]) + content[at + 1 :]


def _cut(content: bytes, generator: random.Random) -> bytes:
    return content[: _place(content, generator)]


def _without(content: bytes, generator: random.Random) -> bytes:
    at = _place(content, generator)
    return content[:at] + content[at + generator.choice((1, 2, 8, 64, 512)) :]


def _twice(content: bytes, generator: random.Random) -> bytes:
    at = _place(content, generator)
    part = content[at : at + generator.choice((1, 8, 64, 512, 4096))]
    return content[:at] + part * generator.choice((2, 3, 30)) + content[at + len(part) :]


def _word(content: bytes, generator: random.Random) -> bytes:
    at, word = _place(content, generator), generator.choice(_WORDS)
    over = generator.choice((0, len(word)))
    return content[:at] + word + content[at + over :]


def _number(content: bytes, generator: random.Random) -> bytes:
    """Binary numbers as headers hold them."""
    at = _place(content, generator)
    value = generator.choice((0, 1, 0x7F, 0xFF, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1))
    kind = generator.choice(("<H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(kind)
    packed = (value % 256**size).to_bytes(size, "little" if kind[0] == "<" else "big")
    return content[:at] + packed + content[at + size :]


def _digits(content: bytes, generator: random.Random) -> bytes:
    """Numbers that are written as text, as in tar headers, npy headers and tables."""
    places = [at for at, byte in enumerate(content[:100_000]) if 48 <= byte <= 57]
    if not places:
        return content
    at = generator.choice(places)
    end = at
    while end < len(content) and 48 <= content[end] <= 57:
        end += 1
    text = generator.choice((b"0", b"7", b"-1", b"7" * max(end - at, 1), b"10000000000", b"9" * 20))
    return content[:at] + text + content[end:]


def _json(content: bytes, generator: random.Random) -> bytes:
    """Another value in one place of a JSON document, or of one of its lines."""
    try:
        whole = json.loads(content)
        before, after = b"", b""
    except (ValueError, RecursionError):
        lines = content.split(b"\n")
        at = generator.randrange(len(lines))
        try:
            whole = json.loads(lines[at])
        except (ValueError, RecursionError):
            return content
        before = b"".join(line + b"\n" for line in lines[:at])
        after = b"".join(b"\n" + line for line in lines[at + 1 :])
    places: list[tuple[Any, Any]] = []
    _collect(whole, places)
    if not places:
        return json.dumps(generator.choice(_VALUES)).encode()
    within, key = generator.choice(places)
    what = generator.random()
    if what < 0.15:
        del within[key]
    elif what < 0.25 and isinstance(within, dict):
        within[generator.choice(("x", "", "\x00", "y" * 300))] = within.pop(key)
    elif what < 0.3:
        deep: Any = within[key]
        for _ in range(generator.choice((1, 100, 900))):
            deep = [deep]
        within[key] = deep
    elif what < 0.6:
        # A value that stands elsewhere in the document is likelier to be understood.
        other, there = generator.choice(places)
        within[key] = json.loads(json.dumps(other[there]))
    else:
        within[key] = generator.choice(_VALUES)
    try:
        return before + json.dumps(whole).encode() + after
    except RecursionError:
        return content


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    stack = [value]
    while stack and len(places) < 5000:
        within = stack.pop()
        keys: Any = within if isinstance(within, dict) else ()
        keys = range(len(within)) if isinstance(within, list) else keys
        for key in keys:
            places.append((within, key))
            stack.append(within[key])


def _cell(content: bytes, generator: random.Random) -> bytes:
    """Another cell in a table, one more, or one less."""
    lines = content.split(b"\n")
    at = generator.randrange(len(lines))
    cells = lines[at].split(b",")
    place = generator.randrange(len(cells))
    what = generator.random()
    cell = generator.choice(_CELLS).encode("utf-8", "surrogatepass")
    if generator.random() < 0.5:
        cell = b'"' + cell.replace(b'"', b'""') + b'"'
    if what < 0.15:
        del cells[place]
    elif what < 0.3:
        cells.insert(place, cell)
    elif what < 0.4:
        cells = cells[:place]
    elif what < 0.5:
        lines.insert(at, lines[generator.randrange(len(lines))])
    else:
        cells[place] = cell
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _assigned(content: bytes, generator: random.Random) -> bytes:
    """Another value in a line of TOML or YAML."""
    lines = content.split(b"\n")
    at = generator.randrange(len(lines))
    mark = b"=" if b"=" in lines[at] else b":"
    key, found, _ = lines[at].partition(mark)
    if not found:
        return content
    value = generator.choice(_VALUES)
    spelled = json.dumps(value).replace("null", generator.choice(("null", "{}", "1979-13-45")))
    if mark == b"=":
        spelled = spelled.replace("NaN", "nan").replace("Infinity", "inf")
    lines[at] = key + mark + b" " + spelled.encode()
    return b"\n".join(lines)


_ANY: tuple[Mutation, ...] = (
    _flip, _any_byte, _cut, _without, _twice, _word, _number, _digits,
)  # fmt: skip
_FORMS: dict[str, tuple[Mutation, ...]] = {
    "json": (_json, _json),
    "csv": (_cell, _cell),
    "toml": (_assigned, _assigned),
    "yaml": (_assigned, _assigned),
    "tar": (_digits,),
    "npy": (_digits, _digits),
}
