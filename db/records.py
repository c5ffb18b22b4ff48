"""Results as JSON and back: a frozen dataclass says what is stored, and pages read its attributes.

    stored = to_json(Faithfulness(…))                   # what a job returns: plain values
    found = from_json(Faithfulness, job.result)         # checked, with tuples where JSON has lists

A stored result holds the version of its shape. Results of before there were versions are read too:
what they lack has a default in their dataclass, and keys that nothing reads are passed over.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from db.errors import BadInput

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import TypeAdapter

VERSION = 1

Record = TypeVar("Record")


def to_json(record: "DataclassInstance") -> dict[str, Any]:
    """A result as values that JSON can hold, with the version of its shape."""
    return {"version": VERSION, **asdict(record)}


def from_json(kind: type[Record], stored: Mapping[str, Any]) -> Record:
    """Read a stored result.

    Raises:
        BadInput: it is of a later version, or something in it is not what the dataclass says.
    """
    import pydantic

    version = stored.get("version", 0)
    if version > VERSION:
        raise BadInput(
            f"expected a stored {kind.__name__} of version {VERSION} or before, got version "
            f"{version}: it was written by a newer release"
        )
    try:
        found = _adapter(cast(Any, kind)).validate_python(dict(stored))
    except pydantic.ValidationError as error:
        (first, *_) = error.errors()
        place = ".".join(map(str, first["loc"]))
        raise BadInput(
            f"expected a stored {kind.__name__}, got {first['input']!r} at {place}: {first['msg']}"
        ) from error
    return cast(Record, found)


@cache
def _adapter(kind: Any) -> "TypeAdapter[Any]":
    # Gradio brings pydantic; it is imported when the first result is read.
    import pydantic

    return pydantic.TypeAdapter(kind)
