"""Texts that look like descriptions, made of a treebank's sentences with their annotation.

    for phrase in phrases(sentences):
        lower_cased(phrase).text                   # "the edge of yellow leaves"

Descriptions of units are short noun phrases, mostly in lower case ("dog faces", "the top of round
objects"), and a web treebank has few of those as sentences of their own. These functions make
some, so that a pipeline trained on the treebank also sees text of the kind that it will read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from describer.english.making.treebank import Sentence

OUTSIDE = frozenset({"case", "cc", "mark", "punct", "cc:preconj"})
"""Relations of words that tie a noun phrase to its surroundings and are no part of it."""

CLAUSAL = frozenset({"cop", "nsubj", "nsubj:outer", "csubj", "aux", "expl", "parataxis"})
"""Relations that show that a noun is a predicate, so that its subtree is a clause."""


def phrases(sentences: Iterable[Sentence], *, longest: int = 12) -> Iterator[Sentence]:
    """The noun phrases (at most `longest` words) in the sentences, as sentences of their own.

    A phrase is the subtree of a common noun without what ties it to the rest (prepositions,
    conjunctions, punctuation at its edges); nouns that are predicates are left out.
    """
    for sentence in sentences:
        children: dict[int, list[int]] = {}
        for index, head in enumerate(sentence.heads):
            if head != index:
                children.setdefault(head, []).append(index)
        for index, tag in enumerate(sentence.tags):
            own = children.get(index, [])
            relations = {sentence.relations[child] for child in own}
            if tag != "NOUN" or relations & CLAUSAL:
                continue
            kept = [child for child in own if sentence.relations[child] not in OUTSIDE]
            members = sorted([index, *(m for child in kept for m in _subtree(child, children))])
            if len(members) <= longest and members[-1] - members[0] + 1 == len(members):
                yield _cut(sentence, members[0], members[-1] + 1, index)


def lower_cased(sentence: Sentence) -> Sentence:
    """The sentence without capitals; its annotation stays, but for the case of its lemmas."""
    return replace(
        sentence,
        words=tuple(word.lower() for word in sentence.words),
        lemmas=tuple(lemma.lower() for lemma in sentence.lemmas),
    )


def capitalized(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its beginning; its annotation stays."""
    first, *others = sentence.words
    return replace(sentence, words=(first[:1].upper() + first[1:], *others))


def _subtree(index: int, children: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """The index and those of everything below it."""
    yield index
    for child in children.get(index, ()):
        yield from _subtree(child, children)


def _cut(sentence: Sentence, start: int, stop: int, root: int) -> Sentence:
    """The words from `start` to before `stop`, with `root` as their root."""
    heads = list(sentence.heads)
    heads[root] = root
    relations = list(sentence.relations)
    relations[root] = "ROOT"
    return Sentence(
        words=sentence.words[start:stop],
        lemmas=sentence.lemmas[start:stop],
        tags=sentence.tags[start:stop],
        features=sentence.features[start:stop],
        heads=tuple(head - start for head in heads[start:stop]),
        relations=tuple(relations[start:stop]),
        spaces=sentence.spaces[start:stop],
    )
