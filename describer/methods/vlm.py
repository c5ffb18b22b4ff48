"""A model that sees is asked once: masked exemplars beside quiet images, one sentence back.

    method = SeenAtOnce(Options(model="endpoint:looker"))
    for batch in method(study, {"layer4": [0, 1, 2]}, watch): …

The left half of the picture holds the unit's exemplars with everything outside their masks dimmed,
the right half as many of the images of a seeded sample that move the unit least.
"""

import argparse
import hashlib
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from db.errors import BadInput
from db.jobs import Watch
from describer.methods.by_unit import one_by_one
from describer.methods.models.prompt import Manner, Prompt, Writer
from describer.methods.study import Provenance, Sentence, Study, Units, seed_of

if TYPE_CHECKING:
    from describer.methods.responses import Responses

QUESTION = (
    "The picture has two halves, with a white bar between them. Left: images that a detector "
    "reacts to, bright where it reacts and dark elsewhere. Right: images that it does not react "
    "to. Say in one short sentence what the bright parts on the left have in common that the right "
    "half lacks. Answer with the sentence alone."
)
DIMMED = 0.25
SAMPLE = 64


@dataclass(frozen=True)
class Options:
    """Which model is asked, and how much it sees.

    Attributes:
        model: "endpoint:NAME", or the folder of an image-text model that converses.
        exemplars: how many masked exemplars, and how many quiet images.
        seed: of the sample that quiet images are taken from.
    """

    method: ClassVar[str] = "vlm"
    model: str = ""
    exemplars: int = 9
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.model:
            raise BadInput("expected a model that sees (--vlm NAME or endpoint:NAME), got none")
        if self.exemplars < 1:
            raise BadInput(f"expected at least 1 exemplar, got {self.exemplars}")

    @classmethod
    def from_options(cls, given: argparse.Namespace) -> "Options":
        """The options of a command line that `add_options` described."""
        values = {field.name: getattr(given, f"vlm_{field.name}", None) for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if value is not None})


def add_options(parser: Any) -> None:
    """Add the options to a command; all their destinations begin with `vlm_`."""
    group = parser.add_argument_group("vlm", "a model that sees the exemplars as one picture")
    group.add_argument(
        "--vlm", dest="vlm_model", metavar="NAME", help="endpoint:NAME, or a model's folder"
    )
    group.add_argument(
        "--vlm-exemplars", type=int, metavar="N", help="images in either half (default: 9)"
    )
    group.add_argument("--vlm-seed", type=int, metavar="N", help="of the quiet images' sample")


@dataclass(frozen=True)
class SeenAtOnce:
    """The method with its options."""

    options: Options

    @classmethod
    def from_options(cls, given: argparse.Namespace) -> "SeenAtOnce":
        """The method as a command line asks for it."""
        return cls(Options.from_options(given))

    def provenance(self, models: Path | None) -> Provenance:
        """What its sentences are made of; the model is hashed, not loaded.

        Raises:
            BadInput: the model is not there.
        """
        from describer.methods.models import opening

        return Provenance(
            "vlm",
            {
                "options": asdict(self.options),
                "models": {"looker": opening.identity(self.options.model, models)},
                "prompts": {"question": QUESTION},
                "dimmed": DIMMED,
                "sample": SAMPLE,
            },
        )

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """Sentences, one unit at a time.

        Raises:
            BadInput: the model, the network or the images are missing.
            Unreachable: the model's endpoint does not answer.
        """
        from describer.methods.models import opening
        from describer.methods.responses import Responses

        responses = Responses.open(study, "max")
        writer = opening.open_looker(self.options.model, study.models, device=study.device)

        def describe(layer: str, unit: int) -> Sentence:
            return self._sentence(study, responses, writer, (layer, unit), watch)

        yield from one_by_one(study, units, watch, describe)

    def _sentence(
        self,
        study: Study,
        responses: "Responses",
        writer: Writer,
        where: tuple[str, int],
        watch: Watch,
    ) -> Sentence:
        from describer.methods.models import cleaning
        from describer.methods.responses import paths

        layer, unit = where
        count = self.options.exemplars
        shown = study.source.unit(layer, unit)
        own = [int(image_id) for image_id in shown.ids]
        quiet = self._quiet(responses, where, own)
        if not quiet:
            raise BadInput("expected probing images beside the unit's exemplars, got none")
        left = dimmed(shown.images[:count], shown.masks[:count])
        picture = halves(left, responses.images(quiet))
        prompt = Prompt(QUESTION, picture=picture)
        seed = seed_of(self.options.seed, layer, unit)
        (answer,) = writer.write([prompt], Manner(seed % 2**31, 0.0, 60), watch)
        text = cleaning.sentence(answer)
        detail: dict[str, Any] = {
            "exemplars": paths(responses.probing_set, own[:count]),
            "quiet": paths(responses.probing_set, quiet),
            "picture": hashlib.sha256(picture.tobytes()).hexdigest(),
        }
        if not text:
            detail["reason"] = "the model gave no usable answer"
        return Sentence(layer, unit, text, None, (), detail)

    def _quiet(self, responses: "Responses", where: tuple[str, int], own: list[int]) -> list[int]:
        """Images of a seeded sample that move the unit least: ids, the quietest first."""
        layer, unit = where
        generator = np.random.default_rng(self.options.seed)
        order = generator.permutation(len(responses.probing_set)).tolist()
        sample = sorted({*order[:SAMPLE]} - {*own})
        if not sample:
            return []
        readable = [image_id for batch in responses.read(sample) for image_id in batch.ids.tolist()]
        activations = responses.pooled(responses.maps_of(readable, layer, [unit])[:, 0])
        quietest = np.argsort(activations, kind="stable")[: self.options.exemplars]
        return [readable[place] for place in quietest]


def dimmed(images: NDArray[np.uint8], masks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Images, uint8 (n, 3, H, W), dark outside of their masks, bool (n, 1, H, W)."""
    shown = np.where(masks, images, (images * DIMMED).astype(np.uint8))
    return shown.astype(np.uint8)


def halves(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two grids of images, uint8 (n, 3, H, W), beside each other with a white bar between."""
    side = math.ceil(math.sqrt(max(len(left), len(right))))
    first, second = _grid(left, side), _grid(right, side)
    bar = np.full((3, first.shape[1], max(4, first.shape[2] // 20)), 255, np.uint8)
    return np.concatenate([first, bar, second], axis=2)


def _grid(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A square of images with thin white lines: uint8 (3, height, width)."""
    line = 2
    height, width = (size + line for size in images.shape[2:])
    grid = np.full((3, side * height + line, side * width + line), 255, np.uint8)
    for place, image in enumerate(images):
        top, left = place // side * height + line, place % side * width + line
        grid[:, top : top + image.shape[1], left : left + image.shape[2]] = image
    return grid
