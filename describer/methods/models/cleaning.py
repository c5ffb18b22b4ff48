"""What models write, made fit for reading: captions, and short answers.

    caption("arafed dog dog sitting  on a bench.")      # "a dog sitting on a bench"
    answer('1. "Red scenes."')                          # "Red scenes"

Captions of small models stutter, and language models number, quote and explain.
"""

import re

LONGEST_CAPTION = 40
LONGEST_ANSWER = 12

_INTRODUCTION = re.compile(
    r"(?:(?:this|the) (?:image|picture|photo) (?:shows|depicts|features|is of)|"
    r"(?:a|an) (?:image|picture|photo) of)\s+",
    re.IGNORECASE,
)
# A word that BLIP's training captions left in it.
_ARTEFACT = re.compile(r"\baraf(?:ed|fe|fed|fes|ful)\b", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?])[\"'”’]?\s")
_LABEL = re.compile(r"(?:answer|concept|label|similarity|summary)\s*:\s*", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\(?\d{1,2}[.):]|[-*•])\s+")


def caption(text: str) -> str:
    """A caption as one clean sentence without stuttering; "" where nothing is left.

    >>> caption("this picture shows a red door and a red door and a red door")
    'a red door'
    """
    text = _END.split(" ".join(text.split()), maxsplit=1)[0]
    text = _INTRODUCTION.sub("", _ARTEFACT.sub("a", text), count=1).strip(" .,;:!\"'")
    words = text.split()
    for length in (1, 2, 3, 4, 5):
        words = _without_repeats(words, length)
    words = words[:LONGEST_CAPTION]
    while words and words[-1].lower() in ("and", "with", "of", "in", "a", "the", "on"):
        words.pop()
    return " ".join(words)


def answer(text: str) -> str:
    """A short answer alone; "" where the text is no short answer in words.

    >>> answer("Concept: 'wooden boats'."), answer("?!"), answer("word " * 20)
    ('wooden boats', '', '')
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    found = lines[0] if lines else ""
    found = _LABEL.sub("", _NUMBER.sub("", found, count=1), count=1)
    found = " ".join(found.strip(" .,;:!*`\"'“”‘’").split())
    usable = len(found.split()) <= LONGEST_ANSWER and len(found) <= 200
    return found if usable and sum(letter.isalpha() for letter in found) >= 2 else ""


def sentence(text: str, longest: int = 40) -> str:
    """One sentence of at most so many words; "" where the text has none."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    found = _LABEL.sub("", lines[0], count=1) if lines else ""
    found = _END.split(found, maxsplit=1)[0]
    words = found.strip(" .,;:!*`\"'“”‘’").split()[:longest]
    return " ".join(words) if any(letter.isalpha() for letter in found) else ""


def _without_repeats(words: list[str], length: int) -> list[str]:
    """Leave out a group of words that follows the same group, directly or after "and"."""
    kept: list[str] = []
    place = 0
    while place < len(words):
        before = _plain(kept[-length:])
        joined = words[place].lower() == "and"
        starts = [place, place + 1] if joined else [place]
        repeats = [at for at in starts if before == _plain(words[at : at + length])]
        if repeats and len(before) == length:
            place = repeats[0] + length
        else:
            kept.append(words[place])
            place += 1
    return kept


def _plain(words: list[str]) -> list[str]:
    return [word.lower().strip(",") for word in words]
