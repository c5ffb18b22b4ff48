"""Readers of tables: answers, ratings, labels, descriptions, questions, rules."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.fuzz.kind import Reader, text_file

_RECORD: dict[str, Any] = {
    "id": "x/1", "subject": "net", "layer": "layer4", "unit": 3, "exemplar_hash": "0" * 40,
    "annotator": "p-1", "annotator_kind": "human", "purpose": "collect", "slot": 1,
    "status": "approved", "kind": "text", "text": "dog faces", "withdrawn": False,
    "claimed_utc": "2026-01-01T00:00:00.000Z", "created_utc": "2026-01-01T00:01:00.000Z",
    "revised_utc": "2026-01-01T00:01:00.000Z", "seconds": 12.5, "pasted_characters": 0,
    "unmasked_looks": 1, "flags": {"short": "2 words"},
    "revisions": [{"number": 1, "kind": "text", "text": "dog faces",
                   "created_utc": "2026-01-01T00:01:00.000Z", "withdrawn": False}],
    "reviews": [{"verdict": "approved", "reason": "", "reviewer": "p-2",
                 "created_utc": "2026-01-02T00:01:00.000Z", "undoes": None}],
    "rating": None,
}  # fmt: skip
_RATED = {
    **_RECORD, "id": "x/2", "annotator": "p-3", "slot": 2, "kind": "text", "text": "dogs",
    "rating": {"marks": [{"text": "dogs", "methods": ["milan"], "rating": 4, "shown": 1},
                         {"text": "cats", "methods": ["other"], "rating": 2, "shown": 2}],
               "best": "dogs", "valid": True, "reason": ""},
}  # fmt: skip


def _lines(record: dict[str, Any]) -> list[str]:
    numbers = (1, 2)
    return [
        json.dumps({**record, "id": f"x/{n}", "annotator": f"p-{n}", "slot": n}) for n in numbers
    ]


def _answers_csv(folder: Path) -> Path:
    from annotator.exchange.exports import FULL

    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(FULL)
    for number in (1, 2):
        values = {**_RECORD, "id": f"x/{number}", "annotator": f"p-{number}", "slot": number}
        row = []
        for name in FULL:
            value = values.get(name)
            plain = value is None or not isinstance(value, dict | list | bool)
            row.append(("" if value is None else value) if plain else json.dumps(value))
        writer.writerow(row)
    (folder / "answers.csv").write_text(written.getvalue(), encoding="utf-8")
    return folder / "answers.csv"


_MTURK = (
    "HITId,AssignmentId,WorkerId,AssignmentStatus,AcceptTime,SubmitTime,WorkTimeInSeconds,"
    "Input.layer,Input.unit,Answer.summary,ApprovalTime,RejectionTime,RequesterFeedback\n"
    "h1,a1,w1,Approved,Mon Jan 05 10:00:00 PST 2026,Mon Jan 05 10:01:00 PST 2026,60,"
    "layer4,1,dog faces,Mon Jan 05 11:01:00 PST 2026,,\n"
    "h1,a2,w2,Rejected,Mon Jan 05 10:00:00 PST 2026,Mon Jan 05 10:01:00 PST 2026,60,"
    'layer4,1,"[{""summary"": ""cat faces""}]",,Mon Jan 05 11:01:00 PST 2026,too short\n'
    "h2,a3,w1,Submitted,1,1767600000,60,layer4,2,the sky,,,\n"
)
_LABEL_STUDIO = json.dumps(
    [
        {
            "id": 1,
            "data": {"image": "/data/upload/1/3f2a91bc-layer4_12.png"},
            "annotations": [
                {
                    "completed_by": {"id": 1, "email": "a@b.c"},
                    "result": [{"value": {"text": ["dog faces"]}, "type": "textarea"}],
                    "created_at": "2026-01-01T00:00:00Z",
                    "lead_time": 12.5,
                },
            ],
        },
        {"image": "layer4_2.png", "annotator": "x", "text": "the sky", "answer": "accept"},
    ]
)


def _read_answers(target: Path) -> None:
    """Read and enter them, as a campaign of their own in a database in memory."""
    from annotator.exchange import imports
    from db import workspace
    from db.annotate import transfers

    found = imports.load(target, subject="net")
    imports.says_networks(target.read_bytes(), target.name)
    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        transfers.enter(db, "spring", found.records, person="ada")


_RATINGS = (
    "Layer,Unit,Milan E1 Rating,Milan E2 Rating,Other E1 Rating,Other E2 Rating,None E1\n"
    "layer4,1,4,3,2,2,FALSE\nlayer4,2,5,5,5,1,TRUE\n"
)
_RATINGS_LONG = (
    "id,subject,layer,unit,method,description,rater,rating,best,valid,status\n"
    "x,net,layer4,1,milan,dogs,p-1,4,true,true,approved\n"
    "x,net,layer4,1,other,cats,p-1,2,false,true,approved\n"
)


def _ratings_long(folder: Path) -> Path:
    from annotator.exchange.exports import RATINGS

    first, *rows = _RATINGS_LONG.splitlines()
    cells = [dict(zip(first.split(","), row.split(","), strict=True)) for row in rows]
    lines = [",".join(RATINGS), *(",".join(row.get(n, "1") for n in RATINGS) for row in cells)]
    return text_file("ratings.csv", "\n".join(lines) + "\n")(folder)


def _read_ratings(target: Path) -> None:
    from annotator.ratings import tables

    found = tables.read(target)
    tables.summary(found)


def _read_labels(target: Path) -> None:
    import numpy as np

    from audits.network import labels
    from describer.images.probing import ProbingSet

    found = labels.read_labels(target)
    images = ProbingSet(target.parent, ("a/1.png", "a/2.png", "b.png"))
    given = labels.labels_of(images, labels=found)
    labels.assigned(images, given)
    assert given is None or given.dtype == np.int64


def _read_class_index(target: Path) -> None:
    from audits.network import labels
    from describer.images.probing import ProbingSet

    table = labels.read_class_table(target)
    images = ProbingSet(target.parent, ("cat/1.png", "dog/2.png"), ("cat", "dog"), (0, 1))
    given = labels.labels_of(images, table=table)
    labels.assigned(images, given)


_QUESTIONS = """pass_mark: 1
questions:
- unit: net/layer4/1
  options: [dogs, cats]
  answer: dogs
  reason: they have ears
- unit: net/layer4/2
  options: [sky, "no"]
  answer: sky
"""


def _read_questions(target: Path) -> None:
    from annotator.campaigns import qualification
    from db import workspace
    from db.describe import exemplars, subjects
    from db.describe.subjects import LayerRow
    from db.errors import BadInput

    try:
        text = target.read_text("utf-8")
    except UnicodeDecodeError as error:  # a page sends text
        raise BadInput(str(error)) from error
    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        layers = [LayerRow("layer4", "map", 4)]
        subject = subjects.add(db, "net", source=target, weights_hash="n", layers=layers)
        exemplars.add(
            db, hash="0" * 64, subject_id=subject.subject_id, probing_set_id=None, layer="layer4",
            units=4, k=15, folder="noise", provenance={},
        )  # fmt: skip
        qualification.write(db, qualification.read(db, text))


_DESCRIPTIONS = (
    "layer,unit,description,score,log_p,log_p_given_e\n"
    'layer4,0,dog faces,0.5,-3.5,-1.5\nlayer4,1,"[""sky"", ""sea""]",,,\n'
    "layer4,2,round things,1,-2,-1\n"
)


def _read_descriptions(target: Path) -> None:
    from db import workspace
    from db.describe import subjects
    from db.describe.subjects import LayerRow
    from describer.methods import imports

    with closing(sqlite3.connect(":memory:")) as connection:
        db = workspace.prepare(connection)
        layers = [LayerRow("layer4", "map", 4)]
        subjects.add(db, "net", source=target, weights_hash="n", layers=layers)
        imports.enter(db, target, subject="net", person="ada")


def _read_training(target: Path) -> None:
    from describer.milan.training import data

    data.read_annotations(target)


_RULES = "# comment\nprefix: these are\n@bo suffix: it\nreplace: alot -> a lot\nspelling\n"


def _read_rules(target: Path) -> None:
    from annotator.corpus import cleaning
    from db.errors import BadInput

    try:
        text = target.read_text("utf-8")
    except UnicodeDecodeError as error:  # a page sends text
        raise BadInput(str(error)) from error
    rules = cleaning.parse(text)
    cleaning.from_json(cleaning.as_json(rules))


def _read_rules_json(target: Path) -> None:
    from annotator.corpus import cleaning

    cleaning.from_json(target.read_text("utf-8", "replace"))


def _workbook(folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(_DESCRIPTIONS)):
        book.active.append(row)
    book.save(folder / "said.xlsx")
    return folder / "said.xlsx"


READERS: dict[str, Reader] = {
    "answers.csv": Reader("csv", _answers_csv, _read_answers),
    "answers.jsonl": Reader(
        "json",
        text_file("answers.jsonl", "".join(f"{line}\n" for line in _lines(_RECORD))),
        _read_answers,
    ),
    "ratings.jsonl": Reader(
        "json", text_file("r.jsonl", "".join(f"{line}\n" for line in _lines(_RATED))), _read_answers
    ),
    "MTurk csv": Reader("csv", text_file("batch.csv", _MTURK), _read_answers),
    "Label Studio json": Reader("json", text_file("export.json", _LABEL_STUDIO), _read_answers),
    "annotations.csv": Reader(
        "csv",
        text_file(
            "annotations.csv", 'layer,unit,summary\nlayer4,0,dog faces\nlayer4,1,"the sky"\n'
        ),
        _read_answers,
    ),
    "ratings": Reader("csv", text_file("ratings.csv", _RATINGS), _read_ratings),
    "ratings of ours": Reader("csv", _ratings_long, _read_ratings),
    "labels.csv": Reader(
        "csv", text_file("labels.csv", "path,class\na/1.png,3\na/2.png,10\nb.png,0\n"), _read_labels
    ),
    "metadata.jsonl": Reader(
        "json",
        text_file(
            "metadata.jsonl",
            "".join(
                json.dumps({"file_name": name, "label": 3}) + "\n"
                for name in ("a/1.png", "a/2.png", "b.png")
            ),
        ),
        _read_labels,
    ),
    "class index": Reader(
        "json", text_file("index.json", '{"cat": 0, "dog": 12, "cow": 2}'), _read_class_index
    ),
    "questions.yaml": Reader("yaml", text_file("questions.yaml", _QUESTIONS), _read_questions),
    "cleaning rules": Reader("text", text_file("rules.txt", _RULES), _read_rules),
    "cleaning rules json": Reader(
        "json",
        text_file("rules.json", '[{"kind": "prefix", "words": "a", "by": "", "annotator": null}]'),
        _read_rules_json,
    ),
    "descriptions csv": Reader("csv", text_file("said.csv", _DESCRIPTIONS), _read_descriptions),
    "Excel workbook": Reader("bytes", _workbook, _read_descriptions),
    "training csv": Reader("csv", text_file("t.csv", _DESCRIPTIONS), _read_training),
}
