"""Common noun phrases of captions: candidates where there is no language model.

    common(["a red dress", "a red car"], 5, seed=0)     # [("red dress", 1), ("red car", 1)]

Phrases are counted by the captions that have them, compared by their lemmas. Of equally common ones
the longer is first, and among those chance decides, seeded; a phrase that says less than another
and is no more common is left out. spaCy is imported when captions are parsed.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from describer import english

LONGEST = 4
Words = Sequence[english.Word]
Lemmas = tuple[str, ...]

# What captions say of any image.
EMPTY = frozenset(
    ("image", "picture", "photo", "photograph", "background", "view", "close", "front", "top")
)


def common(captions: Sequence[str], count: int, *, seed: int) -> list[tuple[str, int]]:
    """The most common noun phrases, at most `count`, with how many captions have them."""
    nlp = english.load()
    found: Counter[Lemmas] = Counter()
    spellings: dict[Lemmas, str] = {}
    for caption in captions:
        here: dict[Lemmas, str] = {}
        for phrase in _phrases(english.words(nlp(caption.lower()))):
            lemmas = tuple(word.lemma for word in phrase)
            here.setdefault(lemmas, " ".join(word.text for word in phrase))
        found.update(here.keys())
        for lemmas, text in here.items():
            spellings.setdefault(lemmas, text)
    phrases = sorted(found)
    chance = np.random.default_rng(seed).permutation(len(phrases))
    order = sorted(
        range(len(phrases)),
        key=lambda at: (-found[phrases[at]], -len(phrases[at]), chance[at]),
    )
    kept: list[Lemmas] = []
    for lemmas in (phrases[at] for at in order):
        if not any(_within(lemmas, longer) for longer in kept):
            kept.append(lemmas)
        if len(kept) == count:
            break
    return [(spellings[phrase], found[phrase]) for phrase in kept]


def _phrases(words: Words) -> list[Words]:
    """Every run of adjectives and nouns that ends in a noun, and the ends of such runs."""
    found: list[Words] = []
    run: list[english.Word] = []
    for word in [*words, None]:
        if word is not None and word.tag in ("ADJ", "NOUN", "PROPN"):
            run.append(word)
            continue
        while run and (run[-1].tag == "ADJ" or run[-1].lemma in EMPTY):
            run.pop()
        found += [run[first:] for first in range(max(0, len(run) - LONGEST), len(run))]
        run = []
    return found


def _within(phrase: Lemmas, longer: Lemmas) -> bool:
    """Whether a phrase is a part of a longer one, which is as common: it came before."""
    return any(
        longer[first : first + len(phrase)] == phrase
        for first in range(len(longer) - len(phrase) + 1)
    )
