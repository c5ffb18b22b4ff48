"""Answers as other programs export them: nothing attributed to another unit, person or wording."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from annotator.exchange import arrivals, imports
from db import tables
from db.annotate import annotations, transfers
from db.errors import BadInput

TURK = (
    '"HITId","AssignmentId","WorkerId","AssignmentStatus","SubmitTime","Input.layer","Input.unit",'
    '"Answer.summary"\n'
)


def load(text: str, name: str = "net.csv", **more: str) -> imports.Incoming:
    return imports.load_bytes(text, name, **({"subject": "net"} | more))


def brief(found: imports.Incoming) -> list[tuple[str, int, str, str, int | None, str]]:
    return [(r.layer, r.unit, r.annotator, r.text, r.slot, r.status) for r in found.records]


# Rejected, and answered again.


@pytest.mark.parametrize(
    ("first", "second", "status", "slot"),
    [
        ("Rejected", "Approved", "approved", 1),
        ("Rejected", "Submitted", "waiting", 1),
        ("Approved", "Rejected", "approved", 1),
        ("Rejected", "Rejected", "rejected", None),
    ],
)
def test_a_worker_who_was_rejected_may_answer_a_republished_hit(
    db: Database, first: str, second: str, status: str, slot: int | None
) -> None:
    found = load(
        f"{TURK}h1,a1,W9,{first},Tue Mar 03 10:00:00 PST 2026,fc,3,one\n"
        f"h2,a2,W9,{second},Tue Mar 03 12:00:00 PST 2026,fc,3,two\n"
    )
    text = "one" if (first, second) == ("Approved", "Rejected") else "two"
    assert brief(found) == [("fc", 3, "w9", text, slot, status)]
    (record,) = found.records
    assert {revision.text for revision in record.revisions} == {"one", "two"}
    assert "1 answered again after a rejection" in found.understood
    campaign = transfers.enter(db, "turk", found.records, person="admin")
    (answer,) = annotations.of_campaign(db, campaign.campaign_id)
    assert (answer.status, answer.text, answer.slot) == (status, text, slot)
    (back,) = transfers.records(db, campaign.campaign_id, secret=b"0" * 32)
    assert back == record


def test_two_answers_of_a_worker_that_count_are_refused() -> None:
    rows = "h,a1,W,Submitted,,fc,3,one\nh,a2,w ,Approved,,fc,3.0,two\n"
    with pytest.raises(BadInput, match="a second of w for fc 3 in line 3"):
        load(TURK + rows)


@pytest.mark.parametrize("text", [TURK, TURK + ",,,,,,,\n", "id,image,summary,annotator\n"])
def test_a_header_alone_brings_nothing(text: str) -> None:
    with pytest.raises(BadInput, match=r"at least one answer in net\.csv, got none"):
        load(text)


def test_an_answer_without_words_is_counted_and_left_out() -> None:
    found = load(TURK + "h,a1,W,Submitted,,fc,3, \nh,a2,V,Submitted,,fc,3,cars\n")
    assert (found.empty, len(found.records)) == (1, 1)


# Each program's own columns.


@pytest.mark.parametrize(
    "cell",
    ['[{"summary": "red cars"}]', '{"summary": ["red cars"]}', '[{"x": {"text": "red cars"}}]'],
)
def test_answers_of_mturk_in_json_are_unpacked(cell: str) -> None:
    head = TURK.replace("Answer.summary", "Answer.taskAnswers")
    quoted = cell.replace('"', '""')
    found = load(f'{head}h,a1,W,Submitted,,fc,3,"{quoted}"\n')
    assert brief(found) == [("fc", 3, "w", "red cars", 1, "waiting")]


def test_json_with_several_texts_is_refused_with_its_line() -> None:
    head = TURK.replace("Answer.summary", "Answer.taskAnswers")
    with pytest.raises(BadInput, match=r"one text in line 2 of net\.csv, got one, two"):
        load(head + 'h,a1,W,Submitted,,fc,3,"{""one"": ""a"", ""two"": ""b""}"\n')


@pytest.mark.parametrize(
    ("picture", "place"),
    [
        ("/data/upload/3/1a2b3c4d-layer3.0.relu_17.png", ("layer3.0.relu", 17)),
        ("/data/local-files/?d=units/conv1-unit5.jpg", ("conv1", 5)),
        ("https://host/conv1/5.png?size=2", ("conv1", 5)),
        (r"C:\units\conv1_5.PNG", ("conv1", 5)),
        ("block%2Fconv1_5", ("conv1", 5)),
    ],
)
def test_the_unit_is_in_the_name_of_the_picture(picture: str, place: tuple[str, int]) -> None:
    found = load(
        "id,image,summary,annotator,annotation_id,created_at,lead_time\n"
        f"1,{picture},wheels,7,31,2026-02-03T04:05:06Z,8.5\n"
    )
    (record,) = found.records
    assert ((record.layer, record.unit), record.annotator, record.text) == (place, "7", "wheels")
    assert (record.created_utc, record.seconds) == ("2026-02-03T04:05:06.000Z", 8.5)
    assert f"as {place[0]} {place[1]} from" in found.understood


@pytest.mark.parametrize("picture", ["cat.png", "", "12.png", "layer4_12_grid.png"])
def test_a_picture_that_names_no_unit_is_refused(picture: str) -> None:
    with pytest.raises(BadInput, match=r"a name like layer4_12\.png in column image, line 2"):
        load(f"id,image,summary,annotator\n1,{picture},x,7\n")


def test_label_studio_json_has_a_row_for_every_annotation() -> None:
    def said(who: object, *texts: str, **more: object) -> dict[str, object]:
        result = [{"type": "textarea", "value": {"text": [text]}} for text in texts]
        return {"completed_by": who, "result": result, "created_at": "2026-01-02", **more}

    task = {
        "id": 5,
        "data": {"image": "/units/conv1_4.png"},
        "annotations": [
            said(1, "dogs", "dog faces"),
            said({"id": 2, "email": "bo@lab"}, "cats"),
            said(3, "nothing", was_cancelled=True),
        ],
    }
    found = load(json.dumps([task]), "export.json")
    assert brief(found) == [
        ("conv1", 4, "1", "dogs, dog faces", 1, "waiting"),
        ("conv1", 4, "bo@lab", "cats", 2, "waiting"),
    ]


def test_potato_calls_its_columns_by_scheme_and_box() -> None:
    table = "user\tinstance_id\tdisplayed_text\tdescription:::text_box\nann\tfc_2\tlook\tdogs\n"
    assert brief(load(table, "out.tsv")) == [("fc", 2, "ann", "dogs", 1, "waiting")]


def test_lines_of_potato_are_by_whom_their_folder_is_named_for(tmp_path: Path) -> None:
    line = {"id": "fc_2", "label_annotations": {"description": {"text_box": "dogs"}}}
    path = tmp_path / "ann" / "annotated_instances.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps(line) + "\n")
    found = imports.load(path, subject="net")
    assert brief(found) == [("fc", 2, "ann", "dogs", 1, "waiting")]
    assert "all by ann" in found.understood


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("accept", [("fc", 2, "ann", "dogs", 1, "waiting")]),
        ("reject", [("fc", 2, "ann", "dogs", None, "rejected")]),
        ("ignore", None),
    ],
)
def test_prodigy_says_what_it_did_with_an_answer(
    answer: str, expected: list[tuple[object, ...]] | None
) -> None:
    line = {
        "image": "data:image/png;base64,AAAA",
        "path": "units/fc_2.png",
        "text": "fc_2",
        "caption": "dogs",
        "answer": answer,
        "_annotator_id": "ann",
        "_timestamp": 1767225600,
    }
    if expected is None:
        with pytest.raises(BadInput, match="at least one answer"):
            load(json.dumps(line), "p.jsonl")
        return
    found = load(json.dumps(line), "p.jsonl")
    assert brief(found) == expected
    assert found.records[0].created_utc == "2026-01-01T00:00:00.000Z"
    meta = {**line, "meta": {"layer": "conv1", "unit": 9}, "answer": "accept"}
    assert brief(load(json.dumps(meta), "p.jsonl"))[0][:2] == ("conv1", 9)


def test_people_of_prolific_keep_their_ids_and_those_who_left_are_left_out() -> None:
    found = load(
        "PROLIFIC_PID;Status;Layer;Unit;Response;time_taken\n"
        "5f1a;APPROVED;fc;2;dogs;12\n5f1b;AWAITING REVIEW;fc;2;cats;9\n"
        "5f1c;RETURNED;fc;2;x;1\n5f1d;REJECTED;fc;2;asdf;2\n"
    )
    assert brief(found) == [
        ("fc", 2, "5f1a", "dogs", 1, "approved"),
        ("fc", 2, "5f1b", "cats", 2, "waiting"),
        ("fc", 2, "5f1d", "asdf", None, "rejected"),
    ]
    assert "1 answer that were returned or ignored left out" in found.understood
    assert found.records[0].seconds == 12


# A plain table with a column that may be one of people.


def test_a_column_of_people_is_read_where_nobody_writes_twice() -> None:
    found = load("layer,unit,summary,annotator\nfc,1,dogs,ada\nfc,1,cats,bo\n")
    assert [record.annotator for record in found.records] == ["ada", "bo"]
    found = load("layer,unit,summary,annotator\nfc,1,dogs,x\nfc,1,cats,x\n")
    assert [record.annotator for record in found.records] == ["imported 1", "imported 2"]
    assert "x wrote twice of fc 1: people were not read" in found.understood


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("{", "a.jsonl", "exported answer in line 1 of a.jsonl"),
        ("[1]", "a.json", "expected an object in line 1 of a.json, got 1"),
        ("[" * 100_000, "a.json", "expected answers as JSON in a.json"),
        (b"\xff\xfe", "a.json", "expected answers as JSON in UTF-8 in a.json"),
        ('{"exemplar_hash": ' + "[" * 100_000, "a.jsonl", "exported answer in line 1"),
    ],
)
def test_what_is_no_answer_is_one_sentence(content: bytes | str, name: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as raised:
        imports.load_bytes(content, name, subject="net")
    assert "\n" not in str(raised.value)


def test_the_page_shows_how_a_file_was_read_before_it_is_taken(db: Database) -> None:
    import base64

    from annotator.exchange import page

    table = "layer;unit;summary\nfc;1;the dog’s nose\n".encode("cp1252")
    sent = "data:text/csv;base64," + base64.b64encode(table).decode()
    seen = arrivals.look(db, "a.csv", sent, subject="net")
    assert seen.problem is None
    assert seen.understood == (
        "Understood: Windows-1252 text, as in “the dog’s nose” in line 2; cells separated by "
        "semicolons."
    )
    assert "Windows-1252" in page.seen(seen)
    assert not imports.says_networks(table, "a.csv")


CELLS = st.sampled_from(
    [
        "fc",
        "3",
        "3.0",
        "nan",
        "Rejected",
        "Approved",
        "[",
        "{}",
        "[[1]]",
        "[]",
        "ada",
        "fc_3",
        "fc_3.png",
        "data:x",
        "null",
        "1e999",
        "2026-01-01",
        "1767225600",
        '{"text":[]}',
        '{"a":"x"}',
        "99999999999999999999",
    ]
)
COLUMNS = st.lists(
    st.sampled_from(
        [
            "layer",
            "unit",
            "image",
            "summary",
            "annotator",
            "WorkerId",
            "Input.layer",
            "Input.unit",
            "Answer.taskAnswers",
            "Status",
            "a:::b",
            "created_at",
            "lead_time",
            "text",
            "answer",
        ]
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=500)
@given(st.data(), COLUMNS)
def test_whatever_another_program_writes_is_read_or_refused(
    data: st.DataObject, columns: list[str]
) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(columns), max_size=len(columns))))
    table = "".join(tables.lines(columns, rows))
    lines = "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows)
    for content, name in ((table, "a.csv"), (lines, "a.jsonl")):
        with contextlib.suppress(BadInput):
            found = imports.load_bytes(content, name, subject="net")
            assert all(record.layer and record.annotator for record in found.records)
