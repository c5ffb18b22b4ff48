"""Nothing acknowledged is lost: a killed process, many writers at once, importing and exporting."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from db.access import users
from db.annotate import annotations, campaigns, drafts, slots, transfers
from db.annotate.annotations import Answer, Revision
from db.annotate.claims import Claim
from db.annotate.slots import Nothing
from db.annotate.transfers import Record
from db.workspace import Workspace, format_time, open_database
from helpers.annotating import START, workspace_with_campaign

CONTEXT = multiprocessing.get_context("fork")


def _annotate(workspace: Workspace, campaign_id: int, name: str, acknowledged: object) -> None:
    """Submit until the end of the world, telling of each answer once it is acknowledged."""
    with open_database(workspace) as db:
        users.ensure(db, name, "annotator")
    while True:
        with open_database(workspace) as db:
            found = slots.claim(db, campaign_id, name)
            if isinstance(found, Nothing):
                return
            drafts.save(db, found.token, name, Answer("typing"))
            slots.submit(db, found.token, name, Answer(f"unit {found.unit_id} by {name}"))
        acknowledged.put((name, found.unit_id))  # type: ignore[attr-defined]


def test_every_acknowledged_answer_survives_kill_9(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 400)
    acknowledged = CONTEXT.Queue()
    workers = [
        CONTEXT.Process(target=_annotate, args=(workspace, campaign_id, f"p{n}", acknowledged))
        for n in range(4)
    ]
    for worker in workers:
        worker.start()
    told = [acknowledged.get(timeout=30) for _ in range(20)]
    for worker in workers:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
    for worker in workers:
        worker.join(10)
    while not acknowledged.empty():
        told.append(acknowledged.get(timeout=1))
    with open_database(workspace) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        stored = {
            (answer.annotator, answer.unit_id): answer.text
            for answer in annotations.of_campaign(db, campaign_id)
        }
    assert all(stored[each] == f"unit {each[1]} by {each[0]}" for each in told)


def _die_with_a_draft(workspace: Workspace, campaign_id: int) -> None:
    with open_database(workspace) as db:
        found = slots.claim(db, campaign_id, "ada")
        assert isinstance(found, Claim)
        drafts.save(db, found.token, "ada", Answer("half a sentence"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_an_unsent_draft_is_there_after_kill_9(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 2)
    with open_database(workspace) as db:
        users.ensure(db, "ada", "annotator")
    process = CONTEXT.Process(target=_die_with_a_draft, args=(workspace, campaign_id))
    process.start()
    process.join(20)
    with open_database(workspace) as db:
        found = slots.claim(db, campaign_id, "ada")
        assert isinstance(found, Claim)
        draft = drafts.of(db, found.token)
        assert draft is not None
        assert draft.text == "half a sentence"


def _write(workspace: Workspace, campaign_id: int, name: str, until: float, said: object) -> None:
    count = 0
    with open_database(workspace) as db:
        users.ensure(db, name, "annotator")
    while time.monotonic() < until:
        with open_database(workspace) as db:
            found = slots.claim(db, campaign_id, name)
            if isinstance(found, Nothing):
                break
            slots.submit(db, found.token, name, Answer(f"{name} {count}"))
        count += 1
        time.sleep(0.02)
    said.put(count)  # type: ignore[attr-defined]


def _import(workspace: Workspace, until: float, said: object) -> None:
    number = 0
    while time.monotonic() < until:
        number += 1
        with open_database(workspace) as db:
            transfers.enter(db, f"import {number}", _records(number), person="importer")
    said.put(number)  # type: ignore[attr-defined]


def _records(number: int) -> list[Record]:
    moment = format_time(START)
    return [
        Record(
            id=f"{number}/{unit}",
            subject="imported",
            layer="conv1",
            unit=unit,
            exemplar_hash="imported",
            annotator="p-0",
            annotator_kind="human",
            purpose="collect",
            slot=1,
            status="waiting",
            kind="text",
            text="text",
            withdrawn=False,
            claimed_utc=None,
            created_utc=moment,
            revised_utc=moment,
            seconds=None,
            pasted_characters=0,
            unmasked_looks=0,
            flags={},
            revisions=(Revision(1, "text", "text", moment, False),),
            reviews=(),
        )
        for unit in range(20)
    ]


def _export(workspace: Workspace, campaign_id: int, until: float, said: object) -> None:
    before = 0
    while time.monotonic() < until:
        with open_database(workspace) as db:
            found = len(transfers.records(db, campaign_id, secret=b"0" * 32))
        assert found >= before
        before = found
    said.put(before)  # type: ignore[attr-defined]


def test_an_answer_that_comes_during_an_export_is_in_the_next_one_whole(tmp_path: Path) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 1)

    def answer_meanwhile(statement: str) -> None:
        if "from flags" not in statement:
            return
        with open_database(workspace) as other:
            users.ensure(other, "ada", "annotator")
            found = slots.claim(other, campaign_id, "ada")
            assert isinstance(found, Claim)
            slots.submit(other, found.token, "ada", Answer("late"))

    with open_database(workspace) as db:
        db.conn.set_trace_callback(answer_meanwhile)
        assert transfers.records(db, campaign_id, secret=b"0" * 32) == []
        db.conn.set_trace_callback(None)
        (record,) = transfers.records(db, campaign_id, secret=b"0" * 32)
    assert [each.text for each in record.revisions] == ["late"]


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.benchmark)])
def test_twenty_writers_an_importer_and_an_exporter_lose_nothing(
    tmp_path: Path, seconds: int
) -> None:
    workspace, campaign_id = workspace_with_campaign(tmp_path / "w", 4000, annotators_per_unit=20)
    until = time.monotonic() + seconds
    said, moved = CONTEXT.Queue(), CONTEXT.Queue()
    writers = [
        CONTEXT.Process(target=_write, args=(workspace, campaign_id, f"p{n}", until, said))
        for n in range(20)
    ]
    others = [
        CONTEXT.Process(target=_import, args=(workspace, until, moved)),
        CONTEXT.Process(target=_export, args=(workspace, campaign_id, until, moved)),
    ]
    for process in (*writers, *others):
        process.start()
    for process in (*writers, *others):
        process.join(seconds + 60)
    assert [process.exitcode for process in (*writers, *others)] == [0] * 22
    with open_database(workspace) as db:
        answers = annotations.of_campaign(db, campaign_id)
        assert len(answers) == sum(said.get(timeout=5) for _ in writers)
        people = [(answer.unit_id, answer.annotator) for answer in answers]
        assert len(set(people)) == len(people)
        imported = [each for each in campaigns.every(db) if each.name.startswith("import ")]
        assert all(len(annotations.of_campaign(db, each.campaign_id)) == 20 for each in imported)
        assert imported
    print(
        f"{len(answers)} answers and {len(imported)} imports of 20 acknowledged in {seconds} s, "
        "every one of them stored"
    )
