"""Tables of ratings as published: only what is consistent counts, and files give them back."""

import csv
import sqlite3
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from sqlite_utils import Database

from annotator.exchange import exports, imports, write
from annotator.ratings import tables
from db.annotate import annotations, ratings, reviews, transfers
from db.annotate.ratings import Rating
from db.errors import BadInput
from db.workspace import prepare
from helpers.rating import begin, claim, rated

SECRET = b"0" * 32


def test_an_inconsistent_response_is_kept_and_marked(db: Database) -> None:
    campaign = begin(db)
    claimed = claim(db, campaign, "ada")
    labels = ratings.offered(db, claimed)
    marks = {label.label_id: mark for label, mark in zip(labels, (5, 2, 1), strict=True)}
    stored, valid = ratings.submit(db, claimed.token, "ada", marks=marks, best=labels[1].label_id)
    assert not valid
    assert stored.slot == 1
    found = ratings.of_campaign(db, campaign.campaign_id)
    assert len(found) == 4  # the merged label counts for both of its methods
    assert not any(rating.valid for rating in found)
    assert tables.summary(found) == []
    assert tables.valid_share(found) == 0
    again, _ = ratings.submit(db, claimed.token, "ada", marks=marks, best=labels[1].label_id)
    assert not again.new


def test_the_published_ratings_give_what_pandas_gives(shared: Path) -> None:
    """The 276 evaluations of the paper's Table 9; its means are of another round of labels."""
    path = shared / "data/ratings/dnd-scoring-functions-resnet50.csv"
    found = tables.read(path)
    lines = {(line.layer, line.method): line for line in tables.summary(found)}
    frame = pandas.read_csv(path)
    for method in ("Mean Caption", "Topk-Sq", "Image-Products", "Topk-Compare"):
        long = pandas.concat(
            frame[~frame[f"Uninterpretable {who}"] & ~frame[f"None {who}"]][
                ["Layer", f"{method} {who} Rating"]
            ].set_axis(["layer", "rating"], axis=1)
            for who in ("E1", "E2")
        )
        line = lines["all", method]
        assert line.ratings == 276
        assert line.mean == pytest.approx(long["rating"].mean())
        assert line.error == pytest.approx(long["rating"].sem())
        for layer, own in long.groupby("layer")["rating"]:
            assert lines[str(layer), method].mean == pytest.approx(own.mean())
            assert lines[str(layer), method].error == pytest.approx(own.sem())
    agreement = tables.alpha(found)
    assert agreement is not None
    assert 0.2 < agreement < 0.9


def test_alpha_of_a_worked_example() -> None:
    """Two raters, four things: observed 2 * (1 + 0 + 0 + 4), expected over all 56 pairs."""
    pairs = ((1, 2), (3, 3), (5, 5), (2, 4))
    found = [
        Rating("l", unit, "m", rater, value, 0, True)
        for unit, values in enumerate(pairs)
        for rater, value in zip("ab", values, strict=True)
    ]
    values = [value for pair in pairs for value in pair]
    expected = sum((one - two) ** 2 for one in values for two in values) / 7
    assert tables.alpha(found) == pytest.approx(1 - 2 * (1 + 0 + 0 + 4) / expected)
    assert tables.alpha(found[:1]) is None


def test_every_mark_leaves_and_gives_the_same_tables(db: Database, tmp_path: Path) -> None:
    campaign = rated(db)
    refused = annotations.of_campaign(db, campaign.campaign_id)[-1]
    reviews.reject(db, refused.annotation_id, "hasty", person="ada")
    expected = ratings.of_campaign(db, campaign.campaign_id)
    records = transfers.records(db, campaign.campaign_id, secret=SECRET)
    for record in records:
        assert record.rating is not None
        assert {(mark.rating, mark.shown) for mark in record.rating.marks} == {
            (5, 1),
            (3, 2),
            (1, 3),
        }
        methods = sorted(method for mark in record.rating.marks for method in mark.methods)
        assert methods == ["CLIP", "DnD", "MILAN", "NetDissect"]
        assert record.rating.valid == (record.rating.reason == "")
    assert sum(not record.rating.valid for record in records if record.rating) == 2
    for form, name in (("jsonl", "a.jsonl"), ("csv", "a.csv"), ("ratings", "long.csv")):
        write.write(tmp_path / name, records, form=form, title="", pictures=None)
        found = tables.read(tmp_path / name)
        assert tables.summary(found) == tables.summary(expected)
        assert tables.valid_share(found) == tables.valid_share(expected)
        assert tables.alpha(found) == tables.alpha(expected)
    with (tmp_path / "long.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 4 * 4
    assert all(line["rater"].startswith("p-") and line["created_utc"] for line in lines)
    other = prepare(sqlite3.connect(":memory:"))
    copied = transfers.enter(other, "copy", imports.read(tmp_path / "a.csv"), person="admin")
    assert copied.kind == "rate"
    assert transfers.records(other, copied.campaign_id, secret=b"1" * 32) == records
    other.close()


def test_a_withdrawn_rating_leaves_without_its_marks(db: Database) -> None:
    campaign = rated(db)
    annotations.withdraw(db, "ada", person="admin")
    records = transfers.records(db, campaign.campaign_id, secret=SECRET)
    assert [record.rating is None for record in records] == [True, True, False, False]
    other = prepare(sqlite3.connect(":memory:"))
    copied = transfers.enter(other, "copy", records, person="admin")
    assert transfers.records(other, copied.campaign_id, secret=SECRET) == records
    other.close()


def test_ratings_are_no_sentences_and_sentences_no_ratings(db: Database, tmp_path: Path) -> None:
    records = transfers.records(db, rated(db).campaign_id, secret=SECRET)
    for form in ("milannotations", "mturk", "dataset"):
        with pytest.raises(BadInput, match="got ratings"):
            write.write(tmp_path / "x.csv", records, form=form, title="", pictures=None)
    plain = [replace(record, rating=None) for record in records]
    with pytest.raises(BadInput, match="got sentences"):
        write.write(tmp_path / "x.csv", plain, form="ratings", title="", pictures=None)
    other = prepare(sqlite3.connect(":memory:"))
    with pytest.raises(BadInput, match="got both"):
        transfers.enter(other, "both", [plain[0], *records[1:]], person="admin")
    other.close()


def test_an_export_from_before_ratings_still_comes_in(db: Database, tmp_path: Path) -> None:
    records = [
        replace(record, rating=None)
        for record in transfers.records(db, rated(db).campaign_id, secret=SECRET)
    ]
    exports.write_csv(tmp_path / "new.csv", records)
    with (tmp_path / "new.csv").open(newline="") as file:
        rows = [{k: v for k, v in row.items() if k != "rating"} for row in csv.DictReader(file)]
    with (tmp_path / "old.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert imports.read(tmp_path / "old.csv") == records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected a CSV table at .*no such file"),
        (b"\xff\xfe\xff", "expected a UTF-8 CSV table"),
        (b"Layer,Unit\nconv1,0\n", "expected the columns Layer, Unit and"),
        (b"Layer,Unit,MILAN E1 Rating\nconv1,0\n", "expected a rating in column 'MILAN E1"),
        (b"Layer,Unit,A E1 Rating,B E1 Rating\nconv1,0,3\n", "a rating in column 'B E1 Rating'"),
        (
            b"Layer,Unit,A E1 Rating\nconv1,x,3\n",
            "expected a unit's number from 0 in line 2 of .*'x'",
        ),
    ],
)
def test_tables_that_are_none_are_one_sentence(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "ratings.csv").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        tables.read(tmp_path / "ratings.csv")
