"""Misspelt English words, with one suggestion each; suggestions are never forced.

    suggest("highlited noses")           # {"highlited": "highlighted"}
    unknown("asdf qwer")                 # True: no word of it is one

The word list is that of pyspellchecker. Names of breeds, plants and brands are often missing from
it, so an unknown word without a close known one is left alone.
"""

import functools
import re
from typing import Any

_WORD = re.compile(r"[A-Za-z]{3,}")
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")


def suggest(text: str) -> dict[str, str]:
    """The words of `text` that are probably misspelt, each with the likeliest word one edit away.

    >>> suggest("striped hosre")
    {'hosre': 'horse'}
    """
    speller = _speller()
    words = {word.lower() for word in _WORD.findall(text) if word.islower() or word.istitle()}
    found = {}
    for word in sorted(speller.unknown(words)):
        near = speller.known(speller.edit_distance_1(word))
        if near:
            found[word] = max(sorted(near), key=speller.word_usage_frequency)
    return found


def unknown(text: str) -> bool:
    """Whether no word of `text` is known; never of text that is not in plain letters.

    >>> unknown("asdf qwer"), unknown("asdf of fur"), unknown("狗")
    (True, False, False)
    """
    words = _ANY_WORD.findall(text.lower())
    if not words or not all(word.isascii() for word in words):
        return False
    return not _speller().known(words)


@functools.cache
def _speller() -> Any:
    from spellchecker import SpellChecker

    return SpellChecker(distance=1)
