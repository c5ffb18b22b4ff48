"""What comes into the Annotate tab: our own exports, milannotations, other programs' answers.

    found = load(Path("answers.jsonl"))
    found = load(Path("annotations.csv"), subject="resnet152-imagenet")
    print(found.understood)
    transfers.enter(db, "spring", found.records, person="ada")

The kind of file is told by its columns. Tables without exemplar hash are about units "as published"
under that network's name; tables without people get one stand-in author a position in the unit.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from annotator.exchange import crowds, published, tables
from annotator.exchange.crowds import Answer
from annotator.exchange.exports import FULL
from db import reading, unit_tables
from db import tables as text_tables
from db.annotate import transfers
from db.annotate.annotations import Revision, Status
from db.annotate.transfers import Record, Verdict
from db.csv_cells import restored
from db.errors import BadInput
from db.tables import Table, canonical, understood

LONG_AGO = "1970-01-01T00:00:00.000Z"
ENDINGS = (".csv", ".jsonl", ".tsv", ".json", ".xlsx")
_JSON_ENDINGS = (".jsonl", ".json")
_UNNAMED = "expected the network's name for {} (--subject NAME), got none"
_KNOWN = frozenset((*crowds.KNOWN, *unit_tables.KNOWN))


@dataclass(frozen=True)
class Incoming:
    """What a file holds.

    Attributes:
        empty: rows that are left out because they hold no sentence.
        understood: how it was read, where it is not spelled as ours are.
    """

    records: list[Record]
    empty: int = 0
    understood: str = ""


def read(path: Path, *, subject: str | None = None) -> list[Record]:
    """The records of `load` alone."""
    return load(path, subject=subject).records


def load(path: Path, *, subject: str | None = None) -> Incoming:
    """Read a file of sentences: .jsonl or .csv of ours, `layer,unit,summary`, or what MTurk, Label
    Studio, POTATO, Prodigy and tables with a column of Prolific's people hold.

    A folder stands for the tables `*/annotations.csv` below it, each about the network of the
    folder that holds its layer's.

    Raises:
        BadInput: the file cannot be read, is none of these, or names no network and none is given.
    """
    if path.is_dir():
        return _folder(path, subject)
    where = str(path)
    return load_bytes(text_tables.loaded(path, where), path.name, subject=subject, where=where)


def load_bytes(
    content: bytes | str, file: str, *, subject: str | None = None, where: str = ""
) -> Incoming:
    """The same of a file's content, which may have come from a browser as text.

    Args:
        file: its name, of which the ending says the format.
        where: what messages call it; by default `file`.

    Raises:
        BadInput: as `load`.
    """
    where, path = where or file, Path(file)
    name = subject or (path.stem if path.stem != "annotations" else None)
    if path.suffix.casefold() in _JSON_ENDINGS:
        return _json(content, where, name)
    table = text_tables.read(content, name=where, known=_KNOWN)
    if names_networks(table.header):
        return Incoming(_full_csv(table), understood=table.understood)
    if name is None:
        raise BadInput(_UNNAMED.format(where))
    if not crowds.knows(table):
        return _table(content, where, name)
    answers, notes = crowds.from_table(table)
    plain = table.first(unit_tables.LAYERS) and table.first(unit_tables.UNITS)
    again = _repeated(answers)
    if plain and again is not None:
        # `layer,unit,summary` with a column that is not the author's, after all.
        found = _table(content, where, name)
        note = f"{again.who} wrote twice of {again.layer} {again.unit}: people were not read"
        return replace(found, understood=f"{found.understood} {understood([note])}".strip())
    return _of_answers(answers, name, where, (*table.notes, *notes), _hash(content))


def says_networks(content: bytes | str, file: str) -> bool:
    """Whether a file says itself which networks it is about.

    Raises:
        BadInput: it cannot be read at all.
    """
    if Path(file).suffix.casefold() in _JSON_ENDINGS:
        return _is_ours(_utf8(content, file))
    return names_networks(text_tables.read(content, name=file, known=_KNOWN).header)


def names_networks(columns: Collection[str]) -> bool:
    """Whether a table with these columns is an export of ours, which says each network itself."""
    return set(FULL) - set(_LATER) <= {canonical(column) for column in columns}


def _folder(path: Path, subject: str | None) -> Incoming:
    found = sorted(path.rglob("annotations.csv"))
    if not found:
        raise BadInput(f"expected annotations.csv in or below {path}, found none")
    parts = [_table(each, str(each), subject or _network(each)) for each in found]
    return Incoming(
        [record for part in parts for record in part.records],
        sum(part.empty for part in parts),
        " ".join(dict.fromkeys(part.understood for part in parts if part.understood)),
    )


def networks(path: Path, *, subject: str | None = None) -> dict[str, Path]:
    """The networks that a folder of published tables is about, and where each one's layers lie."""
    tables_found = sorted(path.rglob("annotations.csv"))
    return {subject or _network(table): published.root(table) for table in tables_found}


def _network(table: Path) -> str:
    """A table lies beside the layers of its network, or in each of them."""
    return published.root(table).name


def _json(content: bytes | str, where: str, subject: str | None) -> Incoming:
    """Our own lines, or what another program writes as JSON."""
    text = _utf8(content, where)
    if _is_ours(text):
        return Incoming(_jsonl(text, where))
    try:
        # POTATO keeps the lines of each person in a folder of theirs.
        answers, notes = crowds.from_json(text, where, author=Path(where).parent.name)
    except BadInput as error:
        raise BadInput(
            f"expected an exported answer in line 1 of {where}, or one of another program; {error}"
        ) from error
    if subject is None:
        raise BadInput(_UNNAMED.format(where))
    return _of_answers(answers, subject, where, notes, _hash(content))


def _utf8(content: bytes | str, where: str) -> str:
    try:
        return content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"expected answers as JSON in UTF-8 in {where}, got {error}") from error


def _is_ours(text: str) -> bool:
    return '"exemplar_hash"' in text.lstrip().partition("\n")[0]


def _jsonl(text: str, where: str) -> list[Record]:
    records = []
    for number, values in reading.of_lines(text, dict[str, Any], "an exported answer", where):
        try:
            records.append(transfers.from_json(values))
        except BadInput as error:
            raise BadInput(
                f"expected an exported answer in line {number} of {where}: {error}"
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


def _full_csv(table: Table) -> list[Record]:
    columns = {name: canonical(name) for name in FULL}
    records = []
    for row in table.rows:
        try:
            values = {
                name: _value(name, row.cells[column])
                for name, column in columns.items()
                if column in table.header
            }
            if values.get("rules") is not None:
                values["raw"] = values["raw"] or ""  # of an answer without words
            records.append(transfers.from_json(values))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise BadInput(
                f"expected an exported answer in line {row.line} of {table.name}: {error}"
            ) from error
    return records


def _value(name: str, text: str) -> Any:
    if text == "" and name in _MAY_BE_NONE:
        return None
    if name in _JSON:
        return reading.of_json(text, Any, "JSON", f"column {name}")
    if name == "withdrawn":
        return {"true": True, "false": False}[text]
    return _NUMBER[name](text) if name in _NUMBER else restored(text)


def _table(source: Path | bytes | str, where: str, subject: str) -> Incoming:
    """`layer,unit,summary`: the n-th sentence of a unit is by the n-th stand-in author."""
    content = text_tables.loaded(source, where)
    table = tables.table_of(content, name=where)
    rows = tables.rows_of(table)
    if not rows:
        raise BadInput(f"expected at least one sentence in {where}, got the header alone")
    positions: Counter[tuple[str, int]] = Counter()
    records = []
    source_hash = _hash(content)
    for row in rows:
        positions[row.layer, row.unit] += 1
        number = positions[row.layer, row.unit]
        if not row.summary.strip():
            continue
        answer = Answer(
            row.layer,
            row.unit,
            f"imported {number}",
            row.summary,
            line=0,
            id=f"{source_hash}/{subject}/{row.layer}/{row.unit}/{number}",
        )
        records.append(_record([answer], subject, number))
    return Incoming(records, len(rows) - len(records), table.understood)


def _repeated(answers: Iterable[Answer]) -> Answer | None:
    """The first second answer of a person about a unit, rejected ones aside."""
    seen: set[tuple[str, int, str]] = set()
    for each in answers:
        key = each.layer, each.unit, each.who
        if each.verdict != "rejected" and each.text.strip():
            if key in seen:
                return each
            seen.add(key)
    return None


def _of_answers(
    answers: Sequence[Answer], subject: str, where: str, notes: Sequence[str], source: str
) -> Incoming:
    """Answers with their authors; rejected ones take no slot.

    A person who was rejected may have answered again when the unit was published anew: that is one
    answer with an earlier wording.

    Raises:
        BadInput: there is none, or a person has two about a unit that count.
    """
    said = [each for each in answers if each.text.strip() or each.verdict == "rejected"]
    if not said:
        raise BadInput(f"expected at least one answer in {where}, got none")
    again = _repeated(said)
    if again is not None:
        raise BadInput(
            f"expected one assignment a worker and unit in {where}, got a second of {again.who} "
            f"for {again.layer} {again.unit} in line {again.line}"
        )
    attempts: dict[tuple[str, int, str], list[Answer]] = {}
    for each in said:
        attempts.setdefault((each.layer, each.unit, each.who), []).append(each)
    taken: Counter[tuple[str, int]] = Counter()
    records = []
    for (layer, unit, _), own in attempts.items():
        # What was rejected comes first, so that the wording that counts is the newest.
        own.sort(key=lambda each: each.verdict != "rejected")
        counts = own[-1].verdict != "rejected"
        taken[layer, unit] += counts
        records.append(_record(own, subject, taken[layer, unit] if counts else None, source))
    more = sum(len(own) > 1 for own in attempts.values())
    if more:
        notes = [*notes, f"{more} answered again after a rejection: one answer, several wordings"]
    return Incoming(records, len(answers) - len(said), understood(notes))


def _record(attempts: Sequence[Answer], subject: str, slot: int | None, source: str = "") -> Record:
    """One person's answer about a unit, from its attempts: all but the last were rejected."""
    last = attempts[-1]
    revisions, reviews = [], []
    for number, each in enumerate(attempts, start=1):
        moment = each.created_utc or LONG_AGO
        revisions.append(Revision(number, "text", each.text, moment, False))
        if each.verdict is not None:
            decided = each.decided_utc or moment
            reviews.append(Verdict(each.verdict, each.reason, each.reviewer, decided))
    if last.verdict is None and reviews:
        # The rejection was of an earlier wording; this one waits for its own verdict.
        now = revisions[-1].created_utc
        reviews.append(Verdict("undone", "", last.reviewer, now, undoes=len(reviews) - 1))
    status: Status = last.verdict or "waiting"
    return Record(
        id=last.id or f"{source}/{subject}/{last.layer}/{last.unit}/{last.who}",
        subject=subject,
        layer=last.layer,
        unit=last.unit,
        exemplar_hash=f"as published: {subject}/{last.layer}",
        annotator=last.who,
        annotator_kind="human",
        purpose="collect",
        slot=slot,
        status=status,
        kind="text",
        text=last.text,
        withdrawn=False,
        claimed_utc=last.claimed_utc,
        created_utc=revisions[0].created_utc,
        revised_utc=revisions[-1].created_utc,
        seconds=last.seconds,
        pasted_characters=0,
        unmasked_looks=0,
        flags={},
        revisions=tuple(revisions),
        reviews=tuple(reviews),
    )


def _hash(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()[:12]
