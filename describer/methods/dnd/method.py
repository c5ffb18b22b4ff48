"""Describe-and-Dissect: images, captions, candidates, and pictures that choose among them.

    method = DescribeAndDissect(Options(captioner="blip", likeness="clip", writer="qwen"))
    for batch in method(study, {"layer4": [0, 1, 2]}, watch): …
    method.provenance(models).hash

Step 1 finds what a unit is most active on (`strongest.py`), step 2 puts it into words and sums
these up (`candidates.py`), step 3 shows pictures of every candidate to the network
(`selection.py`). Whoever wants the sentences of a unit again gets the same: all chance is seeded by
the unit, and units share only what is made of all probing images.
"""

import argparse
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.errors import BadInput
from db.jobs import Watch
from describer.exemplars.records import LayerExemplars
from describer.methods.by_unit import nothing, one_by_one
from describer.methods.dnd import prompts, selection
from describer.methods.dnd.options import BY_CAPTIONS, Options
from describer.methods.models.prompt import Writer
from describer.methods.study import (
    Provenance,
    Sentence,
    Study,
    Units,
    picture_file,
    seed_of,
)

if TYPE_CHECKING:
    from describer.demo.world.renderer import Renderer
    from describer.methods.dnd.retrieval import Album
    from describer.methods.dnd.selection import Chosen, Gallery
    from describer.methods.dnd.strongest import Shown
    from describer.methods.models.captions import Captioner
    from describer.methods.models.likeness import Likeness
    from describer.methods.models.pictures import Maker
    from describer.methods.responses import Responses


@dataclass(frozen=True)
class Parts:
    """The models that the options name, loaded."""

    captioner: "Captioner | None"
    writer: Writer | None
    likeness: "Likeness | None"
    maker: "Maker | Renderer | None"

    @classmethod
    def open(cls, options: Options, models: Path | None, device: str) -> "Parts":
        """Load them.

        Raises:
            BadInput: one is not there, of another kind, or cannot be loaded.
        """
        from describer.methods.models import captions, likeness, opening, pictures

        named = options.models
        return cls(
            captions.Captioner.open(named["captioner"], models, device=device)
            if "captioner" in named
            else None,
            opening.open_writer(named.get("writer", ""), models, device=device),
            likeness.Likeness.open(named["likeness"], models, device=device)
            if "likeness" in named
            else None,
            pictures.open_maker(named["maker"], models, device=device, steps=options.steps)
            if "maker" in named
            else None,
        )


@dataclass(frozen=True)
class DescribeAndDissect:
    """The method with its options."""

    options: Options

    @classmethod
    def from_options(cls, given: argparse.Namespace) -> "DescribeAndDissect":
        """The method as a command line asks for it."""
        return cls(Options.from_options(given))

    def provenance(self, models: Path | None) -> Provenance:
        """What its sentences are made of; models are hashed, not loaded.

        Raises:
            BadInput: a model is not there.
        """
        from describer.methods.models import opening

        options = asdict(self.options)
        # Where pictures are written changes no sentence, nor where a list lies.
        del options["keep"]
        concepts = options.pop("concepts")
        return Provenance(
            "dnd",
            {
                "options": options,
                "models": {
                    part: opening.identity(name, models)
                    for part, name in self.options.models.items()
                },
                "concepts": _digest(_concepts(concepts)) if concepts else "",
                "prompts": {
                    "simplify": prompts.SIMPLIFY,
                    "summarise": prompts.SUMMARISE,
                    "examples": [[list(lines), concept] for lines, concept in prompts.EXAMPLES],
                    "picture": prompts.PICTURE,
                },
            },
        )

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """Sentences, one unit at a time.

        Raises:
            BadInput: models or images are missing, or a network that takes no images is to be
                shown some.
            Unreachable: the language model's endpoint does not answer.
        """
        from describer.methods.models import folder
        from describer.methods.responses import Responses

        responses = Responses.open(study, self.options.pooling)
        if self.options.selection and not self.options.retrieves and not responses.takes_images:
            raise BadInput(
                f"expected --maker retrieve for {responses.subject.name}: generators, and networks "
                "whose images a loader reads, take no pictures that were made elsewhere"
            )
        if self.options.crops and responses.takes_images:
            folder.need("skimage", "attention crops")
        parts = Parts.open(self.options, study.models, study.device)
        work = _Work(self.options, responses, parts, watch)
        exemplars: dict[str, LayerExemplars] = {}

        def describe(layer: str, unit: int) -> Sentence:
            if not exemplars:
                exemplars.update(responses.strongest(list(units), self.options.exemplars, watch))
            return work.sentence(exemplars[layer], layer, unit)

        yield from one_by_one(study, units, watch, describe)


@dataclass(frozen=True)
class _Work:
    """What describes one unit after another; things made of all images are made once."""

    options: Options
    responses: "Responses"
    parts: Parts
    watch: Watch

    def sentence(self, exemplars: LayerExemplars, layer: str, unit: int) -> Sentence:
        """What is said about a unit."""
        from describer.methods.dnd.candidates import candidates
        from describer.methods.dnd.strongest import strongest

        options = self.options
        shown = strongest(self.responses, exemplars, layer, unit, options)
        if not len(shown.images):
            return nothing(layer, unit, "no image of the probing set can be read")
        captions = self.captions(shown)
        self._keep(shown.images, 5, layer, unit, "shown")
        detail: dict[str, Any] = {
            "exemplars": [
                {"image": name, "activation": float(activation), "caption": caption}
                for name, activation, caption in zip(
                    shown.names, shown.activations, captions, strict=True
                )
            ]
        }
        spoken = [caption for caption in captions if caption]
        if not spoken:
            return nothing(layer, unit, "the captioning model said nothing", detail)
        seed = seed_of(options.seed, layer, unit)
        found = candidates(spoken, self.parts.writer, options, seed=seed, watch=self.watch)
        detail |= {
            "how": found.how,
            "simplified": list(found.simplified),
            "unusable_answers": found.unusable,
        }
        if not options.selection:
            return Sentence(
                layer,
                unit,
                found.texts[0],
                None,
                [(text, 0.0, 0.0) for text in found.texts],
                {**detail, "selection": "none: the first candidate"},
            )
        return self._select(found.texts, shown, layer, unit, detail)

    def _keep(self, images: Any, columns: int, layer: str, unit: int, what: str) -> None:
        """Keep images, uint8 (n, 3, S, S), as one picture, rows from left to right."""
        if (folder := self.responses.study.keep) is not None:
            selection.write_sheet(folder / picture_file(layer, unit, what), images, columns)

    def captions(self, shown: "Shown") -> list[str]:
        """What is said about each image."""
        if self.options.concepts:
            likeness = self.parts.likeness
            assert likeness is not None, "options that need it ask for it"
            nearest = likeness.of_images(list(shown.images)) @ self._concept_vectors.T
            return [_concepts(self.options.concepts)[place] for place in nearest.argmax(axis=1)]
        assert self.parts.captioner is not None, "options that need it ask for it"
        return self.parts.captioner.captions(list(shown.images))

    def _select(
        self, texts: tuple[str, ...], shown: "Shown", layer: str, unit: int, detail: dict[str, Any]
    ) -> Sentence:
        options, likeness = self.options, self.parts.likeness
        gallery = self._gallery(texts, shown, layer, unit)
        chosen = selection.choose(gallery, shown, likeness, options)
        rows = gallery.images[list(chosen.order)]
        self._keep(rows.reshape(-1, *rows.shape[2:]), rows.shape[1], layer, unit, "candidates")
        kept = selection.unlike(texts, chosen.order, likeness, options.labels)
        means = gallery.activations.mean(axis=1)
        return Sentence(
            layer,
            unit,
            "; ".join(texts[place] for place in kept),
            chosen.scores[chosen.order[0]],
            [(texts[at], chosen.scores[at], float(means[at])) for at in chosen.order],
            {
                **detail,
                "labels": [texts[place] for place in kept],
                "selection": self._how(),
                "candidates": _rows(texts, gallery, chosen),
            },
        )

    def _gallery(self, texts: tuple[str, ...], shown: "Shown", layer: str, unit: int) -> "Gallery":
        if self.parts.maker is not None:
            return selection.generated(
                texts, self.parts.maker, self.responses, self.options, layer, unit
            )
        return selection.retrieved(
            texts, self._album, self.responses, self.options, shown, (layer, unit)
        )

    def _how(self) -> str:
        if not self.options.retrieves:
            return "pictures that were made of the candidates"
        by = "captions" if self.options.maker == BY_CAPTIONS else "vectors"
        return f"probing images retrieved by their {by}; none was made"

    @cached_property
    def _album(self) -> "Album":
        from describer.methods.dnd.retrieval import ByCaptions, ByVectors

        if self.options.maker == BY_CAPTIONS:
            assert self.parts.captioner is not None, "options that need it ask for it"
            return ByCaptions.of(self.responses, self.parts.captioner, self.watch)
        assert self.parts.likeness is not None, "options that need it ask for it"
        return ByVectors.of(self.responses, self.parts.likeness, self.watch)

    @cached_property
    def _concept_vectors(self) -> Any:
        assert self.parts.likeness is not None, "options that need it ask for it"
        return self.parts.likeness.of_texts(_concepts(self.options.concepts))


def _rows(texts: tuple[str, ...], gallery: "Gallery", chosen: "Chosen") -> list[dict[str, Any]]:
    """Candidates with their scores and pictures, best first."""
    return [
        {
            "text": texts[place],
            "scores": {name: scores[place] for name, scores in chosen.all_scores.items()},
            "pictures": list(gallery.names[place]),
            "activations": [float(value) for value in gallery.activations[place]],
        }
        for place in chosen.order
    ]


def _concepts(file: str) -> list[str]:
    """The concepts of a list, one a line; empty lines are passed over.

    Raises:
        BadInput: there is no such list, or nothing in it.
    """
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"expected a list of concepts, one a line, got {file}: {error}") from error
    found = [" ".join(line.split()) for line in lines if line.strip()]
    if not found:
        raise BadInput(f"expected concepts in {file}, got none")
    return found


def _digest(concepts: list[str]) -> str:
    return hashlib.sha256("\n".join(concepts).encode()).hexdigest()
