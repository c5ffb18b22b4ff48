"""What machine and simulated people say about the demo's units, made by the build and shipped.

    found = read()                 # None: the build did not leave them, or the weights are others

They are what `describer.demo.sentences.make.say` gives on the shipped weights and the demo's
images; a first start would spend most of its time on them. A test computes some of them again.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
FILE = FOLDER / "sayings.json.gz"


@dataclass(frozen=True)
class DemoDescription:
    """A sentence of the demo's MILAN about a unit; candidates: (text, log p(d|E), log p(d))."""

    subject: str
    layer: str
    unit: int
    text: str
    score: float
    candidates: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class MadeOf:
    """What sentences were made of: `values`, known by `hash`, as `provenances` has it."""

    method: str
    hash: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class DemoSentence:
    """What a method beside MILAN says about a unit, as `descriptions` has it.

    made_of: place of what it was made of. text: "" where there is a reason in detail instead.
    """

    made_of: int
    subject: str
    layer: str
    unit: int
    text: str
    score: float | None
    candidates: tuple[tuple[str, float, float], ...]
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoAnnotation:
    """A simulated annotator's sentence; to be stored as of kind `simulated`."""

    subject: str
    layer: str
    unit: int
    annotator: str
    sentence: str


@dataclass(frozen=True)
class Sayings:
    """All of them, and the units (subject, layer, unit) that people are asked about.

    annotations: three different ones about every unit that has any. made_of, sentences: of the
    methods beside MILAN.
    """

    descriptions: tuple[DemoDescription, ...]
    to_annotate: tuple[tuple[str, str, int], ...]
    annotations: tuple[DemoAnnotation, ...]
    made_of: tuple[MadeOf, ...] = ()
    sentences: tuple[DemoSentence, ...] = ()


def weights_digest() -> str:
    """SHA-256 over the networks' and MILAN's weights: sayings about others are not read.

    The demo's own models are known by the hashes in what sentences were made of.
    """
    digest = hashlib.sha256()
    paths = (*FOLDER.glob("subjects/*.safetensors"), *FOLDER.glob("checkpoint/*.safetensors"))
    for path in sorted(paths):
        digest.update(path.relative_to(FOLDER).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write(said: Sayings, path: Path = FILE) -> None:
    """Write them beside the weights they are about; the same sayings give the same bytes."""
    values = {"weights": weights_digest(), **asdict(said)}
    text = json.dumps(values, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text, mtime=0))


def read(path: Path = FILE) -> Sayings | None:
    """The shipped sayings, or None when there are none about the shipped weights."""
    if not path.is_file():
        return None
    values = json.loads(gzip.decompress(path.read_bytes()))
    if values["weights"] != weights_digest():
        return None
    return Sayings(
        tuple(
            DemoDescription(**{**each, "candidates": tuple(map(tuple, each["candidates"]))})
            for each in values["descriptions"]
        ),
        tuple((subject, layer, unit) for subject, layer, unit in values["to_annotate"]),
        tuple(DemoAnnotation(**each) for each in values["annotations"]),
        tuple(MadeOf(**each) for each in values.get("made_of", ())),
        tuple(
            DemoSentence(**{**each, "candidates": tuple(map(tuple, each["candidates"]))})
            for each in values.get("sentences", ())
        ),
    )


def with_methods(
    said: Sayings, made_of: tuple[MadeOf, ...], sentences: tuple[DemoSentence, ...]
) -> Sayings:
    """Sayings with the sentences of the methods beside MILAN in place of those there were."""
    return replace(said, made_of=made_of, sentences=sentences)
