"""The words that annotators read: the instruction, the guidelines, worked examples, consent.

Our own wording of what Appendix A of the MILAN paper asks for: one sentence about everything
inside the highlighted regions, which may show one thing or several, without mention of the regions
or the images. A campaign may replace the instruction and the consent text. The texts stand in the
files of `annotator.texts`, one a language.
"""

from dataclasses import dataclass

from annotator.texts import words
from annotator.texts.words import Words

_ENGLISH = words.of(words.DEFAULT)

INSTRUCTIONS = _ENGLISH("campaign.instructions")

RATING_INSTRUCTIONS = "Does each description accurately describe most of these 10 pictures?"

CONSENT = _ENGLISH("campaign.consent")

RATING_CONSENT = (
    "Your ratings and the time they take you are stored under a pseudonym and used for research. "
    "You can stop at any time and ask for your ratings to be removed."
)

GUIDELINES = _ENGLISH.lists["guidelines.lines"]


@dataclass(frozen=True)
class Example:
    """A described picture set. picture: the name of its drawing in
    `annotator.work.illustrations`."""

    picture: str
    shown: str
    good: str
    poor: str
    why: str


def examples(say: Words) -> tuple[Example, ...]:
    """The worked examples in a language."""
    return tuple(Example(picture, **texts) for picture, texts in say.examples.items())


EXAMPLES = examples(_ENGLISH)
