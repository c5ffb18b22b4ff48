"""The words that annotators read: the instruction, the guidelines, worked examples, consent.

Our own wording of what Appendix A of the MILAN paper asks for: one sentence about everything
inside the highlighted regions, which may show one thing or several, without mention of the regions
or the images. A campaign may replace the instruction and the consent text.
"""

from dataclasses import dataclass

INSTRUCTIONS = (
    "In one sentence: what do the highlighted regions have in common? Describe everything inside "
    "them; they may show one thing or several. Leave out words like “images” or “regions”."
)

RATING_INSTRUCTIONS = "Does each description accurately describe most of these 10 pictures?"

CONSENT = (
    "Your sentences, the time they take you, and how often you look at the whole pictures are "
    "stored under a pseudonym and used for research. You can stop at any time and ask for your "
    "text to be removed."
)

RATING_CONSENT = (
    "Your ratings and the time they take you are stored under a pseudonym and used for research. "
    "You can stop at any time and ask for your ratings to be removed."
)

GUIDELINES = (
    "Look only at the bright parts; what is dark around them does not matter.",
    "One sentence in plain words: things, their parts, colours, patterns, materials, places.",
    "If the regions show two or three different kinds of thing, name each of them.",
    "Say what you see and nothing you have to guess.",
    "Do not write “the highlighted regions show” or “images of”; begin with the thing itself.",
    "If there really is nothing in common, press “No common pattern”.",
    "If you see no picture or a damaged one, press “Picture broken”.",
)


@dataclass(frozen=True)
class Example:
    """A described picture set. picture: the name of its drawing in
    `annotator.work.illustrations`."""

    picture: str
    shown: str
    good: str
    poor: str
    why: str


EXAMPLES = (
    Example(
        "eyes",
        "Bright parts: the eyes of dogs, of cats and of one child; everything else is dark.",
        "eyes of people and animals",
        "images of dogs",
        "The regions hold eyes, not whole dogs, and not all belong to dogs.",
    ),
    Example(
        "grids",
        "Bright parts: brick walls in five pictures, wire fences in seven, a chessboard in three.",
        "grid patterns: brick walls, wire fences and a chessboard",
        "many objects",
        "It names what the regions share and the kinds of things that show it.",
    ),
)
