"""A workspace that commit c2e8b49 made opens, and its rows and pages say what they said then.

`stored/workspace-c2e8b49.tar.xz` is a workspace of that commit in which every kind of job ended:
two networks described, units judged, ablated, exported and studied, a campaign measured and
exported. Exemplars are of the first network alone. The file beside it holds the rows, and the text
of the pages, as that commit's own code gave them, but for the sign of a zero difference and the
page of a unit, which has been laid out anew.
"""

import html
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from annotator import campaign
from annotator.agreement import page as agreement_page
from annotator.agreement.result import Measurement
from audits.ablation import page as ablation_page
from audits.compare import counts
from audits.compare import page as compare_page
from audits.report import gather as report
from audits.spurious import page as spurious_page
from audits.spurious.result import Result as SpuriousResult
from audits.studies import page as studies_page
from audits.studies.results import RESULTS
from db import jobs
from db.annotate import annotations
from db.audit import ablations, signoffs
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness
from db.workspace import Workspace, create, open_database
from describer.describe import page_unit
from describer.exemplars import layout

STORED = Path(__file__).parent / "stored"
KINDS = ("importance", "uses", "faithfulness")


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((STORED / "workspace-c2e8b49.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("stored") / "workspace"
    with tarfile.open(STORED / "workspace-c2e8b49.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return create(folder)


def text_of(page: str) -> str:
    """What a person reads of a page."""
    page = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


def pages(workspace: Workspace, db: Database) -> dict[str, str]:
    """The pages by the names under which the text of the old ones is kept."""
    found = {}
    experiments = {}
    for (number,) in db.execute("select ablation_id from ablations order by ablation_id"):
        experiment, points = ablations.get(db, number), ablations.curve(db, number)
        experiments[number] = (experiment, points)
        found[f"ablation {number}"] = ablation_page.ablation(experiment, points, [])
    for job in jobs.latest(db, limit=100):
        if job.kind in RESULTS:
            study = RESULTS[job.kind].from_json(job.result)
            units = {each: exemplars.unit(db, each) for each in studies_page.examples(study)}
            found[job.kind] = studies_page.shown(study, units)
        elif job.kind == "spurious":
            found["spurious"] = spurious_page.result(
                SpuriousResult.from_json(job.result), experiments
            )
        elif job.kind == "agreement":
            measured = Measurement.from_json(job.result)
            texts = campaign.sentences(db, 1)
            found["agreement"] = agreement_page.table(measured, job.ended_utc or "", texts)
    query = Query(any=("red",), concept="red")
    compared = counts.compare(db, query, ["two-layers", "tiny"])
    found["compare"] = compare_page.table(compared)
    said = descriptions.of_unit(db, 1)
    scores = faithfulness.of_descriptions(db, [one.description_id for one in said])
    verdicts = signoffs.history(db, 1)
    found["unit 1"] = page_unit.unit(
        exemplars.unit(db, 1), page_unit.Sentences(said, scores=scores), [1.0], [], verdicts
    )
    found["report"] = report.as_html(workspace, report.gather(db, concept="red"))
    read = {name: text_of(page) for name, page in found.items()}
    # The versions of packages are those of the machine that the report is written on.
    return {**read, "report": read["report"].partition(" Software package version")[0]}


def test_rows_are_those_that_were_stored(workspace: Workspace, expected: dict[str, Any]) -> None:
    with open_database(workspace) as db:
        found = {
            "descriptions": [
                [one.layer, one.unit, one.method, one.text, one.score]
                for one in descriptions.every(db)
            ],
            "verdicts": [
                [one.unit_id, one.person, one.verdict, one.concept] for one in signoffs.current(db)
            ],
            "curves": {
                str(number): [list(vars(point).values()) for point in ablations.curve(db, number)]
                for number in (1,)
            },
            "answers": sorted(
                [one.annotator, one.unit_id, one.text] for one in annotations.of_campaign(db, 1)
            ),
        }
    for kind, stored in expected["rows"].items():
        assert found[kind] == stored, kind


def test_pages_say_what_they_said(workspace: Workspace, expected: dict[str, Any]) -> None:
    with open_database(workspace) as db:
        found = pages(workspace, db)
    assert set(found) == set(expected["pages"])
    for name, stored in expected["pages"].items():
        assert found[name] == stored, name


def test_a_folder_of_exemplars_opens_with_its_masks(workspace: Workspace) -> None:
    (folder,) = workspace.exemplars.iterdir()
    source = layout.read(folder)
    assert list(source.layers) == ["early", "late"]
    for layer, units in (("early", 6), ("late", 8)):
        assert source.units(layer) == units
        mask = source.mask(layer, 0, 0)
        assert (mask.shape, mask.dtype) == ((32, 32), bool)
        assert 0 < mask.mean() < 1
