"""A campaign written to a file in one of the formats that leave the Annotate tab.

records = chosen(db, campaign_id, Choice(approved=True), secret=secret)
write(Path("spring.jsonl"), records, form="jsonl", title="spring", pictures=None)
"""

import csv
import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from annotator.corpus import cleaning, spelling
from annotator.exchange import dataset, exports, published, tables
from annotator.exchange.about import About
from annotator.exchange.exports import Pictures
from annotator.exchange.published import SENTENCES, Layer, Layout
from db.annotate import campaigns, transfers
from db.annotate.transfers import Record
from db.describe import exemplars
from db.errors import BadInput
from db.workspace import Workspace

FORMATS = ("milannotations", "csv", "jsonl", "parquet", "mturk", "dataset", "ratings")

ExemplarsOf = Callable[[Workspace], Pictures]


@dataclass(frozen=True)
class Choice:
    """What of a campaign's answers is to leave, and how.

    Attributes:
        approved: the approved ones alone.
        cleaned: by the cleaning rules in force, as typed beside them.
        simulated: with those of simulated annotators.
        sentences, complete: of the published folder, see `published.Layout`.
    """

    approved: bool = False
    cleaned: bool = False
    simulated: bool = False
    sentences: int = SENTENCES
    complete: bool = False


EVERYTHING = Choice()


def chosen(
    db: Database, campaign_id: int, choice: Choice = EVERYTHING, *, secret: bytes
) -> list[Record]:
    """The answers of a campaign by that choice; `secret` makes the pseudonyms."""
    records = transfers.records(db, campaign_id, secret=secret, simulated=choice.simulated)
    if choice.cleaned:
        version, rules = cleaning.in_force(db)
        pseudonym_of = transfers.pseudonyms(db, secret=secret)
        records = cleaned(records, rules, pseudonym_of, version=version)
    if choice.approved:
        records = [record for record in records if record.status == "approved"]
    return records


def layout(db: Database, choice: Choice) -> Layout:
    """How a published folder of this workspace's layers is to be."""
    sizes = {known.hash: known.units for known in exemplars.sets(db)}
    return Layout(sizes, choice.sentences, choice.complete)


def foreseen(db: Database, campaign_id: int, choice: Choice, *, secret: bytes) -> list[Layer]:
    """What the published folder of a campaign would hold, layer by layer."""
    about = [exemplars.unit(db, unit_id) for unit_id in campaigns.unit_ids(db, campaign_id)]
    records = chosen(db, campaign_id, choice, secret=secret)
    return published.survey(records, layout(db, choice), about)


def cleaned(
    records: Sequence[Record],
    rules: Sequence[cleaning.Rule],
    pseudonym_of: Callable[[str], str],
    *,
    version: int = 0,
) -> list[Record]:
    """The records with their sentences after the cleaning rules, as typed beside them.

    Rules name people as their accounts do, records by the pseudonyms that `pseudonym_of` gives.
    """
    hidden = [
        rule
        if rule.annotator is None
        else dataclasses.replace(rule, annotator=pseudonym_of(rule.annotator))
        for rule in rules
    ]
    return [
        dataclasses.replace(
            record,
            text=cleaning.clean(
                record.text, hidden, annotator=record.annotator, spelling=spelling.suggest
            ),
            raw=record.text,
            rules=version,
        )
        for record in records
    ]


def write(
    out: Path,
    records: Sequence[Record],
    *,
    form: str,
    title: str,
    pictures: Pictures | None,
    licence: str = "unknown",
    layout: Layout | None = None,
    about: About | None = None,
) -> int:
    """Write records in one of `FORMATS`; what is a folder becomes one file if `out` is a .zip.

    Returns how many rows of answers (of ratings: of marks) were written.

    Raises:
        BadInput: a file or folder that must not be overwritten is there, pictures are missing, or
            the records are of another kind than the format is for.
    """
    rated = any(record.rating is not None for record in records)
    if rated and form in ("milannotations", "mturk", "dataset"):
        raise BadInput(
            f"expected sentences for {form}, got ratings; they leave as ratings, csv, jsonl or "
            "parquet"
        )
    if form == "ratings" and not rated:
        raise BadInput("expected ratings, got sentences; choose another format")
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise BadInput(f"expected a new file or folder for the export, got {out}, which exists")
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".zip" and form in ("milannotations", "dataset"):
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as temporary:
            folder = Path(temporary) / out.stem
            rows = write(
                folder,
                records,
                form=form,
                title=title,
                pictures=pictures,
                licence=licence,
                layout=layout,
                about=about,
            )
            exports.pack(folder, out)
        return rows
    if form == "milannotations":
        if out.suffix == ".csv":
            tables.write(out, exports.milannotations_rows(records))
        elif pictures is None:
            raise BadInput(f"expected a .csv file as --out where no pictures are, got {out}")
        else:
            published.write(out, records, pictures, layout)
    elif form == "dataset":
        dataset.write(out, records, pictures, title=title, licence=licence, about=about)
    else:
        {
            "csv": exports.write_csv,
            "jsonl": exports.write_jsonl,
            "parquet": exports.write_parquet,
            "mturk": exports.write_mturk,
            "ratings": exports.write_ratings,
        }[form](out, records)
    return len(records) if form == "parquet" else _rows(out)


def _rows(out: Path) -> int:
    """The rows that are in what was written: each form leaves out what it cannot hold."""
    if out.is_dir():
        named = [*out.rglob(published.TABLE), *out.glob(dataset.ANSWERS)]
        return sum(_rows(path) for path in named)
    with out.open(encoding="utf-8", newline="") as file:
        if out.suffix == ".jsonl":
            return sum(1 for _ in file)
        return max(sum(1 for _ in csv.reader(file)) - 1, 0)
