"""What a method's own score means: its name, which way is better, and what no effort would give.

    meaning("netdissect").name                  # "IoU"
    meaning("netdissect").direction             # "higher is better"

Scores of two methods are never compared: only measures on images that nobody has looked at can do
that (`db/describe/faithfulness.py`).
"""

from dataclasses import dataclass

from describer.methods.options import CLIP_DISSECT, COMPOSITIONAL, DND, MILAN, NETDISSECT, VLM

HIGHER = "higher is better"


@dataclass(frozen=True)
class Meaning:
    """name: of the number. direction: which way is better. scale: its range, and what to hold it
    against.
    """

    name: str
    direction: str
    scale: str


_MEANINGS = {
    MILAN: Meaning(
        "log p(d|E) - lambda log p(d)",
        HIGHER,
        "to be compared within one checkpoint and lambda; 0 would be a sentence that the exemplars "
        "make certain",
    ),
    NETDISSECT: Meaning(
        "IoU", HIGHER, "0 to 1; from 0.04 Bau et al. call the unit a detector of the concept"
    ),
    COMPOSITIONAL: Meaning(
        "IoU", HIGHER, "0 to 1, of the formula; longer formulas can only reach more"
    ),
    CLIP_DISSECT: Meaning(
        "SoftWPMI, or the similarity that was chosen", HIGHER, "to be compared within one word list"
    ),
    DND: Meaning(
        "the scoring that was chosen", HIGHER, "to be compared among a unit's own candidates"
    ),
    VLM: Meaning("none", "this method gives no score", ""),
}
_OTHER = Meaning("score", "which way is better its table did not say", "")


def meaning(method: str) -> Meaning:
    """What the scores of a method mean; of methods that came from a table little is known."""
    return _MEANINGS.get(method, _OTHER)
