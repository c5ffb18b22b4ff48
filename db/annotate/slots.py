"""Slots and claims: who works on which unit, for how long, and where an answer counts.

    claim = slots.claim(db, campaign_id, "ada")
    slots.submit(db, claim.token, "ada", Answer("striped fur"))

A unit has a fixed number of slot rows. A claim puts a person into one of them until the lease
ends; nothing sweeps: an expired lease is simply free for the next claim, inside the transaction
that takes it. An answer that comes late is stored all the same, in a slot of its unit that is free
or else as surplus. The token of a claim makes a submission idempotent and ties it to its person:
the same token again finds the answer that is there.

Every function that changes something holds the write lock from its first statement on, so the
number of slots, not luck, bounds the number of people.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db.annotate import annotations, campaigns, claims, qualifications
from db.annotate.annotations import Answer, clean_text
from db.annotate.claims import Claim
from db.errors import NotAllowed
from db.workspace import immediate, now


class Answered(NotAllowed):
    """The person answered this unit already, in other words than now."""

    def __init__(self, before: str) -> None:
        said = before or "No common pattern"
        super().__init__(f"You answered this picture set already: “{said}”.")
        self.before = before


@dataclass(frozen=True)
class Nothing:
    """There is no unit for this person now.

    Attributes:
        reason: `finished` all slots are full or the person saw every unit, `busy` others hold the
            rest, `capped` the person may give no more, `paused` or `closed` the campaign is.
        in_progress: units that others have on their screens.
        retry_utc: when the first of their leases ends.
    """

    reason: Literal["finished", "busy", "capped", "paused", "closed"]
    in_progress: int = 0
    retry_utc: str | None = None


@dataclass(frozen=True)
class Stored:
    """Where an answer went.

    Attributes:
        new: False when this token had been submitted before.
        slot: the number of its slot; None is surplus or a quality check.
    """

    annotation_id: int
    new: bool
    slot: int | None


def claim(
    db: Database, campaign_id: int, annotator: str, *, at: str | None = None
) -> Claim | Nothing:
    """The unit this person should look at: the one already claimed, or the next.

    Units nearest to completion come first, then in the campaign's order; never one that the
    person answered, skipped or reported.

    Raises:
        NotAllowed: consent or a passed qualification test is missing.
    """
    moment = at or now()
    with immediate(db):
        campaign = campaigns.get(db, campaign_id)
        if campaign.state != "open":
            return Nothing(campaign.state)
        qualifications.require(db, campaign, annotator)
        if standing := claims.standing(db, campaign, annotator, moment):
            return standing
        answered = _answered(db, campaign_id, annotator)
        if campaign.settings.cap is not None and answered >= campaign.settings.cap:
            return Nothing("capped")
        if check := claims.check_due(db, campaign, annotator, answered):
            unit_id, purpose = check
            return claims.enter(db, campaign, annotator, unit_id, purpose, moment)
        row = db.conn.execute(_NEXT, _parameters(campaign_id, annotator, moment)).fetchone()
        if row is None:
            return _nothing(db, campaign_id, annotator, moment)
        slot_id, unit_id = row
        vacate(db, slot_id, moment)
        claimed = claims.enter(db, campaign, annotator, unit_id, "collect", moment)
        hold(db, slot_id, claimed)
        return claimed


def peek(db: Database, campaign_id: int, annotator: str, *, at: str | None = None) -> int | None:
    """The unit that would probably come after this person's; claims nothing, promises nothing."""
    campaign = campaigns.get(db, campaign_id)
    answered = _answered(db, campaign_id, annotator)
    answered += claims.on_screen(db, campaign_id, annotator) == "collect"
    # a check is announced as any other unit, or who looks closely could tell them apart
    if check := claims.check_due(db, campaign, annotator, answered):
        return check[0]
    row = db.conn.execute(_NEXT, _parameters(campaign_id, annotator, at or now())).fetchone()
    return None if row is None else int(row[1])


def submit(
    db: Database,
    token: str,
    annotator: str,
    answer: Answer,
    *,
    change: bool = True,
    at: str | None = None,
) -> Stored:
    """Store an answer to the claim `token`; whatever else is true, the text is kept.

    Without `change` other words for what the person answered already are refused, so that a window
    left open does not rewrite an answer unasked.

    Raises:
        Answered: without `change`, and the unit was answered in other words.
        BadInput: the sentence is empty or too long.
        NotAllowed: the token is no claim of this person.
    """
    with immediate(db):
        return store(db, token, annotator, answer, change=change, at=at or now())


def store(
    db: Database, token: str, annotator: str, answer: Answer, *, at: str, change: bool = True
) -> Stored:
    """What `submit` does, inside the caller's transaction."""
    text = clean_text(answer)
    row = claims.row(db, token, annotator)
    found = db.conn.execute(
        """
        select annotation_id, token from annotations
        where campaign_id = :campaign_id and unit_id = :unit_id and annotator = :annotator
            and purpose = :purpose
        """,
        row,
    ).fetchone()
    if found and not change and not _worded(db, found[0], answer.kind, text):
        before = annotations.get(db, found[0])
        raise Answered(before.text)
    if found and (found[1] == token or row["outcome"] == "answered"):
        # A repeated submission changes nothing; other words, from a window left open, are kept.
        if not _worded(db, found[0], answer.kind, text):
            _add_wording(db, found[0], answer.kind, text, at)
        _end_draft(db, row, answer)
        return Stored(found[0], False, _slot_of(db, found[0]))
    seconds = claims.touch(db, row, at)
    if found:
        # answered by the same person under another claim: the text becomes a further revision
        annotation_id = int(found[0])
        _add_wording(db, annotation_id, answer.kind, text, at)
    else:
        annotation_id = _insert(db, row, answer, seconds, at)
        _revise(db, annotation_id, answer.kind, text, at)
    claims.end(db, row["claim_id"], "answered", at)
    if row["purpose"] == "collect" and not found and _counts(db, row):
        place(db, annotation_id, at=at)
    leave(db, row["claim_id"])
    _end_draft(db, row, answer)
    return Stored(annotation_id, True, _slot_of(db, annotation_id))


def _end_draft(db: Database, row: dict[str, Any], answer: Answer) -> None:
    # Who typed and then found no pattern finds the sentence again among the unsent ones.
    if answer.kind == "text":
        db.execute("delete from drafts where claim_id = ?", [row["claim_id"]])


def _worded(db: Database, annotation_id: int, kind: str, text: str) -> bool:
    """Whether an answer was worded like this before, or its person withdrew what it said."""
    row = db.conn.execute(
        """
        select 1 from revisions
        where annotation_id = ? and (withdrawn or (kind = ? and text = ?)) limit 1
        """,
        [annotation_id, kind, text],
    ).fetchone()
    return row is not None


def _add_wording(db: Database, annotation_id: int, kind: str, text: str, at: str) -> None:
    before = annotations.get(db, annotation_id)
    _revise(db, annotation_id, kind, text, at)
    if before.status != "waiting":
        # it was judged as it was worded then, and goes on counting in that wording
        _revise(db, annotation_id, before.kind, before.text, at)


def place(db: Database, annotation_id: int, *, at: str) -> int | None:
    """Put an answer into a slot of its unit: its own, else one that nobody holds.

    Returns the slot's number, or None when every slot is taken or the person sits in one already.
    Runs inside the caller's transaction.
    """
    row = db.conn.execute(
        """
        select s.slot_id, s.number
        from slots s join annotations a using (campaign_id, unit_id)
        where a.annotation_id = :id and s.annotation_id is null
            and (s.annotator = a.annotator or s.annotator is null or s.expires_utc <= :at)
            and not exists (
                select 1 from slots o
                where o.campaign_id = a.campaign_id and o.unit_id = a.unit_id
                    and o.annotator = a.annotator and o.slot_id <> s.slot_id
            )
        order by s.annotator = a.annotator desc, s.annotator is not null, s.number limit 1
        """,
        {"id": annotation_id, "at": at},
    ).fetchone()
    if row is None:
        return None
    slot_id, number = row
    vacate(db, slot_id, at)
    db.execute(
        """
        update slots set annotation_id = :id, claim_id = null, expires_utc = null,
            annotator = (select annotator from annotations where annotation_id = :id)
        where slot_id = :slot
        """,
        {"id": annotation_id, "slot": slot_id},
    )
    return int(number)


def displace(db: Database, annotation_id: int) -> None:
    """Take an answer out of its slot, which is free again. Inside the caller's transaction."""
    db.execute(
        "update slots set annotation_id = null, annotator = null where annotation_id = ?",
        [annotation_id],
    )


# annotations and claims are looked up by (campaign, unit, person); the units come nearest first
# from an index, so the search ends at the first that fits; the plus keeps the planner from
# walking all empty slots by the index of annotation_id
_NEXT = """
    select s.slot_id, u.unit_id
    from campaign_units u indexed by campaign_units_nearest
    join slots s on s.campaign_id = u.campaign_id and s.unit_id = u.unit_id
    where u.campaign_id = :campaign and u.missing > 0 and u.held = 0
        and +s.annotation_id is null and (s.claim_id is null or s.expires_utc <= :at)
        and not exists (
            select 1 from claims c
            where c.campaign_id = u.campaign_id and c.unit_id = u.unit_id
                and c.annotator = :annotator and c.outcome in ('answered', 'skipped', 'broken')
        )
        and not exists (
            select 1 from annotations a
            where a.campaign_id = u.campaign_id and a.unit_id = u.unit_id
                and a.annotator = :annotator and a.purpose = 'collect'
        )
        and not exists (
            select 1 from slots h
            where h.campaign_id = u.campaign_id and h.unit_id = u.unit_id
                and h.annotator = :annotator and h.expires_utc > :at
        )
    order by u.missing, u.position, s.number
    limit 1
"""


def _parameters(campaign_id: int, annotator: str, at: str) -> dict[str, object]:
    return {"campaign": campaign_id, "annotator": annotator, "at": at}


def _answered(db: Database, campaign_id: int, annotator: str) -> int:
    (count,) = db.conn.execute(
        """
        select count(*) from annotations
        where campaign_id = ? and annotator = ? and purpose = 'collect'
        """,
        [campaign_id, annotator],
    ).fetchone()
    return int(count)


def _counts(db: Database, row: dict[str, Any]) -> bool:
    """Whether a new answer to this claim may take a slot; it is kept as surplus otherwise.

    Whoever holds the slot may. A page left open may while the campaign takes answers and the
    person's cap is not reached: it may have been skipped, or be older than the cap.
    """
    if not qualifications.counted(db, row["campaign_id"], row["annotator"]):
        return False
    if db.conn.execute("select 1 from slots where claim_id = ?", [row["claim_id"]]).fetchone():
        return True
    campaign = campaigns.get(db, row["campaign_id"])
    given = _answered(db, campaign.campaign_id, row["annotator"])
    cap = campaign.settings.cap
    return campaign.state != "closed" and (cap is None or given <= cap)


def _nothing(db: Database, campaign_id: int, annotator: str, at: str) -> Nothing:
    """Why there is no unit: everything is done by this person, or others hold what is left."""
    busy, retry = db.conn.execute(
        """
        select count(distinct s.unit_id), min(s.expires_utc)
        from slots s join campaign_units u using (campaign_id, unit_id)
        where s.campaign_id = :campaign and s.annotation_id is null and s.expires_utc > :at
            and u.held = 0 and not exists (
                select 1 from claims c
                where c.campaign_id = s.campaign_id and c.unit_id = s.unit_id
                    and c.annotator = :annotator
                    and c.outcome in ('answered', 'skipped', 'broken')
            )
        """,
        _parameters(campaign_id, annotator, at),
    ).fetchone()
    return Nothing("busy", busy, retry) if busy else Nothing("finished")


def _revise(db: Database, annotation_id: int, kind: str, text: str, at: str) -> None:
    db.execute(
        """
        insert into revisions (annotation_id, number, kind, text, created_utc)
        select :id, coalesce(max(number), 0) + 1, :kind, :text, :at
        from revisions where annotation_id = :id
        """,
        {"id": annotation_id, "kind": kind, "text": text, "at": at},
    )


def _insert(db: Database, row: dict[str, Any], answer: Answer, seconds: float, at: str) -> int:
    cursor = db.conn.execute(
        """
        insert into annotations (
            token, campaign_id, unit_id, annotator, purpose, exemplar_hash, claimed_utc,
            created_utc, seconds, pasted_characters, unmasked_looks, pasted_after_ms
        )
        select :token, :campaign_id, :unit_id, :annotator, :purpose, e.hash, :claimed_utc,
            :at, :seconds, max(:pasted, coalesce(d.pasted_characters, 0)),
            max(:looks, coalesce(d.unmasked_looks, 0)), coalesce(d.pasted_after_ms, :after)
        from units u join exemplar_sets e using (exemplar_set_id)
        left join drafts d on d.claim_id = :claim_id
        where u.unit_id = :unit_id
        """,
        {
            **row,
            "at": at,
            "seconds": round(seconds, 3),
            "pasted": answer.pasted_characters,
            "looks": answer.unmasked_looks,
            "after": answer.pasted_after_ms,
        },
    )
    return int(cursor.lastrowid or 0)


def hold(db: Database, slot_id: int, claimed: Claim) -> None:
    """Put a claim into an empty slot. Inside the caller's transaction."""
    db.execute(
        """
        update slots set annotator = :annotator, expires_utc = :expires,
            claim_id = (select claim_id from claims where token = :token)
        where slot_id = :slot
        """,
        {
            "annotator": claimed.annotator,
            "expires": claimed.expires_utc,
            "token": claimed.token,
            "slot": slot_id,
        },
    )


def vacate(db: Database, slot_id: int, at: str) -> None:
    """End the claim whose lease on this slot ran out, if there is one. As `hold`."""
    db.execute(
        """
        update claims set outcome = 'expired', ended_utc = :at
        where outcome is null and claim_id = (select claim_id from slots where slot_id = :slot)
        """,
        {"at": at, "slot": slot_id},
    )


def leave(db: Database, claim_id: int) -> None:
    """Free the slot that the claim still holds without an answer. As `hold`."""
    db.execute(
        """
        update slots set annotator = null, claim_id = null, expires_utc = null
        where claim_id = ? and annotation_id is null
        """,
        [claim_id],
    )


def _slot_of(db: Database, annotation_id: int) -> int | None:
    row = db.conn.execute(
        "select number from slots where annotation_id = ?", [annotation_id]
    ).fetchone()
    return None if row is None else int(row[0])
