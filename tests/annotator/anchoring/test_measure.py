"""Anchoring comes out as it was planted; and which half a picture set is in is a coin."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from sqlite_utils import Database

from annotator.anchoring import page
from annotator.anchoring.measure import measure
from annotator.work import desk
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.crowd import assistance, recruitment
from db.crowd.assistance import Pair
from db.crowd.recruitment import Recruitment
from db.describe import descriptions
from db.describe.descriptions import NewDescription
from helpers.annotating import at, fresh, start

NOUNS = ("wheel", "tower", "dog", "lawn", "window", "ship", "stone", "flower", "road", "cloud")


@pytest.fixture
def db() -> Iterator[Database]:
    database = fresh()
    yield database
    database.close()


def planted(copying: float, *, seed: int, units: int = 150) -> list[Pair]:
    """Three people a unit; who sees the draft sends it as it is with this probability."""
    draw = np.random.default_rng(seed)
    made = []
    for unit in range(units):
        draft = " ".join(draw.choice(NOUNS, 3, replace=False))
        for person in range(3):
            shown = bool(draw.integers(2))
            text = " ".join(draw.choice(NOUNS, 4, replace=False))
            copied = shown and draw.random() < copying
            seconds = draw.normal(12, 3) if copied else draw.normal(20, 3)
            made.append(
                Pair(unit, f"p{person}", shown, draft, "milan", draft if copied else text, seconds)
            )
    return made


@pytest.mark.parametrize("copying", [0.0, 0.4, 0.8])
def test_planted_anchoring_is_found_within_its_interval(copying: float) -> None:
    found = measure(planted(copying, seed=4))
    sent = found.rows["sent as drafted"]
    assert sent.hidden < 0.02
    assert sent.low <= copying <= sent.high or sent.difference == pytest.approx(copying, abs=0.06)
    alike, time = found.rows["likeness to the draft"], found.rows["seconds"]
    if copying:
        assert alike.low > 0
        assert time.high < 0
        assert time.difference == pytest.approx(-8 * copying, abs=1.0)
    else:
        assert alike.low < 0 < alike.high
        assert time.low < 0 < time.high
    assert "with a draft" in page.halves(found)


def test_half_of_the_picture_sets_have_a_draft_and_the_coin_is_thrown_once(db: Database) -> None:
    campaign = start(db, 60, "bo", "cy", annotators_per_unit=2).campaign_id
    ids = campaigns.unit_ids(db, campaign)
    descriptions.add(
        db, [NewDescription(unit, "milan", "h", f"draft {unit}", 0.0) for unit in ids[:-1]]
    )
    # never by default
    first = slots.claim(db, campaign, "bo", at=at())
    assert isinstance(first, Claim)
    assert assistance.assign(db, first.token) == ""
    offer = replace(Recruitment(), drafts=1)
    recruitment.save(db, campaign, offer, person="x")
    shown = 0
    for who in ("bo", "cy"):
        desk.agree(db, who, campaign)
        for _ in ids:
            view = desk.arrive(db, who, campaign_id=campaign)
            assert view.claim is not None
            again = desk.arrive(db, who, campaign_id=campaign)
            assert again.suggestion == view.suggestion
            assert view.suggestion in ("", f"draft {view.claim.unit_id}")
            assert view.drafted == bool(view.suggestion)
            shown += view.drafted
            slots.submit(db, view.claim.token, who, Answer("red wheels"))
    pairs = assistance.pairs(db, campaign)
    assert len(pairs) == 118
    assert sum(pair.shown for pair in pairs) == shown
    # 118 fair coins: beyond this once in a million runs
    assert 31 < shown < 87
    assert measure(pairs[:3]).rows == {}
