"""What a person chooses of each method: frozen values, and as JSON in a job's arguments.

    asked = NetDissectOptions(concepts=("things", "colours"))
    from_json(to_json(asked)) == asked
    asked.method                                # "netdissect"

Names stand here as they were given; `opening.py` finds what they name. Concepts are sets of the
workspace, `colours`, or FORMAT:PLACE on the command line.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from db.errors import BadInput
from describer.methods import vlm
from describer.methods.dnd import options as dnd

MILAN = "milan"
NETDISSECT = "netdissect"
COMPOSITIONAL = "compositional"
CLIP_DISSECT = "clip-dissect"
DND = "dnd"
VLM = "vlm"

TITLES = {
    MILAN: "MILAN",
    NETDISSECT: "NetDissect",
    COMPOSITIONAL: "Compositional Explanations",
    CLIP_DISSECT: "CLIP-Dissect",
    DND: "Describe-and-Dissect",
    VLM: "Vision-language model",
}
SIMILARITIES = ("soft-wpmi", "wpmi", "cosine", "cosine-cubed")


@dataclass(frozen=True)
class MilanOptions:
    """checkpoint: by its name in the workspace. temperature: lambda of Section 3.4."""

    method: ClassVar[str] = MILAN
    checkpoint: str = ""
    beam_size: int = 50
    temperature: float = 0.2

    def __post_init__(self) -> None:
        if self.beam_size < 1:
            raise BadInput(f"expected a beam size of at least 1, got {self.beam_size}")

    def known_by(self, checkpoint_hash: str) -> str:
        """What its sentences are stored under: the checkpoint, and the search where it is another.

        The usual search leaves the checkpoint's hash alone.
        """
        usual = (MilanOptions.beam_size, MilanOptions.temperature)
        if (self.beam_size, self.temperature) == usual:
            return checkpoint_hash
        return f"{checkpoint_hash}+beam {self.beam_size}, lambda {self.temperature:g}"


def checkpoint_of(model_hash: str) -> str:
    """The hash of the checkpoint among what MILAN's sentence is stored under."""
    return model_hash.partition("+")[0]


def search_of(model_hash: str) -> str:
    """The search that MILAN's sentence was found with, in words; "" for the usual one.

    >>> search_of("5f3c+beam 5, lambda 0")
    'beam 5, lambda 0'
    """
    return model_hash.partition("+")[2]


@dataclass(frozen=True)
class NetDissectOptions:
    """concepts: sets that units are compared with, as one. Others: see `NetDissect`."""

    method: ClassVar[str] = NETDISSECT
    concepts: tuple[str, ...] = ()
    quantile: float = 0.995
    whole: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _check_overlap(self.concepts, self.quantile)


@dataclass(frozen=True)
class CompositionalOptions:
    """concepts: sets that formulas are made of, as one. Others: see `Compositional`."""

    method: ClassVar[str] = COMPOSITIONAL
    concepts: tuple[str, ...] = ()
    quantile: float = 0.995
    length: int = 3
    beam: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        _check_overlap(self.concepts, self.quantile)
        if self.length < 1 or self.beam < 1:
            raise BadInput(
                f"expected a length and a beam of at least 1, got {self.length} and {self.beam}"
            )


@dataclass(frozen=True)
class ClipDissectOptions:
    """model: folder or cached CLIP or SigLIP. words: none for the commonest nouns."""

    method: ClassVar[str] = CLIP_DISSECT
    model: str = ""
    words: tuple[str, ...] = ()
    similarity: str = SIMILARITIES[0]
    pooling: str = "mean"

    def __post_init__(self) -> None:
        if not self.model:
            raise BadInput("expected a CLIP or SigLIP model for clip-dissect, got none")
        if self.similarity not in SIMILARITIES:
            raise BadInput(
                f"expected similarity {', '.join(SIMILARITIES)}, got {self.similarity!r}"
            )


Asked = (
    MilanOptions
    | NetDissectOptions
    | CompositionalOptions
    | ClipDissectOptions
    | dnd.Options
    | vlm.Options
)
OPTIONS: dict[str, type[Any]] = {
    MILAN: MilanOptions,
    NETDISSECT: NetDissectOptions,
    COMPOSITIONAL: CompositionalOptions,
    CLIP_DISSECT: ClipDissectOptions,
    DND: dnd.Options,
    VLM: vlm.Options,
}


def needs_pooled(asked: Asked) -> bool:
    """Whether a method compares the pooled activations of every image."""
    return isinstance(asked, ClipDissectOptions)


def to_json(asked: Asked) -> dict[str, Any]:
    """The options with the name of their method."""
    return {"method": asked.method, **asdict(asked)}


def from_json(kept: Mapping[str, Any]) -> Asked:
    """The options that a row keeps; what it does not name is as usual.

    Raises:
        BadInput: a method or an option that is not known.
    """
    name = kept.get("method")
    if name not in OPTIONS:
        raise BadInput(f"expected a method ({', '.join(OPTIONS)}), got {name!r}")
    kind = OPTIONS[name]
    known = {field.name for field in fields(kind)}
    if unknown := [key for key in kept if key not in known | {"method"}]:
        raise BadInput(f"expected options of {name} ({', '.join(known)}), got {unknown[0]!r}")
    values = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in kept.items()
        if key != "method"
    }
    asked: Asked = kind(**values)
    return asked


def _check_overlap(concepts: tuple[str, ...], quantile: float) -> None:
    if not concepts:
        raise BadInput("expected at least one set of concepts, got none")
    if not 0 < quantile < 1:
        raise BadInput(f"expected a quantile between 0 and 1, got {quantile}")
