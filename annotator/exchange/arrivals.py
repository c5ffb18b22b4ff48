"""A file that an admin brings: what is in it, what would be refused, and its way in.

    seen = look(db, "spring.csv", text, subject="", name="")
    seen.problem                       # why it cannot come in; None when it can
    take(db, seen, person="ada")

The text comes from a browser; it is read by the same functions as a file on the command line.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from annotator.exchange import imports
from annotator.exchange.imports import Incoming
from db.annotate import campaigns, transfers
from db.annotate.campaigns import Campaign
from db.annotate.transfers import Record
from db.describe import exemplars
from db.errors import BadInput
from db.tables import of_browser

# A page sends at most 8 MiB (db.access.gate), in which quotes and line ends take two characters.
LARGEST = 5 * 2**20


@dataclass(frozen=True)
class Seen:
    """What a file holds.

    Attributes:
        name: of the campaign that it would become.
        empty: rows that are left out because they hold no sentence.
        unknown: units of which this workspace has no exemplars: they come without pictures.
        sentences: how many units have so many sentences that count.
        understood: how the file was read, where it is not spelled as ours are.
        problem: why nothing of it can come in.
    """

    name: str
    records: tuple[Record, ...] = ()
    empty: int = 0
    unknown: int = 0
    sentences: tuple[tuple[int, int], ...] = ()
    understood: str = ""
    problem: str | None = None


def look(db: Database, file: str, text: str, *, subject: str = "", name: str = "") -> Seen:
    """Read a file's text and try it; nothing is written.

    Args:
        file: its name, of which the ending says the format.
        subject: the network, where the file does not say it.
        name: of the campaign; the file's without one.
    """
    path = Path(Path(file).name)
    called = " ".join(name.split()) or path.stem
    try:
        found = _read(path, text, " ".join(subject.split()) or None)
        records = found.records
        transfers.check(db, records)
        if called in {campaign.name for campaign in campaigns.every(db)}:
            raise BadInput(f"expected a new campaign name, got {called!r}, which is taken")
    except BadInput as error:
        return Seen(called, problem=str(error))
    known = {exemplar_set.hash for exemplar_set in exemplars.sets(db) if exemplar_set.folder}
    units = {(r.subject, r.layer, r.exemplar_hash, r.unit) for r in records}
    counts = Counter(
        (r.subject, r.layer, r.exemplar_hash, r.unit)
        for r in records
        if r.slot is not None and r.kind == "text" and not r.withdrawn
    )
    return Seen(
        called,
        tuple(records),
        found.empty,
        sum(hash_ not in known for _, _, hash_, _ in units),
        tuple(sorted(Counter(counts[unit] for unit in units).items())),
        understood=found.understood,
    )


def take(db: Database, seen: Seen, *, person: str) -> Campaign:
    """Let it in as a closed campaign, all of it or nothing.

    Raises:
        BadInput: it has a problem.
    """
    if seen.problem is not None:
        raise BadInput(seen.problem)
    return transfers.enter(db, seen.name, seen.records, person=person)


def _read(path: Path, text: str, subject: str | None) -> Incoming:
    if path.suffix.casefold() not in imports.ENDINGS:
        raise BadInput(
            "expected a file that ends in .csv or .jsonl, or in .tsv, .json or .xlsx, got "
            f"{path.name!r}"
        )
    if len(text) > LARGEST:
        raise BadInput(
            f"expected at most {LARGEST // 2**20} MB, got {len(text) / 2**20:.0f}; larger files "
            "come in with `python app.py annotations import FILE`"
        )
    return imports.load_bytes(of_browser(text), path.name, subject=subject)
