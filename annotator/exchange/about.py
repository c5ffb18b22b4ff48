"""How the sentences of a campaign were collected, as the card of a published dataset says it.

    about = of_campaign(db, campaign_id)
    about.lines()                        # Markdown

Instructions and consent stand as people read them, pay as it was offered, agreement beside its
chance level or the reason why there is none. Nobody was asked who they are; the card says so.
"""

from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from annotator.agreement import job
from annotator.agreement.result import Measurement
from db.annotate import campaigns, qualifications
from db.annotate.campaigns import Settings
from db.annotate.qualifications import Qualification
from db.crowd import adjudications, participants, recruitment
from db.crowd.recruitment import Recruitment
from db.describe import exemplars


@dataclass(frozen=True)
class About:
    """What the card tells.

    Attributes:
        platforms: how many people came by links of each platform.
        agreement: in words.
        decisions: rows of where reviewers decided between sentences.
    """

    settings: Settings
    offer: Recruitment
    test: Qualification | None
    platforms: dict[str, int]
    agreement: str
    decisions: tuple[dict[str, Any], ...]

    @property
    def language(self) -> str:
        """In which language people were asked and answered."""
        return self.offer.language

    def lines(self) -> list[str]:
        """The sections of the card."""
        rules, offer = self.settings, self.offer
        came = ", ".join(f"{count} by {platform}" for platform, count in self.platforms.items())
        pay = "No pay was offered."
        if rules.pay_per_unit or offer.reward:
            pay = (
                f"Offered: {offer.reward:.2f} for a whole part and {rules.pay_per_unit or 0:.2f} "
                f"for each answer ({rules.currency or 'no currency was named'})."
            )
        if offer.minutes is not None:
            pay += f" A part was said to take {offer.minutes:g} minutes."
        tested = "No test came before."
        if self.test is not None:
            tested = (
                f"A test of {self.test.questions} questions came before: {self.test.pass_mark} had "
                f"to be right, in {self.test.max_attempts} attempts."
            )
        return [
            "## How they were collected",
            "",
            f"Each unit was shown to {rules.annotators_per_unit} different people. {tested}",
            f"People who came by a link: {came}." if came else "Nobody came by a link.",
            "A machine's draft stood in the box for a random half of the picture sets."
            if offer.drafts
            else "Nobody saw a machine's sentence.",
            "",
            "### Pay",
            "",
            pay,
            "",
            "### Instructions",
            "",
            *_quoted(rules.instructions),
            "",
            "### Consent",
            "",
            *(_quoted(rules.consent) if rules.consent.strip() else ["No consent text was shown."]),
            "",
            "### Who they are",
            "",
            "Nobody was asked about themselves: there are no demographics.",
            "",
            "### Agreement",
            "",
            self.agreement,
            "",
            *(
                ["Where reviewers decided between sentences stands in `decisions.jsonl`.", ""]
                if self.decisions
                else []
            ),
        ]


def of_campaign(db: Database, campaign_id: int) -> About:
    """What is known of a campaign's collection."""
    settings = campaigns.get(db, campaign_id).settings
    test_id = settings.qualification_id
    platforms: dict[str, int] = {}
    for each in participants.every(db, campaign_id):
        if each.outcome == "completed":
            platforms[each.platform] = platforms.get(each.platform, 0) + 1
    return About(
        settings,
        recruitment.of(db, campaign_id),
        None if test_id is None else qualifications.get(db, test_id),
        platforms,
        _agreement(db, campaign_id),
        tuple(_decisions(db, campaign_id)),
    )


def _agreement(db: Database, campaign_id: int) -> str:
    measured = job.measured(db).get(campaign_id)
    if measured is None:
        return "Agreement was not measured."
    whole = Measurement.from_json(measured.result).parts[0].agreement
    if whole.mean is None or whole.chance is None:
        return f"Agreement is not defined: {whole.undefined}."
    interval = f" (95 % interval {whole.low:.2f} to {whole.high:.2f})" if whole.low else ""
    return (
        f"Each sentence against the others of its unit, BERTScore F: {whole.mean:.2f}{interval} "
        f"over {whole.units} units; {whole.chance:.2f} with the sentences of shuffled units. "
        f"Model: {whole.model}."
    )


def _decisions(db: Database, campaign_id: int) -> list[dict[str, Any]]:
    rows = []
    for unit_id, each in adjudications.newest(db, campaign_id).items():
        if each.verdict == "ask":
            continue
        unit = exemplars.unit(db, unit_id)
        rows.append(
            {
                "subject": unit.subject,
                "layer": unit.layer,
                "unit": unit.unit,
                "exemplar_hash": unit.hash,
                "verdict": each.verdict,
                "text": each.text,
                "created_utc": each.created_utc,
            }
        )
    return rows


def _quoted(text: str) -> list[str]:
    """Text as a quotation, each line; what would be markup in it stays text."""
    plain = text.replace("<", "&lt;")
    return [f"> {line}" for line in plain.strip().splitlines()]
