"""The annotator's page as HTML: every text that somebody typed is a text."""

from dataclasses import replace

from annotator.work import desk, page
from db.annotate.annotations import Answer
from helpers.annotating import fresh, start

EVIL = "<img src=x onerror=alert(1)>"


def test_what_people_typed_is_never_markup() -> None:
    db = fresh()
    campaign = start(
        db, 2, "ada", name=EVIL, consent=f"{EVIL}\n\nSecond line.", pay_per_unit=1.0, currency=EVIL
    ).campaign_id
    welcome = page.message(desk.arrive(db, "ada"))
    assert "&lt;img" in welcome
    assert "<br><br>Second line." in welcome
    view = desk.agree(db, "ada", campaign)
    assert view.claim is not None
    view = desk.submit(db, "ada", campaign, token=view.claim.token, answer=Answer(EVIL))
    view = replace(view, refused=((EVIL, EVIL), ("", "no")))
    shown = page.bar(view) + page.instructions(view) + page.hint(EVIL, None)
    for html in (welcome, shown):
        assert "<img src=x" not in html
    assert "1.00 &lt;img" in shown
    assert "2 of your answers" in shown
    assert "No common pattern" in shown
    db.close()
