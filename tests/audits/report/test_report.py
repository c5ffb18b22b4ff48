"""Reports and comparisons read what a workspace holds, escape it, and are the same each time."""

import json
import shutil
from pathlib import Path

import pytest

from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from audits.compare import counts as compare_counts
from audits.compare import page
from audits.compare.counts import Compared, Count
from audits.find import verdicts
from audits.report import gather
from db import jobs
from db.audit import blind_review, finding, signoffs, words
from db.audit.words import Query
from db.describe import exemplars, subjects
from db.errors import BadInput
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import plan as description_plans
from describer.describe.job import describe
from describer.methods.options import MilanOptions
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

NAMES = ("two-layers", "wider")
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two described networks, verdicts about some of their units, one ablation."""
    files = tmp_path_factory.mktemp("files")
    first = two_layer_subject(files / "first")
    second = two_layer_subject(files / "second")
    second.write_text(second.read_text().replace('"two-layers"', '"wider"').replace("= 6", "= 7"))
    workspace = create(files / "workspace")
    query = Query(any=("text",), concept="text")
    with open_database(workspace) as db:
        for path in (first, second):
            workspace_files.enter_subject(db, path)
        for place, name in enumerate(("validation", "test")):
            workspace_files.enter_images(db, coloured_images(files / name, count=8, seed=place))
        workspace_files.enter_checkpoint(db, str(tiny_milan(files / "tiny-milan")))
        for name in NAMES:
            milan = MilanOptions("tiny-milan", beam_size=2)
            plan = description_plans.Plan(name, "validation", ("late",), (milan,))
            description_plans.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        texts = words.missing(db)
        words.add(db, "test", {text: [words.Word(0, 1, "text", "text", "X")] for text in texts})
        for match in finding.find(db, query, limit=100).matches:
            if match.unit < 5:
                verdict = "rejected" if match.unit == 3 else "confirmed"
                verdicts.sign_off(
                    db, match, query, person="ada", verdict=verdict, tag="signs", note=EVIL
                )
        how = ablation_plan.How(controls=2)
        plan = ablation_plan.Plan("two-layers", "text", "validation", "test", how)
        ablation_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, {"ablate": ablate})
    return workspace


def test_a_report_says_who_judged_what_and_what_was_measured(made: Workspace) -> None:
    with open_database(made) as db:
        gather.state_purpose(db, "text", "Because", person="ada")
        gather.state_purpose(db, "text", f"Why {EVIL}", person="ada")
        gather.state_purpose(db, "text", "  ", person="ada")
        assert gather.purpose_of(db, "text") == f"Why {EVIL}", "the newest that says anything"
        found = gather.gather(db, concept="text")
    values = json.loads(gather.as_json(found))
    assert values["people"] == [{"person": "ada", "confirmed": 8, "rejected": 2, "unsure": 0}]
    assert [each["name"] for each in values["networks"]] == list(NAMES)
    assert values["networks"][0]["layers"][0]["confirmed"] == 4
    assert len(values["networks"][0]["layers"][0]["images_hash"]) == 40
    assert values["networks"][0]["layers_without_exemplars"] == ["early"]
    assert [each["matching_without_verdict"] for each in values["not_examined"]] == [3, 4]
    (experiment,) = values["experiments"]
    assert len(experiment["summary"]["controls"]) == 2
    assert len(experiment["summary"]["data"]["test"]["digest"]) == 64
    html = gather.as_html(made, found)
    assert EVIL not in html
    assert html.count("&lt;script&gt;") == 11, "ten notes and the purpose"
    assert html.count('src="data:image/jpeg;base64,') == 10
    for text in ("<svg", "draw 2:", "range of 2 draws", "@media print", "The validation images"):
        assert text in html
    for outside in ("http://", "https://", "url("):
        assert outside not in html


def test_two_reports_over_the_same_data_are_the_same_bytes(made: Workspace, tmp_path: Path) -> None:
    for name in ("a", "b"):
        with open_database(made) as db:
            found = gather.gather(db, concept="text", subject_names=["wider"])
        gather.write(made, found, html=tmp_path / f"{name}.html", json_file=tmp_path / f"{name}.js")
        shutil.rmtree(made.pictures)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.js").read_bytes() == (tmp_path / "b.js").read_bytes()
    assert "two-layers" not in (tmp_path / "a.js").read_text()


def test_a_report_needs_a_concept_that_was_judged(made: Workspace) -> None:
    with open_database(made) as db, pytest.raises(BadInput, match=r"\('text'\), got 'face'"):
        gather.gather(db, concept="face")


def test_networks_are_counted_beside_each_other(made: Workspace) -> None:
    with open_database(made) as db:
        query = compare_counts.standing_query(db, "text")
        found = compare_counts.compare(db, query, NAMES)
        with pytest.raises(BadInput, match="at least two networks to compare, got 1"):
            compare_counts.compare(db, query, ["wider", "wider"])
        all_units = [len(exemplars.units_of(db, 1)), len(exemplars.units_of(db, 2))]
    counts = [each.layers["late"] for each in found]
    assert [each.units for each in counts] == all_units == [8, 9]
    assert [each.described for each in counts] == [8, 9]
    assert [each.confirmed for each in counts] == [4, 4]
    assert found[0].total == counts[0]
    assert "4 confirmed of 8 described" in page.bars(found, EVIL)
    assert EVIL not in page.bars(found, EVIL)
    assert "<b>4</b>" in page.table(found)
    assert page.sheets(found).count("<img") == 8


def test_bars_are_drawn_only_where_a_network_has_something_to_show() -> None:
    nothing, some = Count(9, 0, 0), Count(9, 5, 2)
    sharp = Compared("sharp", {"early": nothing, "late": some}, ())
    token = Compared("token", {"blocks": nothing}, ())
    drawn = page.bars([sharp, token], "face")
    # Two rectangles for the only bar, and one in the legend for each network.
    assert drawn.count("<rect") == 4
    assert ">late<" in drawn
    assert ">early<" not in drawn
    assert ">blocks<" not in drawn
    assert "token: 0 confirmed of 0 described" in drawn
    assert "<svg" not in page.bars([token], "face")


def test_a_report_keeps_verdicts_blind_that_wait_for_another(made: Workspace) -> None:
    with open_database(made) as db:
        before = gather.gather(db, concept="text").values
        blind_review.require(db, 2, person="admin")
        found = gather.gather(db, concept="text")
        blind_review.require(db, 1, person="admin")
        after = gather.gather(db, concept="text").values
    assert found.values["people"] == []
    assert {unit["decision"] for unit in found.values["units"]} == {"waiting"}
    assert [unit["verdicts"] for unit in found.values["units"]] == [[]] * 10
    assert [unit["withheld"] for unit in found.values["units"]] == [1] * 10
    html = gather.as_html(made, found)
    assert "&lt;script&gt;" in html, "the purpose is no verdict"
    assert html.count("&lt;script&gt;") == 1
    assert "1 given, withheld until all have answered" in html
    assert after == before


def test_a_unit_that_two_sets_of_exemplars_confirm_is_counted_once(tmp_path: Path) -> None:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        for name in NAMES:
            subject = subjects.add(
                db,
                name,
                source=tmp_path,
                weights_hash=name,
                layers=[subjects.LayerRow("late", "map", 4)],
            )
            for k in (15, 5) if name == "wider" else (15,):
                made = exemplars.add(
                    db,
                    hash=f"{name}-{k}",
                    subject_id=subject.subject_id,
                    probing_set_id=None,
                    layer="late",
                    units=4,
                    k=k,
                    folder="",
                    provenance={},
                )
                units = exemplars.units_of(db, made.exemplar_set_id)
                for unit in units[: 2 if k == 15 else 1]:
                    signoffs.add(
                        db, unit.unit_id, person="ada", verdict="confirmed", concept="x", seen={}
                    )
        network = gather.gather(db, concept="x").values["networks"][1]
        found = compare_counts.compare(db, Query(any=("x",), concept="x"), NAMES)
        most = verdicts.most_confirmed(db, "x")
    assert {each["k"]: each["confirmed"] for each in network["layers"]} == {15: 2, 5: 1}
    assert (network["confirmed"], network["units"]) == (2, 4)
    assert [each.total.confirmed for each in found] == [2, 2]
    assert [(each.unit, each.hash) for each in found[1].confirmed] == [
        (0, "wider-5"),
        (1, "wider-15"),
    ]
    assert most == "two-layers", "two units each: the first network"
