"""A static site needs nothing outside its folder, names nobody, and is the same bytes each time."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlite_utils import Database

import app
from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from audits.find import verdicts
from audits.report import gather as reports
from audits.site import writing
from db import jobs
from db.access import users
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.annotate.campaigns import Settings
from db.annotate.claims import Claim
from db.audit import blind_review, finding, words
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness, trusted
from db.describe.descriptions import NewDescription
from db.describe.faithfulness import Score
from db.describe.trusted import NewTrusted
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import plan as description_plans
from describer.describe.job import describe
from describer.methods.options import MilanOptions
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

EVIL = "<script>alert(1)</script>"
NAMES = ("reviewer-ada", "reviewer-bob")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two described networks; answers, verdicts, one still blind, an ablation and a report."""
    files = tmp_path_factory.mktemp("files")
    first, second = two_layer_subject(files / "first"), two_layer_subject(files / "second")
    second.write_text(second.read_text().replace('"two-layers"', '"wider"').replace("= 6", "= 7"))
    workspace = create(files / "workspace")
    query = Query(any=("text",), concept="text", subjects=("two-layers",))
    with open_database(workspace) as db:
        for path in (first, second):
            workspace_files.enter_subject(db, path)
        for place, name in enumerate(("validation", "test")):
            workspace_files.enter_images(db, coloured_images(files / name, count=8, seed=place))
        workspace_files.enter_checkpoint(db, str(tiny_milan(files / "tiny-milan")))
        for name in ("two-layers", "wider"):
            milan = MilanOptions("tiny-milan", beam_size=2)
            plan = description_plans.Plan(name, "validation", ("late",), (milan,))
            description_plans.enqueue(db, plan, device="cpu", person=NAMES[0])
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        texts = words.missing(db)
        words.add(db, "test", {text: [words.Word(0, 1, "text", "text", "X")] for text in texts})
        blind_review.require(db, 2, person=NAMES[0])
        for match in finding.find(db, query, limit=100).matches:
            for name in NAMES[: 2 if match.unit == 0 else match.unit == 1]:
                verdicts.sign_off(db, match, query, person=name, verdict="confirmed", note=EVIL)
        _add_sentences(db)
        how = ablation_plan.How(controls=2)
        chosen = ablation_plan.Plan("two-layers", "text", "validation", "test", how)
        ablation_plan.enqueue(db, chosen, device="cpu", person=NAMES[1])
    jobs.work(workspace, {"ablate": ablate})
    with open_database(workspace) as db:
        found = reports.gather(db, concept="text")
    path = workspace.reports / reports.file_name("text")
    reports.write(
        workspace, found, html=path.with_suffix(".html"), json_file=path.with_suffix(".json")
    )
    return workspace


def _add_sentences(db: Database) -> None:
    """A sentence that is evil, scored and trusted, and an answer of a person."""
    unit = exemplars.by_name(db, "two-layers/late/0")
    text = f"evil {EVIL}"
    descriptions.add(db, [NewDescription(unit.unit_id, "netdissect", "hash", text, 0.25)])
    own = next(one for one in descriptions.of_unit(db, unit.unit_id) if one.text == text)
    judged = ("the truth", "val")
    faithfulness.add(db, [Score(own.description_id, *judged, 0.71, 0.8, 0.3, 0.1, 0.12)])
    numbers = (0.5, 0.44, 0.31, 0.57, 0.0, 0.04)
    one = own.description_id
    weighed = (judged[0], "where it holds", judged[1], "correlation", 0)
    trusted.add(db, [NewTrusted(unit.unit_id, one, one, *weighed, *numbers, "")])
    users.add(db, "annotator-cy", "annotator", password="password1")
    rules = Settings("One sentence.", annotators_per_unit=1)
    asked = campaigns.add(db, "spring", [unit.unit_id], settings=rules, person=NAMES[0])
    claimed = slots.claim(db, asked.campaign_id, "annotator-cy")
    assert isinstance(claimed, Claim)
    slots.submit(db, claimed.token, "annotator-cy", Answer(f"what a person wrote {EVIL}"))


def export(made: Workspace, folder: Path, *more: str) -> int:
    return app.main(["export-site", str(folder), "--workspace", str(made.path), *more])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def site(made: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "site"
    assert export(made, folder) == 0
    return folder


def test_every_link_leads_to_a_file_of_the_folder(site: Path) -> None:
    followed = 0
    for page in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src|srcset)="([^"]*)"', page.read_text("utf-8")):
            if not link.startswith("data:"):
                target = (page.parent / unquote(link)).resolve()
                assert target.is_relative_to(site), f"{page.name}: {link}"
                assert target.is_file(), f"{page.name}: {link}"
                followed += 1
        assert not re.search(r"https?://(?!www\.w3\.org)", page.read_text("utf-8"))
    # Of each of 17 units a page with its pictures, and an index that leads to layers and ablation.
    assert followed > 17 * 4
    assert len(list(site.glob("units/*/*.html"))) == 17
    assert len(list(site.glob("ablations/*.html"))) == 1


def test_pages_show_sentences_scores_people_and_decisions(site: Path) -> None:
    (first,) = site.glob("units/two-layers-late-*/0.html")
    text = first.read_text("utf-8")
    for part in (
        "evil &lt;script&gt;",
        "what a person wrote &lt;script&gt;",
        "IoU 0.25",
        "higher is better",
        "AUPRC 0.71 (constant 0.10, other units' sentences 0.12)",
        "correlation 0.44 (0.31 to 0.57)",
        "confirmed</span> as <i>text</i>",
    ):
        assert part in text, part
    second = first.with_name("1.html").read_text("utf-8")
    assert "confirmed" not in second, "one verdict of two is still blind"
    (layer,) = site.glob("layers/two-layers-late-*.html")
    assert "text: confirmed" in layer.read_text("utf-8")
    (experiment,) = site.glob("ablations/*.html")
    assert "Random units of the same layers" in experiment.read_text("utf-8")
    assert "1 report not included" in (site / "index.html").read_text("utf-8")


def test_nobody_is_named_and_no_text_is_markup(site: Path) -> None:
    for name, content in contents(site).items():
        for person in (*NAMES, "annotator-cy"):
            assert person.encode() not in content, f"{name} names {person}"
        assert EVIL.encode() not in content, name


def test_two_sites_are_the_same_bytes(made: Workspace, site: Path, tmp_path: Path) -> None:
    shutil.rmtree(made.pictures)
    assert export(made, tmp_path / "again") == 0
    assert contents(tmp_path / "again") == contents(site)


def test_networks_and_units_are_chosen(made: Workspace, tmp_path: Path) -> None:
    assert export(made, tmp_path / "wider", "--subject", "wider") == 0
    assert "two-layers" not in (tmp_path / "wider" / "index.html").read_text("utf-8")
    # In place of the site that lies there.
    assert export(made, tmp_path / "wider", "--units", "two-layers/late/3", "--named-reports") == 0
    pages = [path.name for path in (tmp_path / "wider").glob("units/*/*.html")]
    assert pages == ["3.html"]
    assert len(list((tmp_path / "wider" / "reports").glob("*.html"))) == 1
    assert export(made, tmp_path / "no", "--subject", "wider", "--units", "two-layers/late/3") != 0
    assert not (tmp_path / "no").exists()


def test_what_is_not_ours_is_never_replaced(
    made: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years")
    assert export(made, folder) != 0
    assert "expected a new folder" in capsys.readouterr().err
    assert contents(folder) == {"thesis.txt": b"years"}
    ours = tmp_path / "ours"
    assert export(made, ours, "--units", "wider/late/0") == 0
    for name in ("notes.txt", "style.css"):
        before = (ours / name).read_bytes() if (ours / name).exists() else None
        (ours / name).write_text("mine")
        assert export(made, ours, "--units", "wider/late/0") != 0
        assert (ours / name).read_text() == "mine"
        if before is None:
            (ours / name).unlink()
    assert export(made, made.path / "pictures") != 0
    (tmp_path / "link").symlink_to(tmp_path / "new")
    assert export(made, tmp_path / "link") != 0
    assert writing.MARKER in contents(ours)
