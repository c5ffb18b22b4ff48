"""What comes into the Annotate tab: our own exports, milannotations tables, MTurk results.

    records = read(Path("answers.jsonl"))
    records = read(Path("annotations.csv"), subject="resnet152-imagenet")
    transfers.enter(db, "spring", records, person="ada")

The kind of file is told by its columns. Tables without exemplar hash are about units "as published"
under that network's name; tables without people get one stand-in author a position in the unit.
"""

import contextlib
import csv
import datetime
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from annotator.exchange import tables
from annotator.exchange.exports import FULL
from db.annotate import transfers
from db.annotate.annotations import Revision, Status
from db.annotate.transfers import Record, Verdict
from db.cells import restored
from db.errors import BadInput
from db.workspace import format_time

LONG_AGO = "1970-01-01T00:00:00.000Z"
_MTURK = ("WorkerId", "Input.layer", "Input.unit", "Answer.summary")


def read(path: Path, *, subject: str | None = None) -> list[Record]:
    """Read a file of sentences: .jsonl or .csv of ours, `layer,unit,summary`, or MTurk results.

    A folder stands for the tables `*/annotations.csv` below it, each about the network of the
    folder that holds its layer's.

    Raises:
        BadInput: the file cannot be read, is none of these, or names no network and none is given.
    """
    if path.is_dir():
        return _folder(path, subject)
    if path.suffix == ".jsonl":
        return _jsonl(path)
    columns = _columns(path)
    if names_networks(columns):
        return _full_csv(path)
    name = subject or (path.stem if path.stem != "annotations" else None)
    if name is None:
        raise BadInput(f"expected the network's name for {path} (--subject NAME), got none")
    if set(_MTURK) <= set(columns):
        return _mturk(path, name)
    return _table(path, name)


def names_networks(columns: Collection[str]) -> bool:
    """Whether a table with these columns is an export of ours, which says each network itself."""
    return set(FULL) - set(_LATER) <= set(columns)


def _folder(path: Path, subject: str | None) -> list[Record]:
    found = sorted(path.rglob("annotations.csv"))
    if not found:
        raise BadInput(f"expected annotations.csv in or below {path}, found none")
    records: list[Record] = []
    for table in found:
        records += _table(table, subject or _network(table))
    return records


def networks(path: Path, *, subject: str | None = None) -> dict[str, Path]:
    """The networks that a folder of published tables is about, and where each one's layers lie."""
    tables_found = sorted(path.rglob("annotations.csv"))
    return {subject or _network(table): table.parent.parent for table in tables_found}


def _network(table: Path) -> str:
    """A published table lies at NETWORK/LAYER/annotations.csv."""
    return table.resolve().parent.parent.name


def _columns(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"expected a CSV file with sentences, got {path}: {error}") from error


def _jsonl(path: Path) -> list[Record]:
    records = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"expected an exported .jsonl file, got {path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append(transfers.from_json(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput(
                f"expected an exported answer in line {number} of {path}: {error}"
            ) from error
    return records


_NUMBER: dict[str, Callable[[str], Any]] = {
    "unit": int,
    "slot": int,
    "seconds": float,
    "pasted_characters": int,
    "unmasked_looks": int,
    "rules": int,
}
_JSON = ("flags", "revisions", "reviews", "rating")
_MAY_BE_NONE = ("slot", "seconds", "claimed_utc", "rating", "raw", "rules")
# Columns that older exports lack.
_LATER = ("rating", "raw", "rules")


def _full_csv(path: Path) -> list[Record]:
    records = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                values = {name: _value(name, row[name]) for name in FULL if name in row}
                if values.get("rules") is not None:
                    values["raw"] = values["raw"] or ""  # of an answer without words
                records.append(transfers.from_json(values))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise BadInput(
                    f"expected an exported answer in line {reader.line_num} of {path}: {error}"
                ) from error
    return records


def _value(name: str, text: str) -> Any:
    if text == "" and name in _MAY_BE_NONE:
        return None
    if name in _JSON:
        return json.loads(text)
    if name == "withdrawn":
        return {"true": True, "false": False}[text]
    return _NUMBER[name](text) if name in _NUMBER else restored(text)


def _table(path: Path, subject: str) -> list[Record]:
    """`layer,unit,summary`: the n-th sentence of a unit is by the n-th stand-in author."""
    positions: Counter[tuple[str, int]] = Counter()
    records = []
    source = hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()[:12]
    for row in tables.read(path):
        positions[row.layer, row.unit] += 1
        number = positions[row.layer, row.unit]
        if not row.summary.strip():
            continue
        records.append(
            _record(
                id_=f"{source}/{subject}/{row.layer}/{row.unit}/{number}",
                subject=subject,
                layer=row.layer,
                unit=row.unit,
                annotator=f"imported {number}",
                slot=number,
                text=row.summary,
            )
        )
    return records


def _mturk(path: Path, subject: str) -> list[Record]:
    """MTurk results with their approvals and rejections; rejected assignments take no slot."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    taken: Counter[tuple[str, int]] = Counter()
    seen: set[tuple[str, int, str]] = set()
    records = []
    reader = csv.DictReader(io.StringIO(text, newline=""))
    for row in reader:
        layer, unit = restored(row["Input.layer"] or ""), (row["Input.unit"] or "").strip()
        if not unit.isdecimal():
            raise BadInput(
                f"expected a unit's number in line {reader.line_num} of {path}, got {unit!r}"
            )
        worker = (row["WorkerId"] or "").strip().casefold() or "unknown"
        place = layer, int(unit)
        verdict = _verdict(row)
        refused = verdict is not None and verdict.verdict == "rejected"
        repeated = (*place, worker) in seen
        if repeated:
            raise BadInput(
                f"expected one assignment a worker and unit in {path}, got a second of {worker} "
                f"for {layer} {unit} in line {reader.line_num}"
            )
        seen.add((*place, worker))
        if not refused:
            taken[place] += 1
        records.append(
            _record(
                id_=restored(row.get("AssignmentId") or "")
                or f"mturk/{subject}/{layer}/{unit}/{worker}",
                subject=subject,
                layer=layer,
                unit=int(unit),
                annotator=worker,
                slot=None if refused else taken[place],
                text=restored(row["Answer.summary"] or ""),
                created_utc=_time(row.get("SubmitTime")) or LONG_AGO,
                claimed_utc=_time(row.get("AcceptTime")),
                seconds=_seconds(row.get("WorkTimeInSeconds")),
                reviews=() if verdict is None else (verdict,),
            )
        )
    return records


def _verdict(row: dict[str, str]) -> Verdict | None:
    """What the requester said about an assignment; None while it is only submitted."""
    told = (row.get("AssignmentStatus") or "").strip().casefold()
    feedback = restored((row.get("RequesterFeedback") or "").strip())
    submitted = _time(row.get("SubmitTime")) or LONG_AGO
    refused, approved = _time(row.get("RejectionTime")), _time(row.get("ApprovalTime"))
    if told == "rejected" or (refused and told != "approved"):
        reason = feedback or "rejected on MTurk"
        return Verdict("rejected", reason, "mturk", refused or submitted)
    if told == "approved" or approved:
        return Verdict("approved", feedback, "mturk", approved or submitted)
    return None


def _time(text: str | None) -> str | None:
    """A moment as the workspace spells it, from ISO or MTurk's `Mon Jan 05 10:00:00 PST 2026`.

    None for an empty cell and for a time of another kind: the sentence matters more.
    """
    plain = (text or "").strip()
    for zone, offset in (("PST", "-0800"), ("PDT", "-0700"), ("UTC", "+0000"), ("GMT", "+0000")):
        if f" {zone} " in plain:
            with contextlib.suppress(ValueError):
                spelled = plain.replace(f" {zone} ", f" {offset} ")
                moment = datetime.datetime.strptime(spelled, "%a %b %d %H:%M:%S %z %Y")
                return format_time(moment.astimezone(datetime.UTC))
    try:
        moment = datetime.datetime.fromisoformat(plain)
    except ValueError:
        return None
    return format_time(moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))


def _seconds(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _record(
    *,
    id_: str,
    subject: str,
    layer: str,
    unit: int,
    annotator: str,
    slot: int | None,
    text: str,
    created_utc: str = LONG_AGO,
    claimed_utc: str | None = None,
    seconds: float | None = None,
    reviews: tuple[Verdict, ...] = (),
) -> Record:
    status: Status = reviews[-1].verdict if reviews else "waiting"  # type: ignore[assignment]
    return Record(
        id=id_,
        subject=subject,
        layer=layer,
        unit=unit,
        exemplar_hash=f"as published: {subject}/{layer}",
        annotator=annotator,
        annotator_kind="human",
        purpose="collect",
        slot=slot,
        status=status,
        kind="text",
        text=text,
        withdrawn=False,
        claimed_utc=claimed_utc,
        created_utc=created_utc,
        revised_utc=created_utc,
        seconds=seconds,
        pasted_characters=0,
        unmasked_looks=0,
        flags={},
        revisions=(Revision(1, "text", text, created_utc, False),),
        reviews=reviews,
    )
