"""What leaves the Annotate tab: milannotations, the full record, the MTurk shape, ratings.

    milannotations_rows(records)              layer, unit, summary: the sentences that count
    write_jsonl(path, records), write_csv(path, records), write_parquet(path, records)
    write_mturk(path, records)
    write_ratings(path, records)              a line for every mark
    pack(folder, path)                        a folder as one zip file

Full exports hold every answer with all its wordings, verdicts and flags; people are pseudonyms.
"""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotator.exchange.tables import Row
from db import tables as text_tables
from db.annotate import transfers
from db.annotate.transfers import Record
from db.errors import BadInput

# images uint8 (k, 3, H, W) and masks bool (k, 1, H, W) of one unit
Pictures = Callable[[str, str, int, str], tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]]

FULL = tuple(field for field in Record.__dataclass_fields__)
MTURK = (
    "HITId",
    "AssignmentId",
    "WorkerId",
    "AssignmentStatus",
    "AcceptTime",
    "SubmitTime",
    "WorkTimeInSeconds",
    "ApprovalTime",
    "RejectionTime",
    "RequesterFeedback",
    "Input.layer",
    "Input.unit",
    "Answer.summary",
)
RATINGS = (
    "id",
    "subject",
    "layer",
    "unit",
    "exemplar_hash",
    "rater",
    "status",
    "method",
    "label",
    "shown",
    "rating",
    "best",
    "valid",
    "reason",
    "claimed_utc",
    "created_utc",
    "seconds",
)


def counting(records: Iterable[Record], *, approved_only: bool = False) -> list[Record]:
    """The records whose sentence counts: in a slot, a text, not withdrawn."""
    return [
        record
        for record in records
        if record.slot is not None
        and record.kind == "text"
        and not record.withdrawn
        and (record.status == "approved" or not approved_only)
    ]


def milannotations_rows(
    records: Iterable[Record],
    *,
    approved_only: bool = False,
    clean: Callable[[Record], str] = lambda record: record.text,
) -> list[Row]:
    """`layer,unit,summary` of the sentences that count, by layer, unit and slot.

    Raises:
        BadInput: they are about several networks, or other exemplars of one layer: the table
            could not tell them apart.
    """
    kept = counting(records, approved_only=approved_only)
    hashes: dict[str, tuple[str, str]] = {}
    for record in kept:
        about = record.subject, record.exemplar_hash
        if hashes.setdefault(record.layer, about) != about:
            raise BadInput(
                f"expected sentences about one network and one set of exemplars a layer, got "
                f"several for {record.layer}; export a folder, or the full record"
            )
    kept.sort(key=lambda record: (record.layer, record.unit, record.slot))
    return [
        Row(record.layer, record.unit, clean(record), record.raw, record.rules) for record in kept
    ]


def write_jsonl(path: Path, records: Iterable[Record]) -> None:
    """One JSON object a line, everything that is known of an answer."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(transfers.as_json(record), ensure_ascii=False) + "\n")


def write_csv(path: Path, records: Iterable[Record]) -> None:
    """The same as one table; flags, wordings and verdicts are JSON cells, empty cells are none."""
    text_tables.write(path, FULL, (list(transfers.as_json(each).values()) for each in records))


def write_parquet(path: Path, records: Iterable[Record]) -> None:
    """The same for data tools; nested columns are JSON texts.

    Raises:
        BadInput: pyarrow is not installed.
    """
    import pandas

    values = [
        {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
            for name, value in transfers.as_json(record).items()
        }
        for record in records
    ]
    try:
        pandas.DataFrame(values, columns=list(FULL)).to_parquet(path, index=False)
    except ImportError as error:
        raise BadInput(
            "expected pyarrow for a Parquet file, which is not installed: "
            '`pip install "milan-workbench[export]"` brings it, or choose jsonl'
        ) from error


def write_mturk(path: Path, records: Sequence[Record]) -> None:
    """The results CSV that MTurk's requester page gave, for scripts made for it.

    An answer that was asked for anew is neither approved nor rejected, which a requester may read
    as unpaid; it is left to the full record.
    """
    cleaned = any(record.raw is not None for record in records)
    columns = (*MTURK, "Answer.raw", "Answer.rules") if cleaned else MTURK
    rows = [
        [*_mturk_row(record), *((record.raw or "", record.rules) if cleaned else ())]
        for record in records
        if record.purpose == "collect" and not record.withdrawn and record.kind == "text"
        if record.status != "requeued"
    ]
    text_tables.write(path, columns, rows)


def _mturk_row(record: Record) -> list[object]:
    judged = [verdict for verdict in record.reviews if verdict.verdict == record.status]
    verdict = judged[-1] if judged else None
    when = "" if verdict is None else verdict.created_utc
    return [
        f"{record.subject}-{record.layer}-{record.unit}",
        record.id,
        record.annotator,
        {"approved": "Approved", "waiting": "Submitted"}.get(record.status, "Rejected"),
        record.claimed_utc,
        record.created_utc,
        "" if record.seconds is None else round(record.seconds),
        when if record.status == "approved" else "",
        when if record.status == "rejected" else "",
        verdict.reason if verdict is not None else "",
        record.layer,
        record.unit,
        record.text,
    ]


def write_ratings(path: Path, records: Iterable[Record]) -> None:
    """A line for every mark and method, for statistics programs; `annotations ratings` reads it.

    Equal descriptions of several methods are one label with a line for each method.
    """
    text_tables.write(path, RATINGS, (row for record in records for row in _rating_rows(record)))


def _rating_rows(record: Record) -> Iterator[list[object]]:
    if record.rating is None:
        return
    plain = {name: getattr(record, name, None) for name in RATINGS}
    for mark in record.rating.marks:
        for method in mark.methods:
            line = {
                **plain,
                "rater": record.annotator,
                "method": method,
                "label": mark.text,
                "shown": mark.shown,
                "rating": mark.rating,
                "best": mark.text == record.rating.best,
                "valid": record.rating.valid,
                "reason": record.rating.reason,
            }
            yield [line[name] for name in RATINGS]


def pack(folder: Path, target: Path) -> None:
    """Put what is in a folder into one zip file."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                # arrays hardly shrink, but for the black rows of units without sentences
                effort = 1 if path.suffix == ".npy" else None
                archive.write(path, path.relative_to(folder), compresslevel=effort)
