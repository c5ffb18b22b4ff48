"""The card says how the sentences were collected, and what was not asked or measured."""

from pathlib import Path

from annotator.exchange import about, dataset
from db.annotate import annotations, campaigns, qualifications, slots, transfers
from db.annotate.annotations import Answer
from db.crowd import adjudications, participants, recruitment
from db.crowd.participants import Arrival
from db.crowd.recruitment import Recruitment
from helpers.annotating import at, claim, fresh, start


def test_the_card_tells_pay_consent_instructions_and_agreement(tmp_path: Path) -> None:
    db = fresh()
    campaign = start(
        db, 2, "bo", consent="You agree.\n<b>Really</b>.", pay_per_unit=0.1, currency="GBP"
    ).campaign_id
    offer = Recruitment(reward=1.5, minutes=4, language="de")
    recruitment.save(db, campaign, offer, person="x")
    who = participants.enter(db, campaign, Arrival("prolific", "SECRET-ID"))
    participants.finish(db, who, "completed")
    qualifications.consent(db, campaigns.get(db, campaign), "bo")
    for minute in range(2):
        found = claim(db, campaign, "bo", at(minutes=minute))
        slots.submit(db, found.token, "bo", Answer("striped fur"), at=at(minutes=minute))
    first = annotations.of_campaign(db, campaign)[0]
    adjudications.keep(db, campaign, first.annotation_id, person="rae")
    records = transfers.records(db, campaign, secret=b"0" * 32)
    told = about.of_campaign(db, campaign)
    dataset.write(tmp_path / "d", records, title="Spring", about=told)
    card = (tmp_path / "d" / "README.md").read_text()
    for part in (
        "Offered: 1.50 for a whole part and 0.10 for each answer (GBP).",
        "said to take 4 minutes",
        "> You agree.\n> &lt;b>Really&lt;/b>.",
        "> One sentence.",
        "Agreement was not measured.",
        "there are no demographics",
        "1 by prolific",
        "language: [de]",
        "Nobody saw a machine's sentence.",
    ):
        assert part in card, part
    assert "SECRET-ID" not in card
    assert (
        '"verdict": "keep", "text": "striped fur"'
        in (tmp_path / "d" / "decisions.jsonl").read_text()
    )
    db.close()
