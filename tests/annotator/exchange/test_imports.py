"""Imports: what comes in is what left, or nothing does."""

import dataclasses
from pathlib import Path

import pytest
from sqlite_utils import Database

from annotator.exchange import imports, tables
from db.annotate import annotations, campaigns, slots, transfers
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.annotate.transfers import Record
from db.describe import exemplars
from db.errors import BadInput
from helpers.annotating import add_people, add_units, at, fresh, start

SECRET = b"0" * 32


@pytest.mark.parametrize(
    ("cells", "status", "reason", "when"),
    [
        ("Approved,Mon Jan 05 10:00:00 PST 2026,,thanks", "approved", "thanks", "2026-01-05T18"),
        ("Approved,,,", "approved", "", "2026-01-04T17"),
        ("Rejected,,Mon Jul 06 10:00:00 PDT 2026,vague", "rejected", "vague", "2026-07-06T17"),
        ("Rejected,,,", "rejected", "rejected on MTurk", "2026-01-04T17"),
        ("Submitted,,,", "waiting", None, None),
    ],
)
def test_mturk_verdicts_come_back_as_they_were(
    tmp_path: Path, db: Database, cells: str, status: str, reason: str | None, when: str | None
) -> None:
    columns = "AssignmentStatus,ApprovalTime,RejectionTime,RequesterFeedback"
    (tmp_path / "net.csv").write_text(
        f"WorkerId,Input.layer,Input.unit,Answer.summary,SubmitTime,{columns}\n"
        f"A1,conv1,3,dogs,Sun Jan 04 09:00:00 PST 2026,{cells}\n"
    )
    (record,) = imports.read(tmp_path / "net.csv")
    assert (record.status, record.slot) == (status, None if status == "rejected" else 1)
    assert [review.reason for review in record.reviews] == ([] if reason is None else [reason])
    assert all(review.created_utc.startswith(str(when)) for review in record.reviews)
    campaign = transfers.enter(db, "turk", [record], person="admin")
    (answer,) = annotations.of_campaign(db, campaign.campaign_id)
    assert answer.status == status


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "layer,unit\nconv1,3\n", "expected the columns layer, unit and summary"),
        ("x.csv", "layer,unit,summary\nconv1,three,dogs\n", "a unit's number.*line 2"),
        ("x.jsonl", '{"id": 1}\n', "exported answer in line 1"),
        ("x.jsonl", "nonsense\n", "exported answer in line 1"),
        ("annotations.csv", "layer,unit,summary\nconv1,3,dogs\n", "--subject NAME"),
        ("x.csv", "", "an empty file"),
    ],
)
def test_a_file_that_is_none_of_these_is_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=message):
        imports.read(tmp_path / name)


def test_a_bad_import_changes_nothing(filled: Database) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    before = len(campaigns.every(filled))
    for bad, message in (
        (records, "holds already"),
        ([_new(records[0]), _new(records[0])], "the same id"),
        ([_new(records[0]), dataclasses.replace(_new(records[0]), id="y")], "one person twice"),
        ([], "got none"),
        ([dataclasses.replace(_new(records[0]), slot=99)], "slot of 1 to 50"),
    ):
        with pytest.raises(BadInput, match=message):
            transfers.enter(filled, "again", bad, person="admin")
    assert len(campaigns.every(filled)) == before


def _new(record: Record) -> Record:
    return dataclasses.replace(record, id="x")


def test_units_that_do_not_have_three_sentences_are_listed() -> None:
    rows = [tables.Row("conv1", unit, f"s{n}") for unit, n in ((0, 1), (0, 2), (0, 3), (1, 1))]
    report = tables.check([*rows, tables.Row("conv1", 1, "s1")])
    assert report.counts == {3: 1, 2: 1}
    assert report.uneven == (("conv1", 1, 2),)
    assert report.repeated == (("conv1", 1, "s1"),)
    assert "conv1 1: 2 instead of 3" in report.as_text()


def test_an_import_under_a_known_hash_uses_those_units(db: Database) -> None:
    campaign = start(db, 2, "ada")
    add_people(db, "bo")
    found = slots.claim(db, campaign.campaign_id, "bo", at=at())
    assert isinstance(found, Claim)
    slots.submit(db, found.token, "bo", Answer("fur"), at=at())
    (record,) = transfers.records(db, campaign.campaign_id, secret=SECRET)
    other = fresh()
    start(other, 2)
    copied = transfers.enter(other, "copy", [record], person="admin")
    assert campaigns.unit_ids(other, copied.campaign_id)[0] in campaigns.unit_ids(other, 1)
    other.close()


def test_exemplars_that_come_after_the_sentences_give_them_their_pictures(
    filled: Database,
) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    other = fresh()
    copied = transfers.enter(other, "copy", records, person="admin")
    before = campaigns.unit_ids(other, copied.campaign_id)
    assert {exemplars.unit(other, unit_id).folder for unit_id in before} == {""}
    add_units(other, 9, subject="computed")  # another hash: nothing is filled in
    start(other, 9, name="again")  # the hash that the records name, with all nine units
    assert campaigns.unit_ids(other, copied.campaign_id) == before
    shown = [exemplars.unit(other, unit_id) for unit_id in before]
    assert {(unit.folder, unit.k) for unit in shown} == {("toy-conv1", 15)}
    (known,) = (each for each in exemplars.sets(other) if each.hash == "toy-conv1")
    assert len(exemplars.units_of(other, known.exemplar_set_id)) == 9
    other.close()


def test_further_units_of_a_published_layer_may_come_later(db: Database, tmp_path: Path) -> None:
    for name, unit in (("first", 1), ("second", 7)):
        tables.write(tmp_path / f"{name}.csv", [tables.Row("conv1", unit, f"words of {name}")])
        records = imports.read(tmp_path / f"{name}.csv", subject="net")
        transfers.enter(db, name, [dataclasses.replace(r, id=name) for r in records], person="ada")
    (layer,) = exemplars.sets(db)
    assert layer.units == 8
    assert len(exemplars.units_of(db, layer.exemplar_set_id)) == 8


def test_a_unit_that_the_layer_does_not_have_is_refused(db: Database) -> None:
    campaign = start(db, 2, "ada")
    found = slots.claim(db, campaign.campaign_id, "ada", at=at())
    assert isinstance(found, Claim)
    slots.submit(db, found.token, "ada", Answer("fur"), at=at())
    (record,) = transfers.records(db, campaign.campaign_id, secret=SECRET)
    db.execute("update exemplar_sets set folder = 'somewhere'")
    far = dataclasses.replace(record, id="far", unit=9)
    with pytest.raises(BadInput, match="expected units 0 to 1 of toy/conv1, got 9"):
        transfers.enter(db, "far", [far], person="ada")
