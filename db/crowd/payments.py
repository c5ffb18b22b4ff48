"""What is due to whom, and the table in the forms that platforms take in bulk.

    payments.due(db, campaign_id)                       # a Due for everybody who came or answered
    payments.rows(db, campaign_id, "prolific-bonus")    # rows of text, ready to be written

The rule: for each answer, checks among them, `pay_per_unit` up to the cap, as the person was shown
while working, whatever a reviewer says of it; with a whole submission its reward, with one that
ended in the test the reward for that. Nothing is due for a part that was given back. Amounts are
exact decimals, rounded to hundredths, half up, once at the end.
"""

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from sqlite_utils import Database

from db.annotate import campaigns
from db.annotate.campaigns import Campaign
from db.crowd import participants, recruitment, standings
from db.crowd.recruitment import Outcome, Recruitment
from db.errors import BadInput

Form = Literal["all", "prolific-approve", "prolific-bonus", "mturk-approve", "mturk-bonus"]
FORMS: tuple[Form, ...] = get_args(Form)
_CENT = Decimal("0.01")
_THANKS = "Thank you for describing picture sets."


@dataclass(frozen=True)
class Due:
    """What is due to one person.

    Attributes:
        answers: those that are paid for.
        reward: what the platform pays when the submission is approved; bonus: what is due beside.
    """

    annotator: str
    outcome: Outcome | None
    answers: int
    reward: Decimal
    bonus: Decimal

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.reward + self.bonus


def due(db: Database, campaign_id: int) -> list[Due]:
    """What is due to everybody who came by a link or answered, by name."""
    campaign, offered = campaigns.get(db, campaign_id), recruitment.of(db, campaign_id)
    outcomes = {each.annotator: each.outcome for each in participants.every(db, campaign_id)}
    given = _given(db, campaign_id)
    return [
        _one(campaign, offered, name, outcomes.get(name), *given.get(name, (0, 0)))
        for name in sorted({*outcomes, *given})
    ]


def due_to(db: Database, campaign_id: int, annotator: str) -> Due:
    """What is due to one person."""
    found = participants.get(db, annotator)
    return _one(
        campaigns.get(db, campaign_id),
        recruitment.of(db, campaign_id),
        annotator,
        None if found is None else found.outcome,
        *_given(db, campaign_id, annotator).get(annotator, (0, 0)),
    )


def rows(db: Database, campaign_id: int, form: str) -> tuple[list[str], list[list[str]]]:
    """The payment table: its columns (none where the platform wants no head) and its rows.

    `all` holds everybody with everything; the other forms hold one platform's people: those whose
    whole submission is to be approved and who were not excluded, and bonuses above nothing.

    Raises:
        BadInput: there is no such form.
    """
    if form not in FORMS:
        raise BadInput(f"expected one of {', '.join(FORMS)}, got {form!r}")
    people = {each.annotator: each for each in participants.every(db, campaign_id)}
    ids = participants.ids(db, campaign_id)
    owed = due(db, campaign_id)
    verdicts = {name: verdict for name, (verdict, _) in standings.newest(db, campaign_id).items()}
    currency = campaigns.get(db, campaign_id).settings.currency
    if form == "all":
        columns = ["platform", "id", "study", "session", "account", "outcome", "verdict"]
        columns += ["answers", "reward", "bonus", "total", "currency"]
        return columns, [
            [
                people[each.annotator].platform if each.annotator in people else "account",
                *(ids.get(each.annotator, {}).get(key, "") for key in ("pid", "study", "session")),
                each.annotator,
                each.outcome or "",
                verdicts.get(each.annotator, ""),
                str(each.answers),
                f"{each.reward:.2f}",
                f"{each.bonus:.2f}",
                f"{each.total:.2f}",
                currency,
            ]
            for each in owed
        ]
    platform, _, what = form.partition("-")
    own = [
        each
        for each in owed
        if each.annotator in people and people[each.annotator].platform == platform
    ]
    return _bulk(own, ids, verdicts, platform, what)


def _bulk(
    own: Sequence[Due],
    ids: dict[str, dict[str, str]],
    verdicts: Mapping[str, str],
    platform: str,
    what: str,
) -> tuple[list[str], list[list[str]]]:
    """The forms of Prolific's bulk approval and bonus boxes and of MTurk's review and bonuses."""
    excluded = {name for name, verdict in verdicts.items() if verdict in ("excluded", "reopened")}
    if what == "bonus":
        paid = [each for each in own if each.bonus > 0]
        if platform == "prolific":
            return [], [[ids[each.annotator]["pid"], f"{each.bonus:.2f}"] for each in paid]
        return ["WorkerId", "AssignmentId", "BonusAmount", "Reason"], [
            [
                ids[each.annotator]["pid"],
                ids[each.annotator]["session"],
                f"{each.bonus:.2f}",
                _THANKS,
            ]
            for each in paid
        ]
    whole = [each for each in own if each.outcome == "completed" and each.annotator not in excluded]
    if platform == "prolific":
        return [], [[ids[each.annotator]["pid"]] for each in whole]
    return ["AssignmentId", "WorkerId", "Approve", "Reject"], [
        [ids[each.annotator]["session"], ids[each.annotator]["pid"], "X", ""] for each in whole
    ]


def _one(
    campaign: Campaign,
    offered: Recruitment,
    name: str,
    outcome: Outcome | None,
    collected: int,
    checks: int,
) -> Due:
    rules = campaign.settings
    answers = checks + (collected if rules.cap is None else min(collected, rules.cap))
    if outcome == "returned":
        answers = 0
    reward = {"completed": offered.reward, "screened_out": offered.screened_reward}
    fixed = _rounded(_money(reward.get(outcome or "", 0.0)))
    bonus = _rounded(_money(rules.pay_per_unit or 0.0) * answers)
    return Due(name, outcome, answers, fixed, bonus)


def _given(
    db: Database, campaign_id: int, annotator: str | None = None
) -> dict[str, tuple[int, int]]:
    """How many answers to units and to checks everybody gave in the app."""
    rows = db.conn.execute(
        """
        select annotator, count(*) filter (where purpose = 'collect'),
            count(*) filter (where purpose <> 'collect')
        from annotations
        where campaign_id = :id and origin = 'app' and (:who is null or annotator = :who)
        group by annotator
        """,
        {"id": campaign_id, "who": annotator},
    )
    return {name: (collected, checks) for name, collected, checks in rows}


def _money(value: float) -> Decimal:
    """The decimal number that was typed: 0.1 is a tenth."""
    return Decimal(repr(float(value)))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, rounding=decimal.ROUND_HALF_UP)
