"""Methods side by side: what is shipped is scored, with chance and paired differences."""

import numpy as np

from db.units import Unit
from describer.demo.checks import methods
from describer.demo.sentences.shipped import DemoDescription, DemoSentence, MadeOf, Sayings
from describer.demo.world.concepts import NAMES
from describer.demo.world.truth import Profile

UNITS: list[Unit] = [("layer4", unit) for unit in range(20)]
CONCEPTS = ("wheel", "boat") * 10


def profile(concept: str) -> Profile:
    shares = np.zeros(len(NAMES))
    shares[NAMES.index(concept)] = 0.9
    return Profile(concept, (), None, False, shares, 9)


def said(right: int) -> Sayings:
    """MILAN names everything; NetDissect the first units, and says nothing of the last one."""
    texts = [c if row < right else "text" for row, c in enumerate(CONCEPTS)]
    return Sayings(
        tuple(
            DemoDescription("net", *unit, concept, 0.0, ())
            for unit, concept in zip(UNITS, CONCEPTS, strict=True)
        ),
        (),
        (),
        (MadeOf("netdissect", "abc", {}),),
        tuple(
            DemoSentence(0, "net", *unit, text, 0.1, ())
            for unit, text in zip(UNITS[:-1], texts[:-1], strict=True)
        ),
    )


def test_rows_are_of_every_method_beside_chance_and_milan() -> None:
    truth = dict(zip(UNITS, map(profile, CONCEPTS), strict=True))
    table = methods.table({"net": truth}, said(10))
    ours, other = table.rows
    assert ours[:4] == ("net", "MILAN", "20", "1.00 [1.00, 1.00]")
    assert ours[-1] == ""
    assert other[:3] == ("net", "NetDissect", "19")
    assert other[3].startswith("0.50 [")
    # of two concepts, another unit's is the same one about half of the time
    assert 0.35 < float(ours[5]) < 0.65
    less = float(other[6].partition(" ")[0])
    assert less < -0.4
    assert f"{less + 1:.2f}" == other[4].partition(" ")[0]


def test_a_method_does_not_differ_from_milan_where_both_say_the_same() -> None:
    known = said(20)
    truth = dict(zip(UNITS[:-1], map(profile, CONCEPTS[:-1]), strict=True))
    _, other = methods.table({"net": truth}, known).rows
    assert other[6] == "+0.000 [+0.000, +0.000]"
