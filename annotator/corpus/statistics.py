"""Statistics of a corpus of annotations, as in Table 5 of the MILAN paper.

    for layer in statistics(rows, nlp).values():
        print(layer.units, layer.words, layer.length, layer.nouns)

`rows` are (layer, unit, text), one an annotation. `nlp` is a spaCy pipeline with tags and lemmas;
shares of parts of speech depend on which, so name it beside them. It does not know who wrote what,
nor how well annotators agree. `Counted` is such a table as a job keeps it.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import tables

if TYPE_CHECKING:
    from spacy.language import Language

VERSION = 1


@dataclass(frozen=True)
class LayerStatistics:
    """What the annotations of one layer are like.

    Attributes:
        words: distinct lemmas, without regard to case.
        length: mean number of words of an annotation.
        nouns, adjectives, prepositions: shares of all words, in [0, 1].
    """

    layer: str
    units: int
    annotations: int
    words: int
    length: float
    nouns: float
    adjectives: float
    prepositions: float


COLUMNS = tuple(column.name for column in dataclasses.fields(LayerStatistics))


@dataclass(frozen=True)
class Counted:
    """The table of a campaign.

    Attributes:
        pipeline: which told the parts of speech.
        rules: the version of the cleaning rules, 0 for the built-in ones; None for text as typed.
        rows: of every layer, then of every network.
    """

    pipeline: str
    rules: int | None
    rows: tuple[LayerStatistics, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a job keeps them."""
        return {"version": VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Counted":
        """What `to_json` gave; the first ones have no version and are the same otherwise."""
        rows = tuple(LayerStatistics(**row) for row in stored["rows"])
        return cls(stored["pipeline"], stored["rules"], rows)


def statistics(
    rows: Iterable[tuple[str, Hashable, str]],
    nlp: "Language",
    *,
    total: Callable[[str], str] | None = None,
) -> dict[str, LayerStatistics]:
    """Statistics by layer, in the order in which the layers first appear.

    Words are counted as the paper's table does: all tokens that are not punctuation, which makes
    a second space in a row a word (0.01 words an annotation in the published corpus, enough to
    change a decimal).

    Args:
        total: the name of the line into which a layer's rows count as well, as in the last line of
            the paper's table; these lines stand behind those of the layers.
    """
    layers: dict[str, _Counts] = {}
    totals: dict[str, _Counts] = {}
    inputs = ((text, (layer, unit)) for layer, unit, text in rows)
    # Parse trees and names are not asked for, and cost most.
    for doc, (layer, unit) in nlp.pipe(inputs, as_tuples=True, disable=["parser", "ner"]):
        groups = [layers.setdefault(layer, _Counts())]
        if total is not None:
            groups.append(totals.setdefault(total(layer), _Counts()))
        words = [token for token in doc if not token.is_punct]
        lemmas = {token.lemma_.lower() for token in words if not token.is_space}
        for counts in groups:
            counts.units.add((layer, unit))
            counts.annotations += 1
            counts.tokens += len(words)
            counts.lemmas |= lemmas
            counts.tags.update(token.pos_ for token in words)
    lines = {layer: counts.line(layer) for layer, counts in layers.items()}
    return {**lines, **{name: counts.line(name) for name, counts in totals.items()}}


def write(path: Path, found: Counted) -> None:
    """The rows as a table; shares of words in [0, 1]."""
    rows = ([*dataclasses.astuple(row), found.pipeline] for row in found.rows)
    tables.write(path, [*COLUMNS, "pipeline"], rows)


@dataclass
class _Counts:
    """What is counted of one line of the table."""

    units: set[Hashable] = field(default_factory=set)
    annotations: int = 0
    tokens: int = 0
    lemmas: set[str] = field(default_factory=set)
    tags: Counter[str] = field(default_factory=Counter)

    def line(self, layer: str) -> LayerStatistics:
        def share(tag: str) -> float:
            return self.tags[tag] / self.tokens if self.tokens else 0.0

        return LayerStatistics(
            layer=layer,
            units=len(self.units),
            annotations=self.annotations,
            words=len(self.lemmas),
            length=self.tokens / self.annotations,
            nouns=share("NOUN"),
            adjectives=share("ADJ"),
            prepositions=share("ADP"),
        )
