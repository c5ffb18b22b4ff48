"""MILAN behind the shape that all methods share; its own code is `describer.milan`.

    Milan.of(model, SearchOptions())(study, {"layer4": [0, 1]}, watch)

A candidate is (text, log p(d|E), log p(d)), so that lambda can be moved without a model.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from db.jobs import Watch
from describer.methods.options import MILAN, MilanOptions
from describer.methods.study import Provenance, Sentence, Study, Units
from describer.milan.describing import SearchOptions, describe

if TYPE_CHECKING:
    from describer.milan.model import Model

USUAL = SearchOptions()


@dataclass(frozen=True)
class Milan:
    """A checkpoint and how its sentences are searched for.

    Attributes:
        checkpoint: its hash.
        load: gives its model, when there is a unit to describe.
        name: what the checkpoint is called where it is known.
    """

    checkpoint: str
    load: "Callable[[], Model]"
    search: SearchOptions = field(default_factory=SearchOptions)
    name: str = ""

    @classmethod
    def of(cls, model: "Model", search: SearchOptions = USUAL) -> "Milan":
        """A model that is loaded already."""
        return cls(model.hash, lambda: model, search)

    def provenance(self, _models: Path | None = None) -> Provenance:
        """What sentences were made of; known by the checkpoint, and the search if it is unusual."""
        search = MilanOptions(
            beam_size=self.search.beam_size, temperature=self.search.temperature
        ).known_by(self.checkpoint)
        others = [
            f"{name} {value}"
            for name, value, usual in (
                ("strategy", self.search.strategy, USUAL.strategy),
                ("downsampling", self.search.downsampling, USUAL.downsampling),
            )
            if value != usual
        ]
        known = "+".join([search, *others]) if others else search
        named = {"name": self.name} if self.name else {}
        values = {"checkpoint": self.checkpoint, **named, **asdict(self.search)}
        return Provenance(MILAN, values, known)

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """Units that are searched together, at a time; those without exemplars are left out."""
        for batch in describe(
            study.source,
            self.load(),
            layers=list(units),
            units=units,
            options=self.search,
            watch=watch,
        ):
            yield [
                Sentence(
                    each.layer,
                    each.unit,
                    each.description.text,
                    each.description.score,
                    each.description.candidates,
                    {"images": each.images, "vanished": list(each.vanished)},
                )
                for each in batch
            ]
