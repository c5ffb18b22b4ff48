"""What Describe-and-Dissect asks a language model and a maker of pictures (A.1.3), in our words.

The paper's constraints are kept: a label of one to five words, coherent and concise, of what most
but not necessarily all captions have in common; captions are shortened first; two worked examples.
"""

from collections.abc import Sequence

from describer.methods.models.prompt import Prompt

SIMPLIFY = (
    "Here is a description of a picture. Give the one clear and brief concept that it is about and "
    "leave out every detail that is not needed. Answer with the concept alone: no number, no "
    "quotation marks, no full stop at the end."
)

SUMMARISE = (
    "Each line describes one picture. The pictures have something in common. Name it by one clear "
    "and brief concept of one to five words that fits the meaning of most lines; it need not fit "
    "all. Do not just repeat a line. Answer with the concept alone: no number, no quotation marks, "
    "no full stop at the end."
)

EXAMPLES = (
    (
        (
            "a green field with rows of young plants",
            "a lawn in front of a brick house",
            "moss on a stone wall",
            "a man in a green coat waiting for a bus",
            "ferns at the edge of a wood",
        ),
        "green plants",
    ),
    (
        (
            "a brick wall with a window in it",
            "a tiled kitchen floor",
            "a chess board on a table",
            "a wire fence beside a road",
            "a waffle on a white plate",
        ),
        "regular grid patterns",
    ),
)

PICTURE = "a realistic photograph of {}"


def simplify(caption: str) -> Prompt:
    """Asks for what a caption is about."""
    return Prompt(f"{SIMPLIFY}\n\n{caption}")


def summarise(captions: Sequence[str]) -> Prompt:
    """Asks for what captions have in common."""
    examples = [(_question(lines), concept) for lines, concept in EXAMPLES]
    return Prompt(_question(captions), examples)


def _question(lines: Sequence[str]) -> str:
    return f"{SUMMARISE}\n\n" + "\n".join(f"- {line}" for line in lines)
