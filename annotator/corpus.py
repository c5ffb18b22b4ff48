"""Statistics of a corpus of annotations, as in Table 5 of the MILAN paper.

    for layer in statistics(rows, nlp).values():
        print(layer.units, layer.words, layer.length, layer.nouns)

`rows` are (layer, unit, text), one an annotation. `nlp` is a spaCy pipeline with tags and lemmas;
shares of parts of speech depend on which, so name it beside them. It does not know who wrote what,
nor how well annotators agree.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language


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


def statistics(
    rows: Iterable[tuple[str, Hashable, str]], nlp: "Language"
) -> dict[str, LayerStatistics]:
    """Statistics by layer, in the order in which the layers first appear.

    Words are counted as the paper's table does: all tokens that are not punctuation, which makes
    a second space in a row a word (0.01 words an annotation in the published corpus, enough to
    change a decimal). For the table's last line, pass all rows once more under one layer's name,
    with (layer, unit) as unit.
    """
    units: dict[str, set[Hashable]] = {}
    annotations: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    lemmas: dict[str, set[str]] = {}
    tags: dict[str, Counter[str]] = {}
    inputs = ((text, (layer, unit)) for layer, unit, text in rows)
    # Parse trees and names are not asked for, and cost most.
    for doc, (layer, unit) in nlp.pipe(inputs, as_tuples=True, disable=["parser", "ner"]):
        units.setdefault(layer, set()).add(unit)
        annotations[layer] += 1
        words = [token for token in doc if not token.is_punct]
        tokens[layer] += len(words)
        lemmas.setdefault(layer, set()).update(
            token.lemma_.lower() for token in words if not token.is_space
        )
        tags.setdefault(layer, Counter()).update(token.pos_ for token in words)

    def share(layer: str, tag: str) -> float:
        return tags[layer][tag] / tokens[layer] if tokens[layer] else 0.0

    return {
        layer: LayerStatistics(
            layer=layer,
            units=len(units[layer]),
            annotations=annotations[layer],
            words=len(lemmas[layer]),
            length=tokens[layer] / annotations[layer],
            nouns=share(layer, "NOUN"),
            adjectives=share(layer, "ADJ"),
            prepositions=share(layer, "ADP"),
        )
        for layer in units
    }
