"""Jobs that describe and ablate: they end with the same rows whether or not they were stopped."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audits.ablation import plan as ablation_plans
from audits.ablation.job import ablate
from audits.ablation.plan import How
from audits.find import verdicts
from db import jobs
from db.audit import ablations, finding, signoffs, words
from db.audit.words import Query
from db.describe import descriptions, exemplars, subjects
from db.errors import BadInput, NotFound
from db.jobs import Handle
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import page_unit
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.methods.options import MilanOptions, NetDissectOptions, checkpoint_of
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

RUNNERS = {"describe": describe, "ablate": ablate}
MILAN = MilanOptions("tiny-milan", beam_size=4)
PLAN = describe_plan.Plan("two-layers", "validation", ("early", "late"), (MILAN,))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    two_layer_subject(folder / "subject")
    coloured_images(folder / "validation", seed=1)
    coloured_images(folder / "test", seed=2)
    tiny_milan(folder / "tiny-milan")
    return folder


def furnished(path: Path, files: Path) -> Workspace:
    workspace = create(path)
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, files / "subject" / "SUBJECT.toml")
        workspace_files.enter_images(db, files / "validation")
        workspace_files.enter_images(db, files / "test")
        workspace_files.enter_checkpoint(db, str(files / "tiny-milan"))
    return workspace


@pytest.fixture
def workspace(tmp_path: Path, files: Path) -> Workspace:
    return furnished(tmp_path / "workspace", files)


def enqueue(workspace: Workspace, plan: describe_plan.Plan = PLAN) -> int:
    with open_database(workspace) as db:
        return describe_plan.enqueue(db, plan, device="cpu", person="ada")


def sentences(workspace: Workspace) -> list[tuple[object, ...]]:
    with open_database(workspace) as db:
        page = descriptions.page(db, limit=1_000)
        return [
            (row.layer, row.unit, row.text, descriptions.of_unit(db, row.unit_id)[0].candidates)
            for row in page.rows
        ]


def only_after(handle: Handle, asked: Iterator[int], count: int) -> Handle:
    return replace(handle, watch=replace(handle.watch, cancelled=lambda: next(asked) >= count))


def test_a_job_describes_every_unit_and_tells_its_rates(workspace: Workspace) -> None:
    job_id = enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        job = jobs.get(db, job_id)
        assert (job.state, job.message) == ("done", "")
        assert job.result["described"] == 14
        assert job.result["images_per_s"] > 0
        estimate = describe_plan.estimate(db, "two-layers", "test", ["late"])
        (found,) = [each for each in exemplars.sets(db) if each.layer == "late"]
        shown = descriptions.of_unit(db, exemplars.units_of(db, found.exemplar_set_id)[0].unit_id)
    assert estimate is not None
    assert (estimate.units, estimate.images) == (8, 40)
    assert estimate.description_s is not None
    assert len(shown[0].candidates) >= 2
    text, given, prior = shown[0].candidates[0]
    assert shown[0].text == text
    assert shown[0].score == pytest.approx(given - 0.2 * prior, abs=1e-4)


@pytest.mark.parametrize("stopped_at", [1, 3, 4])
def test_a_stopped_job_resumes_and_ends_as_one_that_was_not(
    workspace: Workspace, tmp_path: Path, files: Path, stopped_at: int
) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    stopped = furnished(tmp_path / "stopped", files)
    job_id = enqueue(stopped)
    asked = iter(range(1_000))
    jobs.work(stopped, {"describe": lambda handle: describe(only_after(handle, asked, stopped_at))})
    with open_database(stopped) as db:
        assert jobs.get(db, job_id).state == "cancelled"
        jobs.requeue(db, job_id)
    jobs.work(stopped, RUNNERS)
    assert sentences(stopped) == sentences(workspace)
    assert len(sentences(stopped)) == 14


def test_describing_again_adds_nothing_and_other_settings_are_other_exemplars(
    workspace: Workspace,
) -> None:
    for plan in (PLAN, PLAN, replace(PLAN, k=5)):
        enqueue(workspace, plan)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        assert len(exemplars.sets(db)) == 4
    assert len(sentences(workspace)) == 28


def test_describing_with_another_search_adds_its_own_sentences(workspace: Workspace) -> None:
    usual = replace(PLAN, layers=("early",), methods=(MilanOptions("tiny-milan"),))
    others = [
        replace(usual, methods=(MilanOptions("tiny-milan", *search),))
        for search in ((1,), (50, 0.0))
    ]
    ids = [enqueue(workspace, plan) for plan in (usual, *others, usual, *others)]
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        assert [jobs.get(db, each).result["described"] for each in ids] == [6, 6, 6, 0, 0, 0]
        (made,) = exemplars.sets(db)
        unit = exemplars.units_of(db, made.exemplar_set_id)[0]
        said = descriptions.of_unit(db, unit.unit_id)
        checkpoint = subjects.get_checkpoint(db, "tiny-milan")
    assert said[2].model_hash == checkpoint.hash, "the usual search is known by the checkpoint"
    assert {checkpoint_of(each.model_hash) for each in said} == {checkpoint.hash}
    assert [len(each.candidates) for each in said][1] == 1
    page = page_unit.unit(unit, page_unit.Sentences(said), [1.0], [])
    assert "<h4>MILAN (beam 50, lambda 0)" in page
    assert "<h4>MILAN<" in page


@pytest.mark.parametrize(
    ("plan", "error", "sentence"),
    [
        (replace(PLAN, subject=""), BadInput, "Choose a network first"),
        (replace(PLAN, layers=()), BadInput, "Choose at least one layer first"),
        (replace(PLAN, subject="resnet"), NotFound, r"\(two-layers\), got 'resnet'"),
        (replace(PLAN, images="none"), NotFound, r"\(test, validation\), got 'none'"),
        (replace(PLAN, layers=("layer9",)), BadInput, "expected layers of two-layers, got layer9"),
        (replace(PLAN, k=41), BadInput, "expected k of at most 40"),
        (replace(PLAN, quantile=1.0), BadInput, "expected a quantile between 0 and 1"),
        (replace(PLAN, methods=()), BadInput, "Choose at least one method first"),
        (replace(PLAN, methods=(MilanOptions(),)), BadInput, "Choose a MILAN checkpoint first"),
        (
            replace(PLAN, methods=(NetDissectOptions(("/etc",)),)),
            NotFound,
            "the name of concepts of this workspace",
        ),
    ],
)
def test_a_bad_plan_is_refused_before_it_is_queued(
    workspace: Workspace, plan: describe_plan.Plan, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        enqueue(workspace, plan)
    with open_database(workspace) as db:
        assert jobs.latest(db) == []


def confirm_all(workspace: Workspace, layer: str) -> Query:
    query = Query(any=("text",), concept="text")
    with open_database(workspace) as db:
        texts = words.missing(db)
        words.add(db, "test", {text: [words.Word(0, 1, "text", "text", "X")] for text in texts})
        for match in finding.find(db, replace(query, layer=layer), limit=100).matches:
            verdicts.sign_off(db, match, query, person="ada", verdict="confirmed")
    return query


def test_confirmed_units_are_ablated_beside_their_controls(workspace: Workspace) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    confirm_all(workspace, "late")
    how = How(controls=3, sort_all=True)
    plan = ablation_plans.Plan("two-layers", "text", "validation", "test", how)
    with open_database(workspace) as db:
        job_id = ablation_plans.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        assert jobs.get(db, job_id).state == "done", jobs.get(db, job_id).message
        found = ablations.get(db, jobs.get(db, job_id).result["ablation_id"])
        points = ablations.curve(db, found.ablation_id)
    assert len(found.units) == 8
    assert found.request["unit_ids"] == sorted(found.units)
    lines = {(each.condition, each.trial, each.split) for each in points}
    assert lines == {
        (condition, trial, split)
        for condition, trials in (("keyword", 1), ("random", 3), ("sorted_all", 1))
        for trial in range(trials)
        for split in ("validation", "test")
    }
    assert {each.n_ablated for each in points} == set(range(9))
    assert any("All 8 units of layer late" in text for text in found.summary["warnings"])


def test_a_stopped_ablation_measures_nothing_twice(workspace: Workspace) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    confirm_all(workspace, "late")
    plan = ablation_plans.Plan("two-layers", "text", "validation", "test", How(controls=2))
    with open_database(workspace) as db:
        job_id = ablation_plans.enqueue(db, plan, device="cpu", person="ada")
    asked = iter(range(1_000))
    jobs.work(workspace, {"ablate": lambda handle: ablate(only_after(handle, asked, 6))})
    with open_database(workspace) as db:
        assert jobs.get(db, job_id).state == "cancelled"
        (before,) = db.execute("select count(*) from evaluations").fetchone()
        assert before > 0
        # What is confirmed meanwhile belongs to the next experiment, not to this one.
        jobs.requeue(db, job_id)
    confirm_all(workspace, "early")
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        (found,) = ablations.latest(db)
        assert len(found.units) == 8


def test_a_network_whose_weights_changed_is_not_ablated(
    workspace: Workspace, files: Path, tmp_path: Path
) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    confirm_all(workspace, "late")
    with open_database(workspace) as db:
        db.execute("update subjects set weights_hash = 'another'")
        plan = ablation_plans.Plan("two-layers", "text", "validation", "test")
        job_id = ablation_plans.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        assert "got others in" in jobs.get(db, job_id).message


def test_a_conflict_between_reviewers_keeps_a_unit_out(workspace: Workspace) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    query = confirm_all(workspace, "late")
    with open_database(workspace) as db:
        units = verdicts.confirmed(db, "two-layers", "text")
        signoffs.add(
            db, units[0].unit_id, person="bob", verdict="rejected", concept=query.concept, seen={}
        )
        assert verdicts.confirmed(db, "two-layers", "text") == units[1:]


def test_nothing_confirmed_is_one_sentence(workspace: Workspace) -> None:
    with open_database(workspace) as db, pytest.raises(BadInput, match="got none: confirm some"):
        ablation_plans.enqueue(
            db,
            ablation_plans.Plan("two-layers", "text", "validation", "test"),
            device="cpu",
            person="ada",
        )


def ablated(workspace: Workspace, plan: ablation_plans.Plan, **given: Any) -> ablations.Ablation:
    """Run a plan to its end and give what it found."""
    with open_database(workspace) as db:
        job_id = ablation_plans.enqueue(db, plan, device="cpu", person="ada", **given)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        job = jobs.get(db, job_id)
        assert job.state == "done", job.message
        return ablations.get(db, job.result["ablation_id"])


ONE = How(controls=1)
LISTED = ablation_plans.Plan("two-layers", "", "validation", "test", ONE, source="list")


@pytest.mark.parametrize("order", ["score", "random"])
def test_units_are_ablated_in_the_order_that_was_asked_for(
    workspace: Workspace, order: Any
) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    plan = replace(LISTED, how=replace(ONE, order=order, whole_layers=True, seed=3))
    found = ablated(workspace, plan, listed=" ".join(f"late-{unit}" for unit in range(6)))
    assert sorted(unit for _, unit in found.summary["units"]) == [0, 1, 2, 3, 4, 5]
    with open_database(workspace) as db:
        scores = [descriptions.of_unit(db, unit_id)[0].score for unit_id in found.units]
        points = ablations.curve(db, found.ablation_id)
    assert (scores == sorted(scores, reverse=True)) == (order == "score")
    assert {p.n_ablated for p in points if p.condition == "whole_layer"} == {8}
    assert any("without all 8 units of late" in name for name, _ in found.summary["rows"])


def test_all_units_of_a_filter_are_ablated_without_any_verdict(workspace: Workspace) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        (early,) = [each for each in exemplars.sets(db) if each.layer == "early"]
        found = [unit.unit_id for unit in exemplars.units_of(db, early.exemplar_set_id)]
    plan = replace(LISTED, source="filter", concept="early ones")
    done = ablated(workspace, plan, found=found)
    assert [layer for layer, _ in done.summary["units"]] == ["early"] * 6
    assert done.request["concept"] == "early ones"


def test_labels_may_come_from_a_table_or_be_absent(workspace: Workspace, files: Path) -> None:
    for name in ("flat-a", "flat-b"):
        (files / name).mkdir(exist_ok=True)
        for path in sorted((files / "test").rglob("*.png")):
            shutil.copy(path, files / name / f"{path.parent.name}-{path.name}")
        with open_database(workspace) as db:
            workspace_files.enter_images(db, files / name)
    plan = replace(LISTED, validation="flat-a", test="flat-b")
    assert ablated(workspace, plan, listed="late-1").summary["measure"] == "agreement"
    table = "path,class\n" + "".join(
        f"{path.name},{path.name.split('-')[0]}\n" for path in (files / "flat-b").iterdir()
    )
    labelled = ablated(
        workspace, replace(plan, validation_labels=table, test_labels=table), listed="late-1"
    )
    folders = ablated(workspace, replace(LISTED, validation="test"), listed="late-1")
    assert labelled.summary["measure"] == "accuracy"
    assert labelled.summary["start"]["test"] == folders.summary["start"]["test"]
    assert labelled.summary["by_class"]["red"]["images"] == 20


def test_a_head_is_trained_beside_the_unedited_networks(
    workspace: Workspace, tmp_path: Path
) -> None:
    with open_database(workspace) as db:
        workspace_files.enter_images(db, coloured_images(tmp_path / "training", count=12, seed=3))
    found = ablated(workspace, replace(LISTED, training="training"), listed="late-0 late-1")
    head = found.summary["head"]
    assert head["edited"]["after"] >= 0.5
    assert head["unedited"]["before"] == found.summary["start"]["test"]
    assert sum("head trained again on training" in name for name, _ in found.summary["rows"]) == 2


def test_images_that_the_exemplars_come_from_are_warned_of(workspace: Workspace) -> None:
    enqueue(workspace)
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        told = ablation_plans.warnings(db, replace(LISTED, test="validation"))
    assert len(told) == 3
    assert "Validation and test images are the same" in told[0]
    assert "The test images validation are those that the exemplars come from" in told[2]
    found = ablated(workspace, LISTED, listed="late-1")
    assert [text.split(":")[0] for text in found.summary["warnings"]][-1] == (
        "The validation images validation are those that the exemplars come from"
    )


@pytest.mark.parametrize(
    ("plan", "listed", "sentence"),
    [
        (LISTED, "late-9 early-3 layer9-1", "units that exist.*got late-9, layer9-1; layers: late"),
        (LISTED, " ", "Type the units to ablate first"),
        (
            replace(LISTED, how=How(controls=1, order="score")),
            "late-1",
            "a description with a score for every unit",
        ),
        (replace(LISTED, how=How(controls=0)), "late-1", "at least 1 random control, got 0"),
        (replace(LISTED, test_labels="a,b"), "late-1", "expected the columns path and class"),
        (replace(LISTED, validation="other"), "late-1", "network's 2 classes, got 'green'"),
        (replace(LISTED, source="filter"), "", "the filter finds, got none: change the filter"),
    ],
)
def test_a_bad_ablation_is_refused_before_it_is_queued(
    workspace: Workspace, files: Path, plan: ablation_plans.Plan, listed: str, sentence: str
) -> None:
    if not (files / "other").exists():
        shutil.copytree(files / "test" / "red", files / "other" / "green")
    with open_database(workspace) as db:
        workspace_files.enter_images(db, files / "other")
        with pytest.raises(BadInput, match=sentence):
            ablation_plans.enqueue(db, plan, device="cpu", person="ada", listed=listed)
        assert jobs.latest(db) == []
