"""A subject file as text: of the values of its keys, or of a subject that was read.

    text(values(subject))       # reads back as the same subject
    text({"name": "n", "factory": "torchvision.models:resnet18", …})

Every key that differs from its default is written, so that nothing of how images are prepared, or
of how weights and answers are found, is lost on the way.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import tomli_w

from db.errors import BadInput
from describer.subjects import processors
from describer.subjects.definition import Subject


def text(values: Mapping[str, Any]) -> str:
    """The values of a subject file as TOML; those that are None or empty are left out.

    Raises:
        BadInput: TOML has no such values.

    >>> print(text({"name": "n", "kwargs": {"num_classes": 3}, "layers": []}), end="")
    name = "n"
    <BLANKLINE>
    [kwargs]
    num_classes = 3
    """
    given = {key: value for key, value in values.items() if value not in (None, {}, [], ())}
    try:
        return tomli_w.dumps(given)
    except TypeError as error:
        raise BadInput(f"expected arguments that a subject file can hold, got {error}") from error


def values(subject: Subject) -> dict[str, Any]:
    """What a subject file in the place of `subject.source` says, by key."""
    said = _by_folder(subject.weights)
    found: dict[str, Any] = {}
    for key in fields(Subject):
        value = getattr(subject, key.name)
        default = {} if key.default is MISSING else key.default
        if value != default or key.name in said:
            found[key.name] = list(value) if isinstance(value, tuple) else value
    del found["source"]
    if found.pop("image_width", None) is not None:
        found["image_size"] = list(subject.size)
    if subject.weights is not None:
        found["weights"] = _relative(subject.weights, subject.source.parent)
    if set(subject.axis) == {""}:
        found["axis"] = subject.axis[""]
    return found


def _by_folder(weights: Path | None) -> set[str]:
    """The keys that the folder of the weights would answer if the subject file did not."""
    return set(processors.preparation(weights)) if weights and weights.is_dir() else set()


def _relative(weights: Path, folder: Path) -> str:
    if weights.is_relative_to(folder):
        return weights.relative_to(folder).as_posix()
    return str(weights)
