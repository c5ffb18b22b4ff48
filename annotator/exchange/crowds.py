"""Answers of people as other programs export them: MTurk, Label Studio, POTATO, Prolific, Prodigy.

    answers, notes = from_table(tables.read(path))  # a row an answer, with a column for its author
    answers, notes = from_json(text, "export.json") # Label Studio's JSON, Prodigy's, POTATO's lines

A program is not named by anybody: each is known by its columns, which are all looked for. What an
answer is about stands in columns for layer and unit, or in the name of the picture that was shown
(`layer4_12.png`). What becomes of the answers here is the business of `imports`.
"""

import contextlib
import datetime
import json
import re
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from db import reading
from db.csv_cells import restored, says_nothing
from db.errors import BadInput
from db.tables import Table, canonical
from db.unit_tables import TEXTS, check_layer, unit_number
from db.workspace import format_time

_LAYER = ("input.layer", "layer", "layer_name", "module")
_UNIT = ("input.unit", "unit", "unit_id", "neuron", "neuron_id", "channel")
_PICTURE = (
    "instance_id", "path", "file", "filename", "file_name", "image_path", "image", "input.image",
    "image_url", "input.image_url", "item", "item_id", "stimulus", "id",
)  # fmt: skip
_WHO = (
    "workerid", "prolific_pid", "participant_id", "participantid", "annotator", "annotator_id",
    "_annotator_id", "_session_id", "user", "user_id", "worker", "rater", "completed_by",
)  # fmt: skip
# `text` comes late: Prodigy puts the picture's name there.
_TEXT = (
    "answer.summary", "answer.description", "answer.taskanswers", "summary", "description",
    "caption", "user_input", "response", "annotation", "sentence", "text", "label",
    "label_annotations",
)  # fmt: skip
_ID = ("assignmentid",)
_STATUS = ("assignmentstatus", "status")
_CREATED = ("submittime", "created_at", "completed_at", "created_utc", "_timestamp", "timestamp")
_CLAIMED = ("accepttime", "started_at")
_SECONDS = ("worktimeinseconds", "lead_time", "time_taken", "seconds")
KNOWN = frozenset((*_LAYER, *_UNIT, *_PICTURE, *_WHO, *_TEXT, *_STATUS))

# layer4_12, layer4-unit12, 3f2a91bc-layer4_12 (as Label Studio names what is uploaded)
_NAMED = re.compile(r"(?:[0-9a-f]{8}-)?(.+?)[_\-: ](?:unit|neuron)?[_\-]?(\d{1,9})", re.IGNORECASE)
_GONE = ("returned", "timed-out", "timed out", "partially approved", "ignore")


@dataclass(frozen=True)
class Answer:
    """What a person said about a unit.

    Attributes:
        id: of the program that it comes from; "" without one.
        text: empty when nothing was said.
        verdict: of the requester, with its reason and its moment; None while there is none.
    """

    layer: str
    unit: int
    who: str
    text: str
    line: int
    id: str = ""
    created_utc: str | None = None
    claimed_utc: str | None = None
    seconds: float | None = None
    verdict: Literal["approved", "rejected"] | None = None
    reason: str = ""
    reviewer: str = "imported"
    decided_utc: str | None = None


def knows(table: Table) -> bool:
    """Whether a table says who wrote each of its texts, and about what."""
    about = (table.first(_LAYER) and table.first(_UNIT)) or table.first(_PICTURE)
    return bool(about and table.first(_WHO) and _text_column(table.header))


def from_table(table: Table) -> tuple[list[Answer], list[str]]:
    """The answers of a table, and what was understood, a clause each.

    Raises:
        BadInput: a row does not say which unit it is about, or what was said.
    """
    return _answers(((row.line, row.cells) for row in table.rows), table.header, table.name)


def from_json(text: str, name: str, *, author: str = "") -> tuple[list[Answer], list[str]]:
    """The answers of a JSON list, or of lines that hold an object each.

    Args:
        author: of answers of which the file says none.

    Raises:
        BadInput: it is neither, or as `from_table`.
    """
    what = "answers as JSON"
    if text.lstrip().startswith("["):
        objects = list(enumerate(reading.of_json(text, list[Any], what, name), start=1))
    else:
        objects = reading.of_lines(text, Any, what, name)
    rows: list[tuple[int, dict[str, str]]] = []
    for number, value in objects:
        if not isinstance(value, dict):
            raise BadInput(f"expected an object in line {number} of {name}, got {value!r:.60}")
        rows += [(number, row) for row in _flat(value)]
    header = dict.fromkeys(column for _, row in rows for column in row)
    return _answers(rows, list(header), name, author=author)


def _flat(task: Mapping[str, Any]) -> list[dict[str, str]]:
    """An object as rows of cells: a task of Label Studio has one for each of its annotations."""
    plain: dict[str, Any] = {}
    for key, value in task.items():
        plain |= value if key in ("data", "meta") and isinstance(value, dict) else {key: value}
    made = plain.pop("annotations", None)
    if not isinstance(made, list):
        return [_cells(plain)]
    rows = []
    for each in made:
        if not isinstance(each, dict) or each.get("was_cancelled"):
            continue
        who = each.get("completed_by")
        parts = each.get("result")
        parts = parts if isinstance(parts, list) else []
        values = [part.get("value") for part in parts if isinstance(part, dict)]
        said = [value["text"] for value in values if isinstance(value, dict) and "text" in value]
        rows.append(
            _cells(
                {
                    **plain,
                    "annotator": who.get("email", who.get("id")) if isinstance(who, dict) else who,
                    "summary": said,
                    "created_at": each.get("created_at"),
                    "lead_time": each.get("lead_time"),
                }
            )
        )
    return rows


def _cells(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        canonical(key): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in values.items()
        if value is not None
    }


def _text_column(header: Sequence[str]) -> str | None:
    """The column of the text; POTATO calls it `scheme:::box`."""
    schemes = [column for column in header if ":::" in column]
    for name in _TEXT:
        for column in (name, *(each for each in schemes if each.split(":::")[0] == name)):
            if column in header:
                return column
    return schemes[0] if len(schemes) == 1 else None


def _answers(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    header: Sequence[str],
    name: str,
    *,
    author: str = "",
) -> tuple[list[Answer], list[str]]:
    def first(names: Iterable[str]) -> str:
        return next((each for each in names if each in header), "")

    layer, unit, picture, text = first(_LAYER), first(_UNIT), first(_PICTURE), _text_column(header)
    who = first(_WHO)
    by_columns = bool(layer and unit)
    if not (by_columns or picture) or text is None:
        raise BadInput(
            "expected answers with a layer and a unit, or an image named like layer4_12.png, and "
            f"a text in {name}, got {', '.join(header[:6]) or 'none'}"
        )
    answers, gone, example = [], 0, ""
    for line, cells in rows:
        place = f"line {line} of {name}"
        state = _state(cells, first(_STATUS))
        if state in _GONE:
            gone += 1
            continue
        if by_columns:
            of_layer = restored(cells.get(layer, "").strip())
            number = unit_number(cells.get(unit, ""), place)
        else:
            of_layer, number = _pictured(cells.get(picture, ""), place, picture)
            example = example or f"{of_layer} {number} from {cells[picture]}"
        check_layer(of_layer, place)
        answers.append(
            Answer(
                layer=of_layer,
                unit=number,
                who=_plain(cells.get(who, author)).casefold() or "unknown",
                text=_said(cells.get(text, ""), place),
                line=line,
                id=restored(cells.get(first(_ID), "").strip()) if first(_ID) else "",
                created_utc=_time(cells.get(first(_CREATED))),
                claimed_utc=_time(cells.get(first(_CLAIMED))),
                seconds=_seconds(cells.get(first(_SECONDS))),
                reviewer="mturk" if who == "workerid" else "imported",
                **_verdict(cells, state),
            )
        )
    notes = [f"texts from column `{text}`"] if text not in ("answer.summary", "summary") else []
    if who != "workerid":
        notes.append(f"people from column `{who}`" if who else f"all by {author or 'unknown'}")
    if example:
        notes.append(f"units from the names of pictures in column `{picture}`, as {example}")
    if gone:
        notes.append(f"{gone} answer{'s' * (gone > 1)} that were returned or ignored left out")
    return answers, notes


def _plain(cell: str) -> str:
    return restored(cell.strip())


def _state(cells: Mapping[str, str], column: str) -> str:
    """What became of an answer: Prodigy says it as `answer`."""
    decided = cells.get("answer", "")
    if decided in ("accept", "reject", "ignore"):
        return {"accept": "submitted", "reject": "rejected"}.get(decided, decided)
    return cells.get(column, "").strip().casefold() if column else ""


def _pictured(cell: str, place: str, column: str) -> tuple[str, int]:
    """Layer and unit from a picture's name: `…/layer4_12.png`, or `…/layer4/12.png`."""
    path = urllib.parse.unquote(restored(cell.strip()))
    path = re.sub(r"^.*\?d=", "", path).split("?")[0].replace("\\", "/")
    stem = re.sub(r"\.(png|jpe?g|webp|gif|bmp|tiff?)$", "", path, flags=re.IGNORECASE)
    *folders, last = stem.rstrip("/").split("/")
    found = _NAMED.fullmatch(last)
    if found:
        return found[1], int(found[2])
    if folders and folders[-1] and re.fullmatch(r"\d{1,9}", last):
        return folders[-1], int(last)
    raise BadInput(
        f"expected a name like layer4_12.png in column {column}, {place}, got {cell.strip()!r}"
    )


def _said(cell: str, place: str) -> str:
    """The text of a cell, which may be JSON around it; several texts are joined by commas."""
    plain = cell.strip()
    if says_nothing(plain):
        return ""
    if not plain.startswith(("[", "{")):
        return restored(cell)
    try:
        value = reading.of_json(plain, Any, "texts", place)
    except BadInput:
        return cell  # a person may write a bracket
    texts = list(dict.fromkeys(text.strip() for text in _texts(value, place) if text.strip()))
    return ", ".join(texts)


def _texts(value: Any, place: str) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, place)
    elif isinstance(value, dict):
        names = {canonical(str(key)): key for key in value}
        known = [names[name] for name in (*TEXTS, "choices", "text_box") if name in names]
        if not known and len(value) > 1:
            raise BadInput(
                f"expected one text in {place}, got {', '.join(map(str, list(value)[:4]))}"
            )
        for key in known[:1] or list(value):
            yield from _texts(value[key], place)


def _verdict(cells: Mapping[str, str], state: str) -> dict[str, Any]:
    """What the requester said about an answer; nothing while it is only submitted."""
    feedback = restored(cells.get("requesterfeedback", "").strip())
    refused, approved = _time(cells.get("rejectiontime")), _time(cells.get("approvaltime"))
    if state == "rejected" or (refused and state != "approved"):
        reason = feedback or ("rejected on MTurk" if "workerid" in cells else "rejected there")
        return {"verdict": "rejected", "reason": reason, "decided_utc": refused}
    if state == "approved" or approved:
        return {"verdict": "approved", "reason": feedback, "decided_utc": approved}
    return {}


def _time(text: str | None) -> str | None:
    """A moment as the workspace spells it, from ISO, MTurk's `Mon Jan 05 10:00:00 PST 2026`, or
    seconds since 1970.

    None for an empty cell and for a time of another kind: the sentence matters more.
    """
    plain = (text or "").strip()
    for zone, offset in (("PST", "-0800"), ("PDT", "-0700"), ("UTC", "+0000"), ("GMT", "+0000")):
        if f" {zone} " in plain:
            with contextlib.suppress(ValueError):
                spelled = plain.replace(f" {zone} ", f" {offset} ")
                moment = datetime.datetime.strptime(spelled, "%a %b %d %H:%M:%S %z %Y")
                return format_time(moment.astimezone(datetime.UTC))
    if re.fullmatch(r"1\d{9}(\.\d+)?", plain):
        return format_time(datetime.datetime.fromtimestamp(float(plain), datetime.UTC))
    try:
        moment = datetime.datetime.fromisoformat(plain)
        return format_time(moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))
    except (ValueError, OverflowError):
        return None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
