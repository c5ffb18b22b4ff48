"""What can be chosen of Describe-and-Dissect: models, numbers, and the paper's ablations."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from db.errors import BadInput
from describer.methods.models.opening import NONE

SCORINGS = ("topk-squared-image-products", "topk-squared", "mean", "image-products")
NEED_LIKENESS = ("topk-squared-image-products", "image-products")
BY_VECTORS, BY_CAPTIONS = "retrieve", "retrieve-captions"


@dataclass(frozen=True)
class Options:
    """The paper's settings unless others are asked for.

    Attributes:
        captioner: folder of a captioning model; not used with `concepts`.
        writer: folder of a language model, "endpoint:NAME", or "none": then common noun phrases
            of the captions are the candidates.
        maker: folder of a diffusers pipeline; "retrieve" takes the probing images whose vectors
            are nearest to the candidate's instead of making any, "retrieve-captions" those whose
            captions are.
        likeness: folder of a CLIP or SigLIP model, for image products, retrieval by vectors,
            several labels and captions from a list.
        concepts: a list of concepts, one a line: every image is captioned by the nearest of them
            (the paper's ablation A.4.2).
        scoring: one of `SCORINGS`.
        exemplars, candidates, pictures: the paper's K, N and Q.
        labels: how many unlike labels a unit may have (A.7).
        pooling: a unit's activation on an image: the "mean" of its map, or the "max".
        crops: whether attention crops join the images (A.4.1).
        summary: whether captions are summed up; else they are the candidates (A.4.6).
        simplify: whether captions are shortened by the language model first (A.1.3).
        selection: whether the third step chooses (4.4.2); else the first candidate is taken.
        steps: of the pipeline, to a picture.
        seed: of all chance, with the unit.
        keep: a folder that pictures are written to; "" keeps their names alone.
    """

    method: ClassVar[str] = "dnd"
    captioner: str = ""
    writer: str = NONE
    maker: str = BY_VECTORS
    likeness: str = ""
    concepts: str = ""
    scoring: str = SCORINGS[0]
    exemplars: int = 10
    candidates: int = 5
    pictures: int = 10
    labels: int = 1
    pooling: str = "mean"
    crops: bool = True
    summary: bool = True
    simplify: bool = True
    selection: bool = True
    steps: int = 50
    seed: int = 0
    keep: str = ""

    def __post_init__(self) -> None:
        """
        Raises:
            BadInput: a choice that is none, a number below one, or a model that is needed and not
                named.
        """
        if self.scoring not in SCORINGS:
            raise BadInput(f"expected scoring {', '.join(SCORINGS)}, got {self.scoring!r}")
        if self.pooling not in ("mean", "max"):
            raise BadInput(f"expected pooling mean or max, got {self.pooling!r}")
        for name in ("exemplars", "candidates", "pictures", "labels", "steps"):
            if getattr(self, name) < 1:
                raise BadInput(f"expected {name} of at least 1, got {getattr(self, name)}")
        by_captions = self.selection and self.maker == BY_CAPTIONS
        if not self.captioner and (by_captions or not self.concepts):
            raise BadInput("expected a captioning model (--captioner NAME), got none")
        if (why := self._compares()) and not self.likeness:
            raise BadInput(f"expected a CLIP or SigLIP model (--likeness NAME) for {why}, got none")

    @property
    def retrieves(self) -> bool:
        """Whether probing images stand for pictures made of a candidate."""
        return self.maker in (BY_VECTORS, BY_CAPTIONS)

    @property
    def models(self) -> dict[str, str]:
        """Which models are used for what."""
        makes = self.selection and not self.retrieves
        named = {
            "captioner": self.captioner,
            "writer": self.writer if self.summary and self.writer != NONE else "",
            "likeness": self.likeness,
            "maker": self.maker if makes else "",
        }
        return {part: name for part, name in named.items() if name}

    def _compares(self) -> str:
        """What a model that compares images and texts is needed for, or ""."""
        if self.concepts:
            return "captions from a list of concepts"
        if self.labels > 1:
            return "telling several labels apart"
        if self.selection and self.scoring in NEED_LIKENESS:
            return f"the scoring {self.scoring}"
        if self.selection and self.maker == BY_VECTORS:
            return "retrieving images by vectors"
        return ""

    @classmethod
    def from_options(cls, given: argparse.Namespace) -> "Options":
        """The options of a command line that `add_options` described."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            value = getattr(given, f"dnd_{field.name}", None)
            if value is not None:
                values[field.name] = str(value) if isinstance(value, Path) else value
        return cls(**values)


def add_options(parser: Any) -> None:
    """Add the options to a command; all their destinations begin with `dnd_`."""
    group = parser.add_argument_group(
        "dnd", "Describe-and-Dissect; `python app.py models` lists the models that can be named"
    )
    texts = {
        "captioner": "folder of a captioning model",
        "writer": "folder of a language model, endpoint:NAME, or none (default)",
        "maker": "folder of a diffusers pipeline, retrieve (default), or retrieve-captions",
        "likeness": "folder of a CLIP or SigLIP model",
    }
    for name, text in texts.items():
        group.add_argument(f"--{name}", dest=f"dnd_{name}", metavar="NAME", help=text)
    group.add_argument(
        "--caption-concepts",
        dest="dnd_concepts",
        type=Path,
        metavar="FILE",
        help="caption every image by the nearest line of this list",
    )
    group.add_argument("--scoring", dest="dnd_scoring", choices=SCORINGS)
    for flag, name, text in (
        ("dnd-exemplars", "exemplars", "images a unit that are captioned (default: 10)"),
        ("candidates", "candidates", "candidates a unit (default: 5)"),
        ("pictures", "pictures", "pictures a candidate (default: 10)"),
        ("labels", "labels", "unlike labels a unit, at most (default: 1)"),
        ("steps", "steps", "steps of the pipeline to a picture (default: 50)"),
        ("dnd-seed", "seed", "of all chance, with the unit (default: 0)"),
    ):
        group.add_argument(f"--{flag}", dest=f"dnd_{name}", type=int, metavar="N", help=text)
    group.add_argument("--dnd-pool", dest="dnd_pooling", choices=("mean", "max"))
    for flag, name, text in (
        ("no-crops", "crops", "leave attention crops out"),
        ("no-summary", "summary", "take the captions themselves as candidates"),
        ("no-simplify", "simplify", "do not have captions shortened"),
        ("no-selection", "selection", "take the first candidate"),
    ):
        group.add_argument(
            f"--{flag}", dest=f"dnd_{name}", action="store_const", const=False, help=text
        )
    group.add_argument(
        "--keep-pictures", dest="dnd_keep", type=Path, metavar="DIR", help="write pictures there"
    )
