"""Other people's files as checked values: text, JSON, TOML, YAML; of their type, or a sentence.

    table = of_json(content, dict[str, Count], "classes and outputs", path)
    values = of_toml(path, "a SUBJECT.toml")

What a file may hold is a type: dataclasses, typed dictionaries and lists of them, numbers with
bounds. It is checked whole before anything is used, nothing is converted (`"3"` is no number), and
the sentence names the first place that is otherwise. Files may be written by anybody: numbers of
any length, any nesting and bad UTF-8 are refused as everything else. pydantic is imported when a
function needs it.
"""

import functools
import math
from pathlib import Path
from typing import Annotated, Any, NoReturn

from annotated_types import Interval, Predicate

from db.errors import BadInput

# What a column of the database, an array and a page take; a file has no more things than this.
Count = Annotated[int, Interval(ge=0, le=2**31 - 1)]
Size = Annotated[int, Interval(ge=1, le=2**31 - 1)]
Share = Annotated[float, Interval(ge=0, le=1)]
Number = Annotated[float, Predicate(math.isfinite)]

# A page of questions or names is far shorter, and PyYAML reads some 100 kB a second.
LONGEST_YAML = 500_000


def text_of(path: Path, what: str) -> str:
    """A file's text.

    Raises:
        BadInput: there is no such file, or it is not UTF-8; the sentence has the line.
    """
    return as_text(bytes_of(path, what), what, path)


def bytes_of(path: Path, what: str) -> bytes:
    """A file's bytes.

    Raises:
        BadInput: there is no such file, or it cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"expected {what}, got {path}: {reason}") from error


def as_text(content: bytes, what: str, where: object) -> str:
    """Bytes as text, without a byte order mark.

    Raises:
        BadInput: they are not UTF-8; the sentence has the line.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise BadInput(
            f"expected {what} as UTF-8 in {where}, got the byte 0x{content[error.start]:02x} in "
            f"line {line}"
        ) from error


def of_json(content: bytes | str, kind: Any, what: str, where: object) -> Any:
    """The value of a JSON document that is of the type `kind`.

    Args:
        kind: a type, as `dict[str, Count]`; `Any` for whatever JSON it is.
        what: as the sentence calls it: "expected {what} in {where}, …".

    Raises:
        BadInput: it is no JSON, or a value in it is of another type.
    """
    from pydantic import ValidationError

    if isinstance(content, bytes):
        content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return _adapter(kind).validate_json(content, strict=True)
    except ValidationError as error:
        _refuse(error, what, where)
    except (ValueError, RecursionError, OverflowError) as error:
        raise BadInput(f"expected {what} in {where}, got no JSON: {error}") from error


def of_json_file(path: Path, kind: Any, what: str) -> Any:
    """The same of a file.

    Raises:
        BadInput: as `bytes_of` and `of_json`.
    """
    return of_json(bytes_of(path, what), kind, what, path)


def of_lines(text: str, kind: Any, what: str, where: object) -> list[tuple[int, Any]]:
    """The values of lines that are a JSON document each, with their numbers; empty ones are none.

    Raises:
        BadInput: as `of_json`, with the line.
    """
    return [
        (number, of_json(line, kind, what, f"line {number} of {where}"))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]


def checked(value: Any, kind: Any, what: str, where: object) -> Any:
    """A value that came by another way, of TOML or a table, as one of the type `kind`.

    Raises:
        BadInput: it is of another type.
    """
    from pydantic import ValidationError
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return of_json(to_json(value, inf_nan_mode="constants"), kind, what, where)
    except (PydanticSerializationError, ValidationError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"expected {what} in {where}, got {error}") from error


def of_toml(path: Path, what: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        BadInput: there is no such file, or it is no TOML.
    """
    import tomllib

    content = text_of(path, what)
    try:
        return tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"expected TOML in {path}: {error}") from error


def of_yaml(text: str, where: object) -> Any:
    """The value of a YAML document; one with aliases is refused, as they multiply what they name.

    Raises:
        BadInput: it is no such document, or a very long one.
    """
    import yaml

    class Plain(yaml.SafeLoader):  # type: ignore[misc]
        """Reads data; nothing in it may stand for something else."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            """A node of the document."""
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases (*name) are not read")
            return super().compose_node(parent, index)

    if len(text) > LONGEST_YAML:
        raise BadInput(
            f"expected YAML of at most {LONGEST_YAML:,} characters in {where}, got {len(text):,}"
        )
    try:
        return yaml.load(text, Plain)
    # What its constructors make of dates and numbers that are none.
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(f"expected YAML in {where}, got something else: {said}") from error


def is_text(text: str) -> bool:
    """Whether a text can be written: half of a pair of UTF-16 cannot, and comes in by names of
    files that are not UTF-8 and by escapes in JSON.

    >>> is_text("dogs"), is_text("\\ud800")
    (True, False)
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@functools.cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _refuse(error: Any, what: str, where: object) -> NoReturn:
    """The first thing that is wrong, as a sentence."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"][:1].lower() + first["msg"][1:]
    got = first.get("input")
    shown = f", got {got!r:.60}" if isinstance(got, str | int | float) and place else ""
    at = f" at {place}" if place else ""
    raise BadInput(f"expected {what} in {where}{at}: {said[:300]}{shown}") from error
