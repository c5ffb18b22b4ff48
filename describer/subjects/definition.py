"""The network under study, as a SUBJECT.toml describes it.

    subject = read(Path("SUBJECT.toml"))
    model = factory.build(subject, device="cpu")    # with its weights, in evaluation mode

A subject file names a factory and where the weights lie. Reading one runs nothing and opens no
weights; beside a folder that Hugging Face or timm wrote it reads how images are prepared.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from db import reading
from db.errors import BadInput
from describer.subjects import processors

# Far beyond any image that a network is given, and within what arrays take.
_LONGEST_SIDE = 16_384
_GREATEST = 1e30
INTERPOLATIONS = ("bilinear", "bicubic", "nearest")
COLOURS = {"white": (255, 255, 255), "black": (0, 0, 0), "grey": (128, 128, 128)}


@dataclass(frozen=True)
class Subject:
    """What a SUBJECT.toml says.

    Attributes:
        name: what the workspace calls it.
        factory: "module:callable", or "path/to/file.py:callable" relative to the subject file.
        image_size: height of the centre crop that the network is given, in pixels.
        mean, std: of each channel, for images in [0, 1]; one of each for a network of grey images.
        kwargs: arguments of the factory.
        weights: file of the state dict, or the folder that Hugging Face or timm saved; None leaves
            the seeded initial weights.
        layers: module paths that are studied unless others are asked for.
        resize_size: shorter side before the crop, or exact (height, width); None crops what is
            there.
        classes: names of the outputs, in their order.
        input: "image", or "latent" for a generator, whose images are its own outputs.
        latent_size: length of a generator's latent vector.
        image_width: width of the crop where it is not the height (`image_size = [height, width]`).
        interpolation: how images are resized.
        background: the colour (red, green, blue) that transparent pixels are laid on.
        white: the value of 16-bit, 32-bit and float images that is shown as white; None takes it
            from the image, see `describer.images.pictures`.
        loader: "path/to/file.py:callable" that reads a file into an array of the network's
            channels, for images that are no pictures.
        shown: the three channels of such an array that are looked at as red, green and blue.
        weights_entry: which entry of the weights file is loaded, where it holds several.
        weights_prefix: what the keys of the weights begin with and the network's do not.
        answer: which entry of the network's output is its answer, where the rule takes another.
        axis: the axis of units by layer; that of "" where nothing else tells.
        prefix_tokens: tokens before those of the image, where the network does not tell.
        source: the subject file.
    """

    name: str
    factory: str
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    weights: Path | None = None
    layers: tuple[str, ...] = ()
    resize_size: int | tuple[int, int] | None = None
    classes: tuple[str, ...] = ()
    input: str = "image"
    latent_size: int | None = None
    image_width: int | None = None
    interpolation: str = "bilinear"
    background: tuple[int, ...] = COLOURS["white"]
    white: float | None = None
    loader: str = ""
    shown: tuple[int, ...] = (0, 1, 2)
    weights_entry: str = ""
    weights_prefix: str = ""
    answer: str = ""
    axis: Mapping[str, int] = field(default_factory=dict)
    prefix_tokens: int | None = None
    source: Path = Path("SUBJECT.toml")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the images that the network is given."""
        return self.image_size, self.image_width or self.image_size

    @property
    def channels(self) -> int:
        """How many channels the network takes."""
        return len(self.mean)


# What changes a result without being among the four values that results were always known by.
_FURTHER = ("image_width", "interpolation", "background", "white", "loader", "answer")
KEYS = [known.name for known in fields(Subject) if known.name not in ("source", "image_width")]
_REQUIRED = [
    known.name
    for known in fields(Subject)
    if known.default is MISSING and known.default_factory is MISSING
]


def read(path: Path) -> Subject:
    """Read a subject file; nothing in it is run and no weights are opened.

    Raises:
        BadInput: the file is missing or no TOML, a key is unknown (the nearest is named) or
            missing, or a value is of another kind.
    """
    values = reading.of_toml(path, "a SUBJECT.toml")
    if odd := [text for text in _texts(values) if "\0" in text]:
        raise BadInput(f"expected text without NUL in {path}, got {odd[0]!r:.60}")
    for key in values:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.3) or KEYS[:1]
            raise BadInput(
                f"expected the keys of a subject in {path}, got {key!r}; nearest: {near[0]}"
            )
    given = _value(path, values, "weights", str, None)
    try:
        weights = None if given is None else (path.parent / given).expanduser().resolve()
        if weights is not None and weights.is_dir():
            values = {**processors.preparation(weights), **values}
    except (OSError, RuntimeError) as error:
        raise BadInput(f"expected the path of weights in {path}, got {given!r}: {error}") from error
    missing = [key for key in _REQUIRED if key not in values]
    if missing:
        raise BadInput(f"expected {', '.join(missing)} in {path}, got none")
    sides = _sides(path, values, "image_size")
    height, width = sides if isinstance(sides, tuple) else (sides or 0, None)
    subject = Subject(
        name=_value(path, values, "name", str, ""),
        factory=_value(path, values, "factory", str, ""),
        image_size=height,
        mean=_numbers(path, values, "mean"),
        std=_numbers(path, values, "std"),
        kwargs=_value(path, values, "kwargs", dict, {}),
        weights=weights,
        layers=_names(path, values, "layers"),
        resize_size=_sides(path, values, "resize_size"),
        classes=_names(path, values, "classes"),
        input=_value(path, values, "input", str, "image"),
        latent_size=_value(path, values, "latent_size", int, None),
        image_width=None if width == height else width,
        interpolation=_value(path, values, "interpolation", str, "bilinear"),
        background=_colour(path, values),
        white=_value(path, values, "white", int | float, None),
        loader=_value(path, values, "loader", str, ""),
        shown=tuple(int(channel) for channel in _numbers(path, values, "shown", [0, 1, 2])),
        weights_entry=_value(path, values, "weights_entry", str, ""),
        weights_prefix=_value(path, values, "weights_prefix", str, ""),
        answer=str(_value(path, values, "answer", str | int, "")),
        axis=_axes(path, values),
        prefix_tokens=_value(path, values, "prefix_tokens", int, None),
        source=path.resolve(),
    )
    _check(subject, path)
    return subject


def further(subject: Subject) -> dict[str, Any]:
    """What else a result depends on, by name: empty for subjects that say nothing of it.

    Results that were stored before these values existed keep the hashes that they have.
    """
    defaults = {known.name: known.default for known in fields(Subject)}
    return {key: said for key in _FURTHER if (said := getattr(subject, key)) != defaults[key]}


def _check(subject: Subject, path: Path) -> None:
    if ":" not in subject.factory or not subject.name.strip():
        raise BadInput(
            f"expected a name and a factory as module:callable in {path}, got "
            f"{subject.name!r} and {subject.factory!r}"
        )
    if "/" in subject.name or "\\" in subject.name:
        raise BadInput(f"expected a name without slashes in {path}, got {subject.name!r}")
    resized = subject.resize_size
    shorter = min(resized) if isinstance(resized, tuple) else resized
    if max(subject.size) > _LONGEST_SIDE or max(_both(resized)) > _LONGEST_SIDE:
        raise BadInput(
            f"expected image_size and resize_size of at most {_LONGEST_SIDE:,} in {path}, got "
            f"{_shown_size(subject)} and {resized}"
        )
    if min(subject.size) < 1 or (shorter or max(subject.size)) < min(subject.size):
        raise BadInput(
            f"expected image_size of at least 1 and resize_size of at least image_size in {path}, "
            f"got {_shown_size(subject)} and {resized}"
        )
    if not subject.std or len(subject.mean) != len(subject.std) or min(subject.std) <= 0:
        raise BadInput(
            f"expected a mean and a positive deviation for every channel in {path}, got "
            f"{list(subject.mean)} and {list(subject.std)}"
        )
    if subject.channels not in (1, 3) and not subject.loader and subject.input == "image":
        raise BadInput(
            f"expected one mean (grey) or three (colour) in {path}, got {subject.channels}; for "
            'other channels name what reads the files: loader = "FILE.py:FUNCTION"'
        )
    if subject.loader and ".py:" not in subject.loader:
        raise BadInput(f"expected loader as FILE.py:FUNCTION in {path}, got {subject.loader!r}")
    if len(subject.shown) != 3 or not all(channel >= 0 for channel in subject.shown):
        raise BadInput(f"expected shown as three channels in {path}, got {list(subject.shown)}")
    if subject.interpolation not in INTERPOLATIONS:
        raise BadInput(
            f"expected interpolation {', '.join(INTERPOLATIONS[:-1])} or {INTERPOLATIONS[-1]} in "
            f"{path}, got {subject.interpolation!r}"
        )
    if subject.white is not None and not (_is_number(subject.white) and subject.white > 0):
        raise BadInput(f"expected white as a value above 0 in {path}, got {subject.white}")
    if subject.input not in ("image", "latent"):
        raise BadInput(f"expected input image or latent in {path}, got {subject.input!r}")
    numbers = (subject.latent_size, subject.prefix_tokens, *subject.shown)
    if not all(number is None or 0 <= number < _LONGEST_SIDE for number in numbers):
        raise BadInput(
            f"expected latent_size, prefix_tokens and shown from 0 to {_LONGEST_SIDE:,} in {path}, "
            f"got {subject.latent_size}, {subject.prefix_tokens} and {list(subject.shown)}"
        )
    if not all(abs(axis) < _LONGEST_SIDE for axis in subject.axis.values()):
        raise BadInput(f"expected axis as places of axes in {path}, got {dict(subject.axis)}")
    if (subject.input == "latent") != (subject.latent_size is not None):
        raise BadInput(f'expected latent_size with input = "latent", and only with it, in {path}')


def _both(side: int | tuple[int, int] | None) -> tuple[int, int]:
    return side if isinstance(side, tuple) else (side or 0, side or 0)


def _shown_size(subject: Subject) -> int | list[int]:
    return subject.image_size if subject.image_width is None else list(subject.size)


def _value(path: Path, values: Mapping[str, Any], key: str, kind: Any, default: Any) -> Any:
    value = values.get(key, default)
    if key in values and (not isinstance(value, kind) or isinstance(value, bool)):
        name = getattr(kind, "__name__", str(kind))
        raise BadInput(f"expected {key} as {name} in {path}, got {value!r}")
    return value


def _numbers(
    path: Path, values: Mapping[str, Any], key: str, default: Any = ()
) -> tuple[float, ...]:
    found = _value(path, values, key, list, default)
    if not all(_is_number(each) for each in found):
        raise BadInput(f"expected {key} as a list of finite numbers in {path}, got {found!r}")
    return tuple(float(each) for each in found)


def _is_number(value: object) -> bool:
    """Whether a value is a number that every computation takes."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _GREATEST


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, names of keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _sides(path: Path, values: Mapping[str, Any], key: str) -> int | tuple[int, int] | None:
    """A side, or [height, width]."""
    found = values.get(key)
    if not isinstance(found, list):
        side: int | None = _value(path, values, key, int, None)
        return side
    if len(found) != 2 or not all(type(side) is int for side in found):
        raise BadInput(f"expected {key} as a number or [height, width] in {path}, got {found!r}")
    return found[0], found[1]


def _colour(path: Path, values: Mapping[str, Any]) -> tuple[int, ...]:
    found = values.get("background", "white")
    colour = COLOURS.get(found, ()) if isinstance(found, str) else found
    if (
        not isinstance(colour, list | tuple)
        or len(colour) != 3
        or not all(type(part) is int and 0 <= part <= 255 for part in colour)
    ):
        raise BadInput(
            f"expected background as {', '.join(COLOURS)} or three numbers of 0 to 255 in {path}, "
            f"got {found!r}"
        )
    return tuple(colour)


def _names(path: Path, values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = _value(path, values, key, list, [])
    if not all(isinstance(each, str) for each in found):
        raise BadInput(f"expected {key} as a list of names in {path}, got {found!r}")
    return tuple(found)


def _axes(path: Path, values: Mapping[str, Any]) -> dict[str, int]:
    """`axis = -1`, or `axis = { "encoder.norm" = -1 }` by layer; both: `{ "" = -1, … }`."""
    given = values.get("axis", {})
    found = given if isinstance(given, dict) else {"": given}
    if not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in found.values()):
        raise BadInput(f"expected axis as a number, or a number by layer, in {path}, got {given!r}")
    return dict(found)
