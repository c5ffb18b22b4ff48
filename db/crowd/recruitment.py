"""What a campaign offers to people who come by a link: pay, time, and where they go at the end.

    recruitment.save(db, campaign_id, Recruitment(reward=3.0, completed="C1A2B3"), person="ada")
    recruitment.of(db, campaign_id)
    recruitment.destination("https://app.prolific.com/submissions/complete?cc=C1A2B3", "prolific")

Where somebody is sent is only ever what an admin stored here: nothing in a link decides it.
"""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlite_utils import Database

from db import log
from db.annotate import campaigns, qualifications
from db.errors import BadInput
from db.workspace import immediate

Platform = Literal["prolific", "mturk", "free", "invitation"]
Outcome = Literal["completed", "screened_out", "quota_full", "returned"]
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_PROLIFIC = "https://app.prolific.com/submissions/complete?cc="
# A comprehension test that sends people away gives them two tries at once.
LEAST_TRIES = 2


@dataclass(frozen=True)
class Recruitment:
    """How people are recruited for a campaign.

    Attributes:
        nonce: part of the link's signature; None: there is no link, or it was revoked.
        closes_utc: when the link ends to let new people in.
        places: how many people it lets in; None: as many as there is work for.
        minutes: how long all sets of one person take, as the welcome says.
        reward: what the platform pays for a whole submission, beside `pay_per_unit` for each
            answer; `screened_reward` for one that ended with the test. In the campaign's currency.
        completed, screened, full: an https address or a code for each end; "" none.
        gold_limit: so many failed gold units pause a person; None never does.
        language: of the annotator's page, a key of the files of texts.
        contact: whom a participant can write to.
        drafts: a machine's draft stands in the box for a random half of the picture sets.
        webhook: where alerts are posted; "" nowhere.
    """

    nonce: str | None = None
    closes_utc: str | None = None
    places: int | None = None
    minutes: float | None = None
    reward: float = 0.0
    screened_reward: float = 0.0
    completed: str = ""
    screened: str = ""
    full: str = ""
    gold_limit: int | None = None
    language: str = "en"
    contact: str = ""
    drafts: int = 0
    webhook: str = ""


@dataclass(frozen=True)
class Destination:
    """Where an end leads: an address to follow, or a code to be pasted; never both empty."""

    address: str
    code: str


def of(db: Database, campaign_id: int) -> Recruitment:
    """The recruitment of a campaign; one that nobody set up has a page in English and no link."""
    for row in db.query("select * from recruitments where campaign_id = ?", [campaign_id]):
        return Recruitment(**{name: row[name] for name in row if name != "campaign_id"})
    return Recruitment()


def save(db: Database, campaign_id: int, wanted: Recruitment, *, person: str) -> None:
    """Store what a campaign offers.

    Raises:
        BadInput: an address is not https, a number is out of range, or the campaign is one of
            ratings, or its test sends people away after one try or lets them wait.
        NotFound: there is no such campaign.
    """
    campaign = campaigns.get(db, campaign_id)
    _check(wanted)
    if wanted.nonce is not None:
        if campaign.kind != "describe":
            raise BadInput("expected a campaign in which people describe for a participant link")
        _check_test(db, campaign.settings.qualification_id)
    values: dict[str, Any] = dataclasses.asdict(wanted)
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    with immediate(db):
        db.execute(
            f"""
            insert or replace into recruitments (campaign_id, {names})
            values (:campaign_id, {places})
            """,
            {**values, "campaign_id": campaign_id},
        )
        # The nonce is part of a signature; it is nobody's business in a log.
        log.add(
            db,
            person,
            "recruitment changed",
            f"campaign:{campaign_id}",
            link=wanted.nonce is not None,
            closes_utc=wanted.closes_utc,
        )


def destination(text: str, platform: Platform) -> Destination | None:
    """Where one of the stored ends leads; a bare code of Prolific's becomes its address.

    >>> destination("C1A2B3", "prolific").address
    'https://app.prolific.com/submissions/complete?cc=C1A2B3'
    >>> destination("C1A2B3", "mturk")
    Destination(address='', code='C1A2B3')
    """
    if not text:
        return None
    if _CODE.fullmatch(text):
        return Destination(_PROLIFIC + text if platform == "prolific" else "", text)
    return Destination(text, "")


def check_address(text: str, what: str) -> None:
    """Refuse what is neither empty, nor a code, nor an https address.

    Raises:
        BadInput: it is not.
    """
    if not text or _CODE.fullmatch(text):
        return
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= 500
    if not plain or parts.scheme != "https" or not host or "@" in parts.netloc or "\\" in text:
        raise BadInput(
            f"expected a code or an address that begins with https:// as {what}, got {text[:80]!r}"
        )


def _check(wanted: Recruitment) -> None:
    for text, what in (
        (wanted.completed, "the end of a whole submission"),
        (wanted.screened, "the end after a failed test"),
        (wanted.full, "the end when nothing is left"),
    ):
        check_address(text, what)
    if wanted.reward < 0 or wanted.screened_reward < 0:
        raise BadInput("expected a reward of 0 or more")
    if wanted.minutes is not None and wanted.minutes <= 0:
        raise BadInput(f"expected more than 0 minutes, got {wanted.minutes:g}")
    if wanted.places is not None and wanted.places < 1:
        raise BadInput(f"expected 1 place or more, got {wanted.places}")
    if wanted.gold_limit is not None and wanted.gold_limit < 1:
        raise BadInput(f"expected 1 failed gold unit or more, got {wanted.gold_limit}")
    if len(wanted.contact) > 200:
        raise BadInput("expected a contact of at most 200 characters")


def _check_test(db: Database, qualification_id: int | None) -> None:
    if qualification_id is None:
        return
    test = qualifications.get(db, qualification_id)
    if test.max_attempts < LEAST_TRIES or test.cooling_minutes > 0:
        raise BadInput(
            f"expected a test with at least {LEAST_TRIES} tries and no minutes between them, since "
            f"participants are sent away when they fail; {test.name} version {test.version} has "
            f"{test.max_attempts} and {test.cooling_minutes:g} minutes"
        )
