"""What a reviewer reads: flags, siblings on request; no text of anybody is run by the browser."""

import dataclasses

from annotator.review import desk, page, quality
from db.annotate import annotations, slots
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from helpers.annotating import fresh, start

NASTY = "<b>a & b</b>"
SAFE = "&lt;b&gt;a &amp; b&lt;/b&gt;"


def test_texts_and_flags_are_escaped_and_siblings_wait_for_the_button() -> None:
    db = fresh()
    campaign = start(db, 1, "ada", "bo").campaign_id
    for name in ("ada", "bo"):
        claimed = slots.claim(db, campaign, name)
        assert isinstance(claimed, Claim)
        slots.submit(db, claimed.token, name, Answer(f"{NASTY} of {name}"))
    seen = desk.of(db, annotations.of_campaign(db, campaign)[0].annotation_id)
    flagged = dataclasses.replace(seen.waiting, flags=(("failed check", f"one of: {NASTY}"),))
    seen = dataclasses.replace(seen, waiting=flagged)
    alone = page.card(seen, siblings=False)
    assert (alone.count(SAFE), "of bo" in alone, NASTY in alone) == (2, False, False)
    assert f"<li>{SAFE} of bo" in page.card(seen, siblings=True)
    nobody = dataclasses.replace(seen, siblings=())
    assert "nobody else yet" in page.card(nobody, siblings=True)
    db.close()


def test_a_line_of_a_person_says_what_is_unknown_with_a_dash() -> None:
    line = quality.Habits(
        annotator=NASTY,
        answers=4,
        median_seconds=None,
        boilerplate=((NASTY, 3), ("space around", 2)),
        no_pattern_share=0.25,
        generic_share=0.0,
        flagged=1,
        checks=0,
        failed=0,
    )
    table = page.people([line], {NASTY})
    assert f"{SAFE} (simulated)" in table
    assert f"“{SAFE}” ×3, “space around” ×2" in table
    assert table.count(">–<") == 2
    assert "25 %" in table
    assert "Nobody has answered" in page.people([], set())
