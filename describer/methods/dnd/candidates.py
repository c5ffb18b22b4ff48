"""The second step: captions of a unit's images, summed up into candidates (3.2, A.1.3).

    found = candidates(captions, writer, options, seed=seed, watch=watch)
    found.texts, found.how

A language model shortens the captions and is asked several times what most have in common, with the
captions in another order every time. Without one, common noun phrases of the captions are the
candidates, and `how` says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.jobs import Watch
from describer.methods.dnd import prompts
from describer.methods.dnd.options import Options
from describer.methods.models import cleaning, phrases
from describer.methods.models.prompt import Manner, Writer

# A model that repeats itself is asked again, this many times as often as candidates are wanted.
MOST_ROUNDS = 3
SIMPLIFIED = Manner(temperature=0.0, tokens=30)


@dataclass(frozen=True)
class Candidates:
    """What a unit may be described by.

    Attributes:
        texts: distinct, at most N.
        how: how they came about, in words.
        simplified: the captions as the language model shortened them.
        unusable: how many answers of the language model were none.
    """

    texts: tuple[str, ...]
    how: str
    simplified: tuple[str, ...] = ()
    unusable: int = 0


def candidates(
    captions: Sequence[str], writer: Writer | None, options: Options, *, seed: int, watch: Watch
) -> Candidates:
    """Sum captions up.

    Args:
        captions: clean, none empty.
        writer: a language model, or None.
        seed: the unit's own.
    """
    if not options.summary:
        return Candidates(_distinct(captions), "the captions themselves")
    if writer is None:
        return _phrases(captions, options.candidates, seed, "common noun phrases of the captions")
    unusable = 0
    short = list(captions)
    if options.simplify:
        asked = [prompts.simplify(caption) for caption in captions]
        answers = [cleaning.answer(text) for text in writer.write(asked, SIMPLIFIED, watch)]
        unusable += answers.count("")
        short = [answer or caption for answer, caption in zip(answers, captions, strict=True)]
    generator = np.random.default_rng(seed)
    found: list[str] = []
    for round_ in range(MOST_ROUNDS):
        missing = options.candidates - len(found)
        if not missing:
            break
        asked = [prompts.summarise(generator.permutation(short).tolist()) for _ in range(missing)]
        manner = Manner(seed=(seed + round_) % 2**31)
        answers = [cleaning.answer(text) for text in writer.write(asked, manner, watch)]
        unusable += answers.count("")
        found = list(_distinct([*found, *(answer for answer in answers if answer)]))
    simplified = tuple(short) if options.simplify else ()
    if found:
        return Candidates(tuple(found), "a language model's summaries", simplified, unusable)
    instead = _phrases(
        captions,
        options.candidates,
        seed,
        "common noun phrases of the captions: the language model gave no usable answer",
    )
    return Candidates(instead.texts, instead.how, simplified, unusable)


def _phrases(captions: Sequence[str], count: int, seed: int, how: str) -> Candidates:
    found = phrases.common(captions, count, seed=seed)
    if not found:
        return Candidates(_distinct(captions)[:count], f"{how}, which have none: captions instead")
    return Candidates(tuple(text for text, _count in found), how)


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts that differ by more than capital letters, in their order."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(text.casefold(), text)
    return tuple(found.values())
