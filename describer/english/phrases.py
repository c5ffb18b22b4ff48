"""Texts that look like descriptions, made of a treebank's sentences with their annotation.

    cut = list(phrases(sentences))                     # "the edge", "yellow leaves"
    joined(cut[0], "of", cut[1])                       # "the edge of yellow leaves"
    varied(joined(…), nouns(sentences), chance)        # "the hinge of yellow plates"

Descriptions of units are short noun phrases, mostly in lower case ("dog faces", "the top of round
objects"), and a web treebank has few of those as sentences of their own: a pipeline trained on
nothing else takes "objects" for a verb. These functions make such phrases, so that it also sees
text of the kind that it will read. They are pure; what varies comes from the caller's generator.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from describer.english.inflection import plural
from describer.english.treebank import Sentence

OUTSIDE = frozenset({"case", "cc", "mark", "punct", "cc:preconj"})
"""Relations of words that tie a noun phrase to its surroundings and are no part of it."""

CLAUSAL = frozenset({"cop", "nsubj", "nsubj:outer", "csubj", "aux", "expl", "parataxis"})
"""Relations that show that a noun is a predicate, so that its subtree is a clause."""

Nouns = Mapping[str, Sequence[tuple[str, str]]]  # features -> (form, lemma)


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


def lower_cased(sentence: Sentence, *, names: bool = True) -> Sentence:
    """The sentence without capitals; its annotation stays, but for the case of its lemmas.

    Args:
        names: lower the case of proper nouns too.
    """
    lowered = [names or tag != "PROPN" for tag in sentence.tags]
    return replace(
        sentence,
        words=_lower(sentence.words, lowered),
        lemmas=_lower(sentence.lemmas, lowered),
    )


def capitalized(sentence: Sentence) -> Sentence:
    """The sentence with a capital at its beginning; its annotation stays."""
    first, *others = sentence.words
    return replace(sentence, words=(first[:1].upper() + first[1:], *others))


def joined(first: Sentence, word: str, second: Sentence) -> Sentence:
    """Two phrases in one: "and" and "or" coordinate, any other word is taken as a preposition."""
    coordinates = word in ("and", "or")
    shift = len(first.words) + 1
    root, top = first.relations.index("ROOT"), second.relations.index("ROOT")
    heads = [head + shift for head in second.heads]
    heads[top] = root
    relations = list(second.relations)
    relations[top] = "conj" if coordinates else "nmod"
    return Sentence(
        words=(*first.words, word, *second.words),
        lemmas=(*first.lemmas, word, *second.lemmas),
        tags=(*first.tags, "CCONJ" if coordinates else "ADP", *second.tags),
        features=(*first.features, "", *second.features),
        heads=(*first.heads, top + shift, *heads),
        relations=(*first.relations, "cc" if coordinates else "case", *relations),
        spaces=(*first.spaces[:-1], True, True, *second.spaces),
    )


def nouns(sentences: Iterable[Sentence]) -> dict[str, list[tuple[str, str]]]:
    """The common nouns of the sentences as (form, lemma) by features, sorted, in lower case.

    Singular nouns also give the plural that the spelling rules make of them.
    """
    found: dict[str, set[tuple[str, str]]] = {"Number=Sing": set(), "Number=Plur": set()}
    for sentence in sentences:
        rows = zip(sentence.words, sentence.lemmas, sentence.tags, sentence.features, strict=True)
        for word, lemma, tag, features in rows:
            if tag == "NOUN" and features in found and word.isalpha() and lemma.isalpha():
                found[features].add((word.lower(), lemma.lower()))
    known = {lemma for _, lemma in found["Number=Plur"]}
    made = {(plural(word), word) for word, lemma in found["Number=Sing"] if word == lemma}
    found["Number=Plur"] |= {pair for pair in made if pair[1] not in known}
    return {features: sorted(pairs) for features, pairs in found.items()}


def varied(
    phrase: Sentence, nouns: Nouns, chance: random.Random, *, share: float = 0.5
) -> Sentence:
    """The phrase with a share of its nouns replaced by others of the same number."""
    words, lemmas = list(phrase.words), list(phrase.lemmas)
    for index, (tag, features) in enumerate(zip(phrase.tags, phrase.features, strict=True)):
        others = nouns.get(features, ())
        if tag == "NOUN" and others and chance.random() < share:
            words[index], lemmas[index] = chance.choice(others)
    return replace(phrase, words=tuple(words), lemmas=tuple(lemmas))


def _lower(words: Sequence[str], chosen: Sequence[bool]) -> tuple[str, ...]:
    return tuple(word.lower() if lower else word for word, lower in zip(words, chosen, strict=True))


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
