"""A small workspace for the tests of annotating: units without pictures, people, a fake clock."""

import datetime
from pathlib import Path

from sqlite_utils import Database

from db import campaigns, exemplars, subjects, users
from db.campaigns import Campaign, Settings
from db.subjects import LayerRow
from db.workspace import Workspace, create, format_time, open_database

START = datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.UTC)


def at(*, minutes: float = 0, seconds: float = 0) -> str:
    """A moment after the fake start, as text."""
    return format_time(START + datetime.timedelta(minutes=minutes, seconds=seconds))


def add_units(db: Database, count: int, *, subject: str = "toy", layer: str = "conv1") -> list[int]:
    """The ids of `count` new units of one layer."""
    row = subjects.add(
        db,
        subject,
        source=Path("toy.toml"),
        weights_hash=f"weights of {subject}",
        layers=[LayerRow(layer, "map", count)],
    )
    entered = exemplars.add(
        db,
        hash=f"{subject}-{layer}",
        subject_id=row.subject_id,
        probing_set_id=None,
        layer=layer,
        units=count,
        k=15,
        folder=f"{subject}-{layer}",
        provenance={},
    )
    return [unit.unit_id for unit in exemplars.units_of(db, entered.exemplar_set_id)]


def add_people(db: Database, *names: str) -> None:
    """Annotators who cannot sign in."""
    for name in names:
        users.ensure(db, name, "annotator")


def start(
    db: Database, units: int, *people: str, name: str = "spring", **settings: object
) -> Campaign:
    """A campaign over `units` new units, and its people."""
    add_people(db, *people)
    rules = Settings(instructions="One sentence.", **settings)  # type: ignore[arg-type]
    return campaigns.add(db, name, add_units(db, units), settings=rules, person="admin")


def workspace_with_campaign(folder: Path, units: int, **settings: object) -> tuple[Workspace, int]:
    """A workspace on disk with one campaign; for tests with several processes."""
    workspace = create(folder)
    with open_database(workspace) as db:
        campaign = start(db, units, **settings)
    return workspace, campaign.campaign_id
