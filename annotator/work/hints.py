"""The live hint under the box: calm, one at a time, and never in the way of submitting.

    hint("images of dogs")               # "Leave out “images of”; …"
    hint("striped fur", earlier=["striped fur"])

The same word lists serve the quality flags and the cleaning rules.
"""

import re
from collections.abc import Callable, Collection, Mapping

from annotator.corpus.cleaning import normalise

PICTURE_WORDS = re.compile(
    r"\b(?:highlighted|highlights?|regions?|images?|pictures?|photos?|photographs?|exemplars?)\b",
    re.IGNORECASE,
)
BOILERPLATE_STARTS = (
    "these are",
    "this is",
    "these images",
    "these regions",
    "they are",
    "they all",
    "it is",
    "there is",
    "there are",
    "i see",
    "i can see",
    "all of these",
    "all of them",
    "the highlighted",
    "the regions",
    "the images",
    "space around",
    "the space around",
    "area around",
    "areas around",
    "images of",
    "pictures of",
)
# A single word of fewer letters says too little.
SHORT = 3
_VAGUE = ("object", "thing", "item", "pattern", "shape", "color", "colour", "image", "picture")
_MANY = ("", "many ", "various ", "different ", "random ", "multiple ", "some ", "several ", "all ")
GENERIC = frozenset(
    [f"{many}{vague}{ending}" for many in _MANY for vague in _VAGUE for ending in ("", "s")]
    + ["stuff", "random stuff", "something", "anything", "everything", "nothing", "unknown"]
    + ["none", "na", "n/a", "no idea", "not sure", "multiple", "various", "mixed"]
)


def boilerplate_start(text: str) -> str | None:
    """The boilerplate that `text` begins with, if any.

    >>> boilerplate_start("These are dogs")
    'these are'
    """
    plain = normalise(text)
    starts = [start for start in BOILERPLATE_STARTS if plain.startswith(start + " ")]
    return max(starts, key=len) if starts else None


def is_generic(text: str) -> bool:
    """Whether the sentence would fit any unit."""
    return normalise(text) in GENERIC


def hint(
    text: str,
    *,
    earlier: Collection[str] = (),
    spelling: Callable[[str], Mapping[str, str]] | None = None,
) -> str:
    """The most important thing that could be better about `text`; empty when nothing is.

    Args:
        text: what is in the box.
        earlier: the person's earlier sentences of this campaign.
        spelling: gives misspelt words with a suggestion each, see `annotator.corpus.spelling`.
    """
    plain = normalise(text)
    if not plain:
        return ""
    if start := boilerplate_start(text):
        return f"Leave out “{start}”; begin with the thing itself."
    if word := PICTURE_WORDS.search(text):
        return f"Leave out “{word.group().lower()}”; say what is shown there."
    if is_generic(text):
        return "That would fit many picture sets. What exactly do these share?"
    one_word = len(plain.split()) == 1
    if one_word and sum(letter.isalpha() for letter in plain) < SHORT:
        return "A little more: which thing, part, colour or pattern?"
    if plain in {normalise(sentence) for sentence in earlier}:
        return "You wrote the same for an earlier picture set. Fine, if it is true here too."
    misspelt = spelling(text) if spelling else {}
    for wrong, right in misspelt.items():
        return f"Did you mean “{right}” for “{wrong}”?"
    if one_word:
        return "One word only: can you say more? Fine, if it says all there is."
    return ""
