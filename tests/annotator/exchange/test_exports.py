"""Exports: what leaves, rows are the sentences that count, and nothing that was withdrawn."""

import csv
import dataclasses
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from annotator.corpus import cleaning
from annotator.exchange import exports, imports, tables, write
from db.access import users
from db.annotate import annotations, campaigns, reviews, slots, transfers
from db.annotate.annotations import Answer
from db.annotate.claims import Claim
from db.errors import BadInput
from helpers.annotating import at, fresh, start

SECRET = b"0" * 32


def test_a_full_export_comes_back_exactly(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    assert len(records) > 9
    for written, name in ((exports.write_jsonl, "a.jsonl"), (exports.write_csv, "a.csv")):
        written(tmp_path / name, records)
        back = imports.read(tmp_path / name)
        assert back == records
        other = fresh()
        campaign = transfers.enter(other, "copy", back, person="admin")
        again = transfers.records(other, campaign.campaign_id, secret=b"1" * 32)
        written(tmp_path / f"b{name}", again)
        assert (tmp_path / f"b{name}").read_bytes() == (tmp_path / name).read_bytes()
        other.close()


def test_every_exported_answer_has_a_pseudonym_and_times(filled: Database) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    names = {user.name for user in users.every(filled)}
    assert all(record.annotator.startswith("p-") and record.created_utc for record in records)
    assert not names & {record.annotator for record in records}
    assert len({record.annotator for record in records}) == 4


def test_withdrawn_text_is_in_no_export(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    gone = [record for record in records if record.withdrawn]
    assert gone
    assert all(record.text == "" and record.slot is None for record in gone)
    assert len(exports.milannotations_rows(records)) == sum(
        record.slot is not None and record.kind == "text" for record in records
    )


def test_approved_only_holds_what_was_approved(filled: Database) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    approved = exports.milannotations_rows(records, approved_only=True)
    assert sorted(row.summary for row in approved) == sorted(
        record.text for record in records if record.status == "approved" and not record.withdrawn
    )
    assert approved


def test_no_cell_of_any_table_is_a_formula(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    odd = {"id": "=1+1", "annotator": "@x", "created_utc": "+1", "claimed_utc": "-1"}
    imported = dataclasses.replace(next(r for r in records if r.kind == "text"), **odd)
    records = [*records, imported]
    exports.write_csv(tmp_path / "full.csv", records)
    exports.write_mturk(tmp_path / "mturk.csv", records)
    tables.write(tmp_path / "rows.csv", exports.milannotations_rows(records))
    for name in ("full.csv", "mturk.csv", "rows.csv"):
        with (tmp_path / name).open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert any(cell.startswith("'@") for cell in cells)
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_text_survives_a_table(tmp_path: Path, texts: list[str]) -> None:
    rows = [tables.Row("=layer", number, text) for number, text in enumerate(texts)]
    tables.write(tmp_path / "t.csv", rows)
    assert tables.read(tmp_path / "t.csv") == rows


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("snrawp"))))
def test_the_published_layout_has_one_row_for_every_filled_slot(
    steps: list[tuple[str, str]],
) -> None:
    """Whatever people and reviewers did: submit, no pattern, reject, approve, withdraw, requeue."""
    db = fresh()
    campaign_id = start(db, 2, *"abcde", annotators_per_unit=2).campaign_id
    for person, step in steps:
        answers = annotations.of_campaign(db, campaign_id)
        own = [each for each in answers if each.annotator == person and not each.withdrawn]
        if step in "sn":
            found = slots.claim(db, campaign_id, person)
            if isinstance(found, Claim):
                slots.submit(
                    db,
                    found.token,
                    person,
                    Answer("red") if step == "s" else Answer("", kind="no_pattern"),
                )
        elif step == "w" and own:
            annotations.withdraw(db, person, person="admin")
        elif own and own[-1].status == "waiting":
            change = {"r": reviews.reject, "p": reviews.requeue}.get(step)
            if change is None:
                reviews.approve(db, own[-1].annotation_id, person="rae")
            else:
                change(db, own[-1].annotation_id, "why", person="rae")
    (filled,) = db.execute(
        """
        select count(*) from slots join revisions using (annotation_id)
        where kind = 'text' and not withdrawn
        """
    ).fetchone()
    rows = exports.milannotations_rows(transfers.records(db, campaign_id, secret=SECRET))
    assert len(rows) == filled
    assert max(Counter((row.layer, row.unit) for row in rows).values(), default=0) <= 2
    db.close()


def test_mturk_results_round_trip_with_their_rejections(filled: Database, tmp_path: Path) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    refused = next(record for record in records if record.slot is not None)
    records = [
        dataclasses.replace(
            record,
            status="rejected",
            slot=None,
            reviews=(transfers.Verdict("rejected", "vague", "p-r", "2026-01-01T00:00:00.000Z"),),
        )
        if record is refused
        else record
        for record in records
    ]
    exports.write_mturk(tmp_path / "m.csv", records)
    back = imports.read(tmp_path / "m.csv", subject="toy")
    assert {record.id for record in back} == {
        record.id for record in records if record.kind == "text" and not record.withdrawn
    }
    (rejected,) = [record for record in back if record.status == "rejected"]
    assert (rejected.id, rejected.slot) == (refused.id, None)
    assert rejected.reviews[0].reason == "vague"
    other = fresh()
    transfers.enter(other, "from mturk", back, person="admin")
    other.close()


def test_the_published_table_is_imported_and_exported_as_it_was(
    shared: Path, tmp_path: Path, db: Database
) -> None:
    source = shared / "milannotations" / "resnet152-imagenet.csv"
    source = source if source.is_file() else shared / "data/milannotations/resnet152-imagenet.csv"
    rows = [row for row in tables.read(source) if row.layer == "conv1"]
    tables.write(tmp_path / "resnet152-imagenet.csv", rows)
    records = imports.read(tmp_path / "resnet152-imagenet.csv")
    campaign = transfers.enter(db, "published", records, person="admin")
    assert campaign.state == "closed"
    out = exports.milannotations_rows(transfers.records(db, campaign.campaign_id, secret=SECRET))
    assert sorted(out, key=str) == sorted(rows, key=str)
    assert tables.check(out).uneven == tables.check(rows).uneven


def test_parquet_holds_every_answer_and_says_what_it_needs(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    records = transfers.records(filled, 1, secret=SECRET)
    exports.write_parquet(tmp_path / "a.parquet", records)
    found = pandas.read_parquet(tmp_path / "a.parquet")
    assert list(found.columns) == list(exports.FULL)
    assert list(found["text"]) == [record.text for record in records]
    assert [json.loads(cell)[0]["text"] for cell in found["revisions"]] == [
        record.revisions[0].text for record in records
    ]

    def missing(*_: object, **__: object) -> None:
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pandas.DataFrame, "to_parquet", missing)
    with pytest.raises(BadInput, match=r"milan-workbench\[export\]"):
        exports.write_parquet(tmp_path / "b.parquet", records)


def test_a_cleaned_export_has_the_raw_text_and_the_version_beside(
    filled: Database, tmp_path: Path
) -> None:
    records = transfers.records(filled, 1, secret=SECRET)
    rules = cleaning.parse("replace: risk -> danger")
    tidy = write.cleaned(records, rules, str, version=7)
    (changed,) = {record.raw for record in tidy if "danger" in record.text}
    assert changed == "@risk +1"
    for form, name, raw, version in (
        ("csv", "a.csv", "raw", "rules"),
        ("milannotations", "m.csv", "raw", "rules"),
        ("mturk", "t.csv", "Answer.raw", "Answer.rules"),
    ):
        write.write(tmp_path / name, tidy, form=form, title="x", pictures=None)
        with (tmp_path / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert "'@risk +1" in {row[raw] for row in rows}
        assert {row[version] for row in rows} == {"7"}
    write.write(tmp_path / "a.jsonl", tidy, form="jsonl", title="x", pictures=None)
    assert imports.read(tmp_path / "a.jsonl") == tidy == imports.read(tmp_path / "a.csv")


def test_simulated_annotators_are_left_out_unless_asked_for(filled: Database) -> None:
    people = transfers.records(filled, 1, secret=SECRET)
    campaigns.top_up(filled, 1, annotators_per_unit=6, person="admin")
    users.ensure(filled, "robot", "annotator", kind="simulated")
    found = slots.claim(filled, 1, "robot", at=at(minutes=99))
    assert isinstance(found, Claim)
    slots.submit(filled, found.token, "robot", Answer("made up"), at=at(minutes=99))
    assert transfers.records(filled, 1, secret=SECRET) == people
    everybody = transfers.records(filled, 1, secret=SECRET, simulated=True)
    (made_up,) = [record for record in everybody if record not in people]
    assert (made_up.annotator_kind, made_up.text) == ("simulated", "made up")


def test_a_rule_for_one_person_cleans_what_that_person_exports(db: Database) -> None:
    campaign = start(db, 1, "bo", "ann lee")
    for name in ("bo", "ann lee"):
        found = slots.claim(db, campaign.campaign_id, name, at=at())
        assert isinstance(found, Claim)
        slots.submit(db, found.token, name, Answer("space around dogs"), at=at())
    records = transfers.records(db, campaign.campaign_id, secret=SECRET)
    pseudonym_of = transfers.pseudonyms(db, secret=SECRET)
    for rule, expected in (
        ("@bo prefix: space around", ["dogs", "space around dogs"]),
        ('@"Ann  Lee" prefix: space around', ["space around dogs", "dogs"]),
        ("@nobody prefix: space around", ["space around dogs"] * 2),
    ):
        tidy = write.cleaned(records, cleaning.parse(rule), pseudonym_of)
        assert [record.text for record in tidy] == expected
        assert [record.revisions for record in tidy] == [record.revisions for record in records]
