"""A report holds what stands beside verdicts: agreement, faithfulness, detectors, studies."""

import json
from pathlib import Path
from typing import Any

import pytest

from audits.report import gather
from db import jobs
from db.audit import blind_review, evidence, signoffs
from db.describe import descriptions, exemplars, faithfulness, subjects, trusted
from db.describe.faithfulness import Score
from db.describe.subjects import LayerRow
from db.describe.trusted import NewTrusted
from db.workspace import Workspace, create, open_database
from describer.methods import imports

EVIL = "<script>alert(1)</script>"
MEAN = {"value": 0.5, "low": 0.4, "high": 0.6}
LAYER = {"units": 4, **dict.fromkeys(("auprc", "constant", "shuffled", "auroc"), MEAN)}
RESULT: dict[str, Any] = {
    "subject": "net",
    "method": EVIL,
    "units": 4,
    "images": "val",
    "image_count": 40,
    "judge": "the truth",
    "layers": {"all": {**LAYER, "correlation": MEAN}},
    "most": [{"unit_id": 1, "name": "late-0", "text": EVIL, "score": 0.9}],
    "least": [],
    "file": "faithfulness-1.csv",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A network known by a table of sentences; two people judged three of its units."""
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        for name in ("net", "other"):
            subjects.add(
                db,
                name,
                source=Path("none.toml"),
                weights_hash=name,
                layers=[LayerRow("late", "map", 4)],
            )
        text = "layer,unit,description\n" + "".join(f"late,{n},words\n" for n in range(4))
        imports.enter(db, text, name="said.csv", subject="net", person="ada")
        blind_review.require(db, 2, person="ada")
        for unit_id in units(db)[:3]:
            for person in ("ada", "bob"):
                verdict = "rejected" if (unit_id, person) == (units(db)[2], "bob") else "confirmed"
                seen = {"filter": {}, "reviewers": 2}
                signoffs.add(db, unit_id, person=person, verdict=verdict, concept="text", seen=seen)
        (said,) = descriptions.of_unit(db, units(db)[0])
        faithfulness.add(
            db, [Score(said.description_id, "the truth", "val", 0.71, 0.8, 0.3, 0.1, 0.12)]
        )
        weighed = ("the truth", "where it holds", "val", "correlation", 0)
        numbers = (0.5, 0.44, 0.31, 0.57, 0.0, 0.04)
        own = said.description_id
        second = descriptions.of_unit(db, units(db)[1])[0].description_id
        trusted.add(
            db,
            [
                NewTrusted(units(db)[0], own, own, *weighed, *numbers, ""),
                NewTrusted(units(db)[1], None, second, *weighed, *numbers, "none holds"),
            ],
        )
        evidence.add(db, units(db)[0], f"text {EVIL}", found=11, regions=15)
        for subject in ("net", "other"):
            job_id = jobs.enqueue(
                db, "faithfulness", {"subject": subject}, title=EVIL, device="cpu", person="ada"
            )
            db.execute(
                "update jobs set state = 'done', result_json = ? where job_id = ?",
                [json.dumps(RESULT), job_id],
            )
        jobs.enqueue(db, "uses", {"subject": "net"}, title="waits", device="cpu", person="ada")
    return workspace


def units(db: Any) -> list[int]:
    (found,) = exemplars.sets(db, subject="net")
    return [each.unit_id for each in exemplars.units_of(db, found.exemplar_set_id)]


def test_agreement_faithfulness_detectors_and_studies_are_in_it(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        found = gather.gather(db, concept="text")
    values = json.loads(gather.as_json(found))["findings"]
    assert values["agreement"]["measure"] == "Cohen's kappa"
    assert (values["agreement"]["units"], values["agreement"]["kappa"]) == (3, 0.0)
    first = values["of_units"]["net/late/0"]
    assert first["faithfulness"][0]["auprc"] == 0.71
    assert first["detectors"] == [{"detector": f"text {EVIL}", "found": 11, "regions": 15}]
    assert first["trusted"]["text"] == "words"
    assert values["of_units"]["net/late/1"]["trusted"]["reason"] == "none holds"
    assert [each["request"] for each in values["studies"]] == [{"subject": "net"}]
    html = gather.as_html(workspace, found)
    assert EVIL not in html
    for text in (
        "Cohen's kappa: 0.00",
        "the same verdict on 67% of 3 units",
        "AUPRC 0.71 (constant 0.10, other units' sentences 0.12)",
        "in 11 of 15 regions",
        "trusted sentence: words",
        "correlation 0.44, 0.31 to 0.57, other units' sentences 0.04, on the half of val",
        "no trusted sentence: none holds",
        "40 images of val",
        ".mw-firsts {display:grid",
        "of 4 units confirmed, 1 that match not judged",
        "from the least to the greatest of them",
    ):
        assert text in html.replace("&#39;", "'")
    assert "/reports/" not in html, "a report needs no other file"
    assert "waits" not in html


def test_a_verdict_that_is_still_blind_takes_no_part_in_agreement(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        before = gather.gather(db, concept="text").values["findings"]["agreement"]
        signoffs.add(
            db, units(db)[3], person="ada", verdict="rejected", concept="text", seen={"filter": {}}
        )
        assert gather.gather(db, concept="text").values["findings"]["agreement"] == before


def test_two_reports_with_studies_are_the_same_bytes(workspace: Workspace) -> None:
    texts = []
    for _ in range(2):
        with open_database(workspace) as db:
            found = gather.gather(db, concept="text")
        texts.append((gather.as_json(found), gather.as_html(workspace, found)))
    assert texts[0] == texts[1]
