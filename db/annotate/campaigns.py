"""Campaigns: which units people are asked about, and by which rules.

    campaign = campaigns.add(db, "layer4, spring", unit_ids, settings=Settings(...), person="ada")
    campaigns.top_up(db, campaign.campaign_id, annotators_per_unit=5, person="ada")

Every unit gets exactly `annotators_per_unit` slot rows when it enters a campaign, so that the
number of answers is a fact of the schema and not a count somebody has to keep. Who sits in which
slot is the business of `db.annotate.slots`, how far they are that of `db.annotate.progress`.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlite_utils import Database

from db import log
from db.errors import BadInput, NotFound
from db.workspace import immediate, now

Kind = Literal["describe", "rate"]
State = Literal["open", "paused", "closed"]
LONGEST_LEASE = 30 * 24 * 60


@dataclass(frozen=True)
class Settings:
    """The rules of a campaign.

    Attributes:
        instructions: what is asked, pinned above the pictures.
        consent: shown before the first unit; empty asks for none.
        annotators_per_unit: how many different people describe each unit.
        lease_minutes: how long a unit is kept for the person who has it on screen.
        cap: most answers one person may give; None is without limit.
        pay_per_unit: shown with `currency` as earnings; None shows none.
        repeat_every: after so many answers one of the person's own units comes again; 0 never.
        gold_every: after so many answers a unit with known words comes; 0 never.
        qualification_id: the test to pass before the first unit; None asks for none.
    """

    instructions: str
    consent: str = ""
    annotators_per_unit: int = 3
    lease_minutes: float = 60.0
    cap: int | None = None
    pay_per_unit: float | None = None
    currency: str = ""
    repeat_every: int = 0
    gold_every: int = 0
    qualification_id: int | None = None


@dataclass(frozen=True)
class Campaign:
    """One campaign."""

    campaign_id: int
    name: str
    kind: Kind
    state: State
    settings: Settings
    person: str
    created_utc: str


def add(
    db: Database,
    name: str,
    unit_ids: Sequence[int],
    *,
    settings: Settings,
    person: str,
    kind: Kind = "describe",
    gold: Mapping[int, Sequence[str]] | None = None,
) -> Campaign:
    """Start a campaign over `unit_ids`, in their order, with its slots.

    `gold` maps further units to the words of which an answer must hold one.

    Raises:
        BadInput: the name is taken or empty, there are no units, a setting is out of range, or the
            campaign's own test shows some of the units.
    """
    name = " ".join(name.split())
    _check(name, unit_ids, settings, gold or {})
    _apart_from_test(db, {*unit_ids, *(gold or {})}, settings)
    values = {**dataclasses.asdict(settings), "name": name, "kind": kind, "person": person}
    with immediate(db):
        cursor = db.conn.execute(
            """
            insert or ignore into campaigns (
                name, kind, instructions, consent, annotators_per_unit, lease_minutes, cap,
                pay_per_unit, currency, repeat_every, gold_every, qualification_id, person,
                created_utc
            ) values (
                :name, :kind, :instructions, :consent, :annotators_per_unit, :lease_minutes, :cap,
                :pay_per_unit, :currency, :repeat_every, :gold_every, :qualification_id, :person,
                :now
            )
            """,
            {**values, "now": now()},
        )
        if not cursor.rowcount:
            raise BadInput(f"expected a name that no other campaign has, got {name!r}")
        campaign_id = int(cursor.lastrowid or 0)
        _enter(db, campaign_id, list(dict.fromkeys(unit_ids)), settings.annotators_per_unit)
        db.conn.executemany(
            """
            insert into campaign_units (campaign_id, unit_id, position, purpose, gold_json)
            values (?, ?, ?, 'gold', ?)
            """,
            [
                (campaign_id, unit_id, position, json.dumps(list(words)))
                for position, (unit_id, words) in enumerate((gold or {}).items())
            ],
        )
        log.add(db, person, "campaign started", f"campaign:{campaign_id}", units=len(unit_ids))
    return get(db, campaign_id)


def get(db: Database, campaign_id: int) -> Campaign:
    """One campaign.

    Raises:
        NotFound: there is none of that id.
    """
    for row in db.query("select * from campaigns where campaign_id = ?", [campaign_id]):
        return _campaign(row)
    raise NotFound(f"expected the id of a campaign, got {campaign_id}")


def named(db: Database, name: str) -> Campaign:
    """The campaign of that name.

    Raises:
        NotFound: there is none.
    """
    for row in db.query("select * from campaigns where name = ?", [name]):
        return _campaign(row)
    known = ", ".join(campaign.name for campaign in every(db)) or "none yet"
    raise NotFound(f"expected the name of a campaign ({known}), got {name!r}")


def every(db: Database, *, kind: Kind | None = None) -> list[Campaign]:
    """All campaigns, newest first."""
    rows = db.query(
        """
        select * from campaigns where :kind is null or kind = :kind order by campaign_id desc
        """,
        {"kind": kind},
    )
    return [_campaign(row) for row in rows]


def set_state(db: Database, campaign_id: int, state: State, *, person: str) -> None:
    """Open, pause or close a campaign. Answers on the way are still stored.

    Raises:
        NotFound: there is no such campaign.
    """
    get(db, campaign_id)
    with immediate(db):
        db.execute("update campaigns set state = ? where campaign_id = ?", [state, campaign_id])
        log.add(db, person, f"campaign {state}", f"campaign:{campaign_id}")


def top_up(db: Database, campaign_id: int, *, annotators_per_unit: int, person: str) -> None:
    """Ask more people about each unit; what is there stays.

    Raises:
        BadInput: that is fewer than now.
    """
    settings = get(db, campaign_id).settings
    if not settings.annotators_per_unit <= annotators_per_unit <= 50:
        raise BadInput(
            f"expected {settings.annotators_per_unit} to 50 people a unit (slots are never taken "
            f"away), got {annotators_per_unit}"
        )
    with immediate(db):
        unit_ids = [
            unit_id
            for (unit_id,) in db.conn.execute(
                """
                select unit_id from campaign_units where campaign_id = ? and purpose = 'collect'
                """,
                [campaign_id],
            )
        ]
        numbers = range(settings.annotators_per_unit + 1, annotators_per_unit + 1)
        _add_slots(db, campaign_id, unit_ids, numbers)
        db.execute(
            "update campaigns set annotators_per_unit = ? where campaign_id = ?",
            [annotators_per_unit, campaign_id],
        )
        log.add(
            db,
            person,
            "campaign extended",
            f"campaign:{campaign_id}",
            annotators_per_unit=annotators_per_unit,
        )


def add_units(db: Database, campaign_id: int, unit_ids: Sequence[int], *, person: str) -> int:
    """Let further units enter; those already in are left as they are. Returns how many are new.

    Raises:
        BadInput: the campaign's test shows some of them, or people rate descriptions in it and
            what is added here has none.
    """
    campaign = get(db, campaign_id)
    if campaign.kind == "rate":
        raise BadInput(
            f"expected a campaign in which people describe, got {campaign.name!r}, in which they "
            "rate descriptions: make a new one of the units to be rated"
        )
    _apart_from_test(db, set(unit_ids), campaign.settings)
    with immediate(db):
        known = {
            unit_id
            for (unit_id,) in db.conn.execute(
                "select unit_id from campaign_units where campaign_id = ?", [campaign_id]
            )
        }
        new = [unit_id for unit_id in dict.fromkeys(unit_ids) if unit_id not in known]
        _enter(db, campaign_id, new, campaign.settings.annotators_per_unit, start=len(known))
        log.add(db, person, "units added", f"campaign:{campaign_id}", units=len(new))
    return len(new)


def release(db: Database, campaign_id: int, unit_id: int, *, person: str) -> None:
    """Offer a unit again whose picture had been reported as broken."""
    with immediate(db):
        db.execute(
            "update campaign_units set held = 0 where campaign_id = ? and unit_id = ?",
            [campaign_id, unit_id],
        )
        log.add(db, person, "unit released", f"campaign:{campaign_id}", unit_id=unit_id)


def held(db: Database, campaign_id: int) -> list[int]:
    """The ids of the units that are held because people could not see their picture."""
    rows = db.conn.execute(
        "select unit_id from campaign_units where campaign_id = ? and held order by position",
        [campaign_id],
    )
    return [unit_id for (unit_id,) in rows]


def unit_ids(db: Database, campaign_id: int) -> list[int]:
    """The units that the campaign asks about, in order."""
    rows = db.conn.execute(
        """
        select unit_id from campaign_units
        where campaign_id = ? and purpose = 'collect' order by position
        """,
        [campaign_id],
    )
    return [unit_id for (unit_id,) in rows]


def asking(db: Database, unit_id: int) -> list[str]:
    """The names of the campaigns that ask people about a unit, newest first."""
    rows = db.conn.execute(
        """
        select name from campaign_units join campaigns using (campaign_id)
        where unit_id = ? and kind = 'describe' order by campaign_id desc
        """,
        [unit_id],
    )
    return [name for (name,) in rows]


def gold_words(db: Database, campaign_id: int) -> dict[int, tuple[str, ...]]:
    """The units with known answers, and the words of which an answer must hold one."""
    rows = db.conn.execute(
        """
        select unit_id, gold_json from campaign_units
        where campaign_id = ? and purpose = 'gold' order by position
        """,
        [campaign_id],
    )
    return {unit_id: tuple(json.loads(words)) for unit_id, words in rows}


def _enter(
    db: Database, campaign_id: int, unit_ids: list[int], annotators: int, *, start: int = 0
) -> None:
    db.conn.executemany(
        "insert into campaign_units (campaign_id, unit_id, position) values (?, ?, ?)",
        [
            (campaign_id, unit_id, position)
            for position, unit_id in enumerate(unit_ids, start=start)
        ],
    )
    _add_slots(db, campaign_id, unit_ids, range(1, annotators + 1))


def _add_slots(db: Database, campaign_id: int, unit_ids: list[int], numbers: range) -> None:
    db.conn.executemany(
        "insert into slots (campaign_id, unit_id, number) values (?, ?, ?)",
        [(campaign_id, unit_id, number) for unit_id in unit_ids for number in numbers],
    )


def _check(
    name: str, unit_ids: Sequence[int], settings: Settings, gold: Mapping[int, Sequence[str]]
) -> None:
    if not 1 <= len(name) <= 120:
        raise BadInput(f"expected a campaign name of 1 to 120 characters, got {len(name)}")
    if not unit_ids:
        raise BadInput("expected at least one unit for the campaign, got none")
    if not 1 <= settings.annotators_per_unit <= 50:
        raise BadInput(f"expected 1 to 50 people a unit, got {settings.annotators_per_unit}")
    if not 0 < settings.lease_minutes <= LONGEST_LEASE:
        raise BadInput(
            f"expected a lease of more than 0 and at most {LONGEST_LEASE:,} minutes, got "
            f"{settings.lease_minutes}"
        )
    if settings.cap is not None and settings.cap < 1:
        raise BadInput(f"expected at least 1 answer a person, got {settings.cap}")
    if not settings.instructions.strip():
        raise BadInput("expected instructions for the annotators, got an empty text")
    if overlap := set(unit_ids) & set(gold):
        raise BadInput(f"expected check units outside the campaign, got {sorted(overlap)[:5]}")


def tested(db: Database, qualification_id: int | None) -> set[int]:
    """The units that a qualification test shows: who passed it has read what is said of them."""
    rows = db.conn.execute(
        "select unit_id from questions where qualification_id = ?", [qualification_id]
    )
    return {unit_id for (unit_id,) in rows}


def _apart_from_test(db: Database, unit_ids: set[int], settings: Settings) -> None:
    if shared := unit_ids & tested(db, settings.qualification_id):
        raise BadInput(
            f"expected units that the campaign's test does not show, got {len(shared)} of its "
            f"units (ids {', '.join(map(str, sorted(shared)[:5]))})"
        )


def _campaign(row: dict[str, Any]) -> Campaign:
    names = {field.name for field in dataclasses.fields(Settings)}
    rules = {key: value for key, value in row.items() if key in names}
    rest = {key: value for key, value in row.items() if key not in names}
    return Campaign(**rest, settings=Settings(**rules))
