"""The door for people who come by a link, as the entrance opens it.

    doorway = Doorway(workspace)
    doorway.enter({"campaign": "c3.…", "PROLIFIC_PID": "5f1b…"})     # an Admission
    doorway.may("participant 1a2b", "/pictures/17/grid.jpg")

A link says who somebody is and nothing else: which campaign it is for is signed, and where they go
at the end is stored. What is said of a link that does not open tells nothing about the workspace.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from db.annotate import campaigns
from db.crowd import invitations, links, participants, recruitment
from db.crowd.participants import Arrival, Full
from db.crowd.recruitment import Destination
from db.errors import NotFound, WorkbenchError
from db.workspace import Workspace, now, open_database

CLOSED = "This link opens nothing, or not any more. Ask whoever gave it to you for a new one."
_PREVIEW = "Accept the task first; then this page opens."
_UNFILLED = (
    "This link is unfinished: it lacks your participant id. Open it from where you found it."
)
_PICTURE = re.compile(r"/pictures/([0-9]{1,12})/")
# What each platform calls a participant, a study and a submission.
_NAMES = (
    ("prolific", "PROLIFIC_PID", "STUDY_ID", "SESSION_ID"),
    ("mturk", "workerId", "hitId", "assignmentId"),
    ("free", "pid", "", ""),
)


@dataclass(frozen=True)
class Admission:
    """What became of a link: the account that it opens, or why it opens none.

    Attributes:
        destination: where to send whom nothing is left for.
    """

    name: str = ""
    sentence: str = ""
    destination: Destination | None = None


class Doorway:
    """Lets people of links in, and says what they may see."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def is_link(self, query: Mapping[str, str]) -> bool:
        """Whether a query holds the token of a link, right or wrong."""
        return links.parsed(query.get("campaign", "")) is not None

    def enter(self, query: Mapping[str, str]) -> Admission:
        """The account behind a link, or why it opens none."""
        token = query.get("campaign", "")
        if (about := links.parsed(token)) is None:
            return Admission(sentence=CLOSED)
        with open_database(self.workspace) as db:
            try:
                return self._opened(db, token, about, query)
            except WorkbenchError as error:
                return Admission(sentence=str(error))

    def may(self, name: str, path: str) -> bool:
        """Whether an account may see what is at a path; others than participants are not asked.

        A participant sees the pictures of their own campaign and its test. An invitation that is
        revoked, and an account whose campaign is gone, see nothing.
        """
        with open_database(self.workspace) as db:
            found = participants.get(db, name)
            if found is None:
                return True
            if found.platform == "invitation" and _revoked(db, name):
                return False
            picture = _PICTURE.match(path)
            if picture is None:
                return not path.startswith(("/verdicts", "/reports"))
            unit_id = int(picture[1])
            campaign = campaigns.get(db, found.campaign_id)
            if unit_id in campaigns.tested(db, campaign.settings.qualification_id):
                return True
            row = db.conn.execute(
                "select 1 from campaign_units where campaign_id = ? and unit_id = ?",
                [found.campaign_id, unit_id],
            ).fetchone()
            return row is not None

    def _opened(
        self, db: Database, token: str, about: tuple[str, int], query: Mapping[str, str]
    ) -> Admission:
        secret = self.workspace.secret.read_bytes()
        kind, number = about
        if kind == "i":
            return _invited(db, token, number, secret)
        # Somebody else's number with this signature is as wrong as no number at all.
        wanted = recruitment.of(db, number)
        right = links.campaign_token(number, wanted.nonce or links.new_nonce(), secret=secret)
        closed = wanted.closes_utc is not None and wanted.closes_utc <= now()
        if not links.equal(token, right) or wanted.nonce is None:
            return Admission(sentence=CLOSED)
        arrival = arrived(query)
        if isinstance(arrival, str):
            return Admission(sentence=arrival)
        if closed and not _known(db, number, arrival):
            return Admission(sentence=CLOSED)
        try:
            return Admission(participants.enter(db, number, arrival))
        except Full as full:
            to = recruitment.destination(wanted.full, arrival.platform)
            return Admission(sentence=str(full), destination=to)


def arrived(query: Mapping[str, str]) -> Arrival | str:
    """Who a link says somebody is; a sentence where it says nobody.

    >>> arrived({"PROLIFIC_PID": "5f1b", "STUDY_ID": "s", "SESSION_ID": "t"})
    Arrival(platform='prolific', pid='5f1b', study='s', session='t')
    """
    if query.get("assignmentId") == "ASSIGNMENT_ID_NOT_AVAILABLE":
        return _PREVIEW
    for platform, pid, study, session in _NAMES:
        if text := query.get(pid, "").strip():
            if "{{" in text or "${" in text:
                return _UNFILLED
            return Arrival(
                platform,  # type: ignore[arg-type]
                text,
                query.get(study, "").strip() if study else "",
                query.get(session, "").strip() if session else "",
            )
    return _UNFILLED


def _invited(db: Database, token: str, number: int, secret: bytes) -> Admission:
    if not links.equal(token, links.invitation_token(number, secret=secret)):
        return Admission(sentence=CLOSED)
    try:
        invitation = invitations.get(db, number)
    except NotFound:
        return Admission(sentence=CLOSED)
    if not invitations.valid(invitation):
        return Admission(sentence=CLOSED)
    arrival = Arrival("invitation", invitation.label)
    return Admission(participants.enter(db, invitation.campaign_id, arrival))


def _known(db: Database, campaign_id: int, arrival: Arrival) -> bool:
    row = db.conn.execute(
        "select 1 from participant_ids where campaign_id = ? and platform = ? and pid = ?",
        [campaign_id, arrival.platform, arrival.pid],
    ).fetchone()
    return row is not None


def _revoked(db: Database, name: str) -> bool:
    row = db.conn.execute(
        """
        select 1 from participant_ids p join invitations i
            on i.campaign_id = p.campaign_id and i.label = p.pid
        where p.annotator = ? and i.revoked_utc is not null
        """,
        [name],
    ).fetchone()
    return row is not None
