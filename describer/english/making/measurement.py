"""How well a pipeline's annotation agrees with a treebank's.

    print(measure(nlp, sentences).line())                      # given the treebank's words
    print(measure(nlp, sentences, own_tokens=True).line())     # given only the text

Punctuation counts like any word, which lowers attachment scores by about a point against the
habit of leaving it out. It does not judge where sentences end.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from describer.english.making.treebank import Sentence

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


@dataclass(frozen=True)
class Measurement:
    """Shares in [0, 1] of the words whose annotation is right.

    With tokens that are not the treebank's, each is an F1 over words: a word counts when both
    sides have it at the same place in the text. `heads` is known as UAS, `labelled_heads` as LAS.
    """

    words: float
    tags: float
    lemmas: float
    heads: float
    labelled_heads: float

    def line(self) -> str:
        """One printable line."""
        return (
            f"words {self.words:7.2%}  UPOS {self.tags:.2%}  lemmas {self.lemmas:.2%}  "
            f"UAS {self.heads:.2%}  LAS {self.labelled_heads:.2%}"
        )


def measure(
    nlp: "Language", sentences: Sequence[Sentence], *, own_tokens: bool = False
) -> Measurement:
    """Compare the pipeline's annotation with the sentences'; lemmas without regard to case.

    Args:
        own_tokens: let the pipeline split the text itself instead of giving it the words.
    """
    if own_tokens:
        docs = nlp.pipe(sentence.text for sentence in sentences)
    else:
        docs = nlp.pipe(unannotated(nlp, sentence) for sentence in sentences)
    given = found = words = tags = lemmas = heads = labelled = 0
    for sentence, doc in zip(sentences, docs, strict=True):
        expected = {place: index for index, place in enumerate(_places(sentence))}
        given += len(expected)
        found += len(doc)
        for token in doc:
            index = expected.get(_place(token))
            if index is None:
                continue
            words += 1
            tags += token.pos_ == sentence.tags[index]
            lemmas += token.lemma_.lower() == sentence.lemmas[index].lower()
            if expected.get(_place(token.head)) == sentence.heads[index]:
                heads += 1
                labelled += token.dep_ == sentence.relations[index]
    return Measurement(
        *(2 * right / (given + found) for right in (words, tags, lemmas, heads, labelled))
    )


def unannotated(nlp: "Language", sentence: Sentence) -> "Doc":
    """The sentence's words as a spaCy document without annotation."""
    from spacy.tokens import Doc

    return Doc(nlp.vocab, words=list(sentence.words), spaces=list(sentence.spaces))


def _places(sentence: Sentence) -> list[tuple[int, int]]:
    """Where each word begins and ends in the text."""
    lengths = [len(word) for word in sentence.words]
    steps = (length + space for length, space in zip(lengths, sentence.spaces, strict=True))
    starts = [0, *itertools.accumulate(steps)]
    return [(start, start + length) for start, length in zip(starts, lengths, strict=False)]


def _place(token: Any) -> tuple[int, int]:
    return token.idx, token.idx + len(token)
