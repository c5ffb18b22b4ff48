"""MILAN behind the shape that all methods share; its own code is `describer.milan`.

    Milan(model, SearchOptions())(study, {"layer4": [0, 1]}, watch)

A candidate is (text, log p(d|E), log p(d)), so that lambda can be moved without a model.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from db.jobs import Watch
from describer.methods.study import Provenance, Sentence, Study, Units
from describer.milan.describing import SearchOptions, describe
from describer.milan.model import Model

METHOD = "milan"


@dataclass(frozen=True)
class Milan:
    """A checkpoint and how its sentences are searched for."""

    model: Model
    search: SearchOptions = field(default_factory=SearchOptions)

    def provenance(self) -> Provenance:
        """What sentences were made of."""
        return Provenance(METHOD, {"checkpoint": self.model.hash, **asdict(self.search)})

    def __call__(self, study: Study, units: Units, watch: Watch) -> Iterator[list[Sentence]]:
        """Units that are searched together, at a time; those without exemplars are left out."""
        for batch in describe(
            study.source,
            self.model,
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
