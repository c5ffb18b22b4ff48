"""A small workspace for the tests of annotating: units without pictures, people, a fake clock."""

import contextlib
import datetime
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from db.access import users
from db.annotate import campaigns, slots
from db.annotate.campaigns import Campaign, Settings
from db.annotate.claims import Claim
from db.describe import exemplars, pictures, subjects
from db.describe.exemplars import UnitRow
from db.describe.subjects import LayerRow
from db.workspace import Workspace, create, format_time, open_database, prepare

PROJECT = Path(__file__).resolve().parents[2]
START = datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.UTC)


def at(*, minutes: float = 0, seconds: float = 0) -> str:
    """A moment after the fake start, as text."""
    return format_time(START + datetime.timedelta(minutes=minutes, seconds=seconds))


def fresh() -> Database:
    """An empty workspace database in memory."""
    return prepare(sqlite3.connect(":memory:"))


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


def claim(db: Database, campaign_id: int, annotator: str, moment: str) -> Claim:
    """The unit that a person is given, as there must be one."""
    found = slots.claim(db, campaign_id, annotator, at=moment)
    assert isinstance(found, Claim), found
    return found


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


PICTURES = ("grid", "grid-tall", "open", "open-tall", "ten", "ten-tall", "tile-0")


def fill_pictures(
    workspace: Workspace, units: list[UnitRow], *, names: Sequence[str] = PICTURES
) -> None:
    """Pictures of made-up exemplars where the app keeps rendered ones."""
    for unit in units:
        generator = np.random.default_rng(unit.unit_id)
        images = generator.integers(40, 255, (15, 3, 7, 7), np.uint8).repeat(8, 2).repeat(8, 3)
        masks = np.zeros((15, 1, 56, 56), bool)
        masks[:, :, 16:40, 16:40] = True
        folder = workspace.pictures / unit.hash
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            jpeg = pictures.rendered(images, masks, name)
            (folder / f"{unit.unit}-{name}.jpg").write_bytes(jpeg)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def running_app(workspace: Workspace, *, login: bool = False) -> Iterator[str]:
    """The app in a process of its own; yields its address. With `login` people sign in.

    Without, no key is asked for, so that several browsers can open it.
    """
    port = free_port()
    command = [sys.executable, str(PROJECT / "app.py"), "--workspace", str(workspace.path)]
    command += ["--no-demo", "--port", str(port), "--host"]
    command += ["0.0.0.0"] if login else ["127.0.0.1", "--no-token"]
    with (workspace.path / "app.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}{'/login' if login else '/'}", timeout=5).close()
                break
            if process.poll() is not None:
                break
            time.sleep(0.25)
        assert process.poll() is None, (workspace.path / "app.log").read_text()[-2000:]
        yield address
    finally:
        process.kill()
        process.wait(20)
