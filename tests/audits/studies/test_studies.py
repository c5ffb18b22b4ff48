"""Studies of descriptions as jobs: what they find is kept, can be taken away, and is checked."""

import csv
import json
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from audits.find import page as find_page
from audits.find import queue
from audits.network import likely
from audits.studies import page as studies_page
from audits.studies import plan as studies_plan
from audits.studies.job_faithfulness import faithfulness
from audits.studies.job_importance import importance
from audits.studies.job_uses import uses
from audits.studies.plan import Plan
from audits.studies.results import Faithfulness, Importance, Uses
from db import jobs
from db.audit import finding
from db.audit.words import Query
from db.describe import descriptions, exemplars, subjects
from db.describe import faithfulness as db_faithfulness
from db.describe.descriptions import NewDescription
from db.errors import BadInput, NotFound
from db.jobs import Job
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import page_unit as unit_pages
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.methods.options import MilanOptions
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

RUNNERS = {"importance": importance, "uses": uses, "faithfulness": faithfulness}
EVIL = "<b>dogs</b> of\n=1+2"
SENTENCES = ("red patches", "red patches on blue", "blue patches", "a blue sky", EVIL)
IMPORTANCE = Plan("importance", "two-layers", "by-hand", "validation", controls=2, step=0.25)
USES = Plan("uses", "two-layers", "by-hand", "validation", controls=2, unseen="test")
FAITHFUL = Plan("faithfulness", "two-layers", "by-hand", "test", controls=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    files = tmp_path_factory.mktemp("files")
    workspace = create(files / "workspace")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, two_layer_subject(files / "subject"))
        for place, name in enumerate(("validation", "test")):
            workspace_files.enter_images(db, coloured_images(files / name, count=8, seed=place))
        workspace_files.enter_checkpoint(db, str(tiny_milan(files / "tiny-milan")))
        plan = describe_plan.Plan(
            "two-layers",
            "validation",
            ("early", "late"),
            (MilanOptions("tiny-milan", beam_size=2),),
        )
        describe_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        # Sentences of another method, of whose words the test knows what to expect.
        units = [
            unit.unit_id
            for each in exemplars.sets(db)
            for unit in exemplars.units_of(db, each.exemplar_set_id)
        ]
        descriptions.add(
            db,
            [
                NewDescription(unit_id, "by-hand", "", SENTENCES[place % len(SENTENCES)], None)
                for place, unit_id in enumerate(sorted(units))
            ],
        )
    return workspace


@pytest.fixture(scope="module")
def done(made: Workspace) -> dict[str, Job]:
    with open_database(made) as db:
        ids = [
            studies_plan.enqueue(db, plan, device="cpu", person="ada")
            for plan in (
                IMPORTANCE,
                replace(USES, groups="colours: red, blue\nanimals: dog"),
                FAITHFUL,
            )
        ]
    jobs.work(made, RUNNERS)
    with open_database(made) as db:
        found = [jobs.get(db, job_id) for job_id in ids]
    assert [(each.state, each.message) for each in found] == [("done", "")] * 3
    return {each.kind: each for each in found}


def test_images_are_proposed_whose_classes_the_network_has(made: Workspace, tmp_path: Path) -> None:
    named = "two-layers-validation"
    strange = coloured_images(tmp_path / named, count=2)
    (strange / "red").rename(strange / "zebra")
    with open_database(made) as db:
        workspace_files.enter_images(db, strange)
        for purpose in ("validation", "test"):
            assert likely.likely_images(db, "two-layers", purpose) == purpose
        # Of a network that is not here only the names can tell.
        assert likely.likely_images(db, "elsewhere two layers", "validation") == named
        db.execute("delete from probing_sets where name = ?", [named])


def test_only_networks_that_classify_are_offered_for_pasting(
    made: Workspace, tmp_path: Path
) -> None:
    with open_database(made) as db:
        assert studies_plan.classifiers(db) == ["two-layers"]
        row = subjects.get(db, "two-layers")
        nameless = tmp_path / "nameless.toml"
        text = row.source.read_text().replace("network.py", str(row.source.parent / "network.py"))
        nameless.write_text(text.replace('classes = ["blue", "red"]', ""))
        for kept, expected in ((row.layers, ["two-layers"]), (row.layers[:1], [])):
            db.execute(
                "update subjects set source = ?, layers_json = ? where name = 'two-layers'",
                [str(nameless), json.dumps([astuple(each) for each in kept])],
            )
            assert studies_plan.networks(db) == ["two-layers"]
            assert studies_plan.classifiers(db) == expected
        db.execute(
            "update subjects set source = ?, layers_json = ? where name = 'two-layers'",
            [str(row.source), json.dumps([astuple(each) for each in row.layers])],
        )


def test_importance_starts_unedited_and_ends_with_nothing(done: dict[str, Job]) -> None:
    result = done["importance"].result
    assert result["counts"] == [0, 4, 7, 10, 14]
    starts = {line[0] for line in [*result["curves"].values(), *result["random_curves"]]}
    ends = {line[-1] for line in [*result["curves"].values(), *result["random_curves"]]}
    assert len(starts) == len(ends) == 1, "every order begins and ends with the same network"
    assert set(result["curves"]) == set(result["first"]) == set(result["tied"])
    assert set(result["layers"]) == {*result["curves"], *result["constant"]}
    longest = result["first"]["length"]
    assert [each["score"] for each in longest] == sorted(
        (each["score"] for each in longest), reverse=True
    )
    assert set(result["layers"]["nouns"]) == {"early", "late"}
    assert result["layers"]["nouns"]["late"]["units"] == 8


def test_uses_group_prune_and_tell_apart(done: dict[str, Job]) -> None:
    result = done["uses"].result
    assert sum(len(each["units"]) for each in result["groups"]) == 14
    assert {each["super_class"] for each in result["groups"]} >= {"colours"}
    frequency = {each["term"]: each["units"] for each in result["terms"]}
    assert frequency["patch"] == 9
    for pruned in [*result["pruned_terms"], *result["pruned"].values()]:
        assert len(pruned["drawn"]) == 2
        assert all(len(draw) == pruned["units"] for draw in pruned["drawn"])
        assert set(pruned["classes_after"]) == {"red", "blue"}
    assert result["known"] == ["blue", "red"], "classes that the network was trained on are said"
    classified = {each["name"]: each for each in result["classified"]["classes"]}
    assert classified["red"]["auroc"] <= classified["red"]["best"]
    assert -1 <= result["likeness"]["correlation"]["value"] <= 1


def test_sentences_are_faithful_where_units_act_as_they_say(
    made: Workspace, done: dict[str, Job]
) -> None:
    result = done["faithfulness"].result
    assert "classes" in result["judge"]
    assert {each["units"] for each in result["layers"].values()} == {14, 6, 8}
    with open_database(made) as db:
        described = descriptions.of_subject(db, "two-layers", method="by-hand")
        found = db_faithfulness.of_descriptions(db, [each.description_id for each in described])
        assert len(found) == 14
        # What the job kept is what a plain computation gives, for one unit.
        chosen = next(each for each in described if each.text == "red patches")
        score = next(each for each in found if each.description_id == chosen.description_id)
        assert score.constant == pytest.approx(2 / 16)
        assert 0 <= score.auprc <= 1
        assert len({each.shuffled for each in found}) > 1
        best = max(each.auprc for each in found)
        query = Query(any=("red", "blue", "dogs"), methods=("by-hand",), faithful=best)
        units = finding.unit_ids(db, query)
        everything = finding.unit_ids(db, replace(query, faithful=0.0))
        assert 0 < len(units) < len(everything)
    assert {each["score"] for each in result["most"]} >= {best}


def test_what_was_found_can_be_taken_away_and_no_cell_is_run(
    made: Workspace, done: dict[str, Job]
) -> None:
    for kind, job in done.items():
        path = made.reports / job.result["file"]
        assert job.result["file"] == f"{kind}-{job.job_id}.csv"
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert len({len(row) for row in rows}) == 1
        assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)
    assert any(EVIL in row for row in rows)


def test_the_pages_show_it_and_text_is_text(made: Workspace, done: dict[str, Job]) -> None:
    page = ""
    found = Faithfulness.from_json(done["faithfulness"].result)
    with open_database(made) as db:
        for each in (
            Importance.from_json(done["importance"].result),
            Uses.from_json(done["uses"].result),
            found,
        ):
            ids = studies_page.examples(each)
            page += studies_page.shown(each, {id_: exemplars.unit(db, id_) for id_ in ids})
        step = queue.step(db, Query(any=("red",), methods=("by-hand",)), person="ada")
        each = exemplars.unit(db, found.most[0].unit_id)
        told = descriptions.of_unit(db, each.unit_id)
        scores = db_faithfulness.of_descriptions(db, [one.description_id for one in told])
    assert "a constant sentence 0.12" in find_page.look(step)
    machines = unit_pages.Sentences(told, scores=scores)
    assert "faithful to AUPRC" in unit_pages.unit(each, machines, [1.0], [])
    for text in (
        "Most faithful",
        "random orders",
        "Scores by layer",
        "stand alone",
        "Mean AUROC",
        "shuffled pairs",
    ):
        assert text in page
    assert "<b>dogs" not in page
    assert "&lt;b&gt;dogs" in page


def test_a_stopped_study_goes_on_to_the_same_result(made: Workspace) -> None:
    plan = replace(IMPORTANCE, seed=5, step=0.2)
    asked: Iterator[int] = iter(range(1_000))
    with open_database(made) as db:
        job_id = studies_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(
        made,
        {
            "importance": lambda h: importance(
                replace(h, watch=replace(h.watch, cancelled=lambda: next(asked) >= 3))
            )
        },
    )
    with open_database(made) as db:
        assert jobs.get(db, job_id).state == "cancelled"
        jobs.requeue(db, job_id)
    jobs.work(made, RUNNERS)
    with open_database(made) as db:
        # Nothing that was kept helps the one that is not stopped.
        db.execute("delete from evaluations")
        other = studies_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(made, RUNNERS)
    with open_database(made) as db:
        again, straight = jobs.get(db, job_id).result, jobs.get(db, other).result
    assert {**again, "file": ""} == {**straight, "file": ""}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"subject": ""}, "Choose a network first"),
        ({"method": "nobody"}, "expected at least 3 units of two-layers described by nobody"),
        ({"layer": "head"}, "two-layers in head described by by-hand, got 0"),
        ({"controls": 1}, "expected at least 2 random controls, got 1"),
        ({"step": 0.0}, "expected a step above 0 and up to 50 %, got 0 %"),
        ({"threshold": 1.5}, "expected a threshold above 0 and up to 1, got 1.5"),
        ({"groups": ": dog"}, "expected a super-class as `name: word, word`, got ': dog'"),
    ],
)
def test_bad_plans_are_refused_in_one_sentence(
    made: Workspace, changed: dict[str, object], message: str
) -> None:
    with open_database(made) as db, pytest.raises(BadInput, match=message):
        studies_plan.enqueue(db, replace(USES, **changed), device="cpu", person="ada")  # type: ignore[arg-type]


def test_unknown_names_and_terms_are_said(made: Workspace, tmp_path: Path) -> None:
    with open_database(made) as db:
        with pytest.raises(NotFound, match="elsewhere"):
            studies_plan.enqueue(db, replace(USES, images="elsewhere"), device="cpu", person="ada")
        job_id = studies_plan.enqueue(
            db, replace(USES, terms="unicorn"), device="cpu", person="ada"
        )
    jobs.work(made, RUNNERS)
    with open_database(made) as db:
        failed = jobs.get(db, job_id)
    assert failed.state == "failed"
    assert "expected terms that descriptions hold, got unicorn; the commonest are" in failed.message


def test_a_unit_that_is_silent_is_as_faithful_as_chance(tmp_path: Path) -> None:
    """Whatever its sentence: files are sorted by class, and ties must not name the first one."""
    path = two_layer_subject(tmp_path / "subject")
    network = path.with_name("network.py")
    silence = "    with torch.no_grad():\n        network.early[0].weight[:3] = 0\n"
    silence += "        network.early[0].bias[:3] = -1\n    return network\n"
    network.write_text(network.read_text().replace("    return network\n", silence))
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        row = workspace_files.enter_subject(db, path)
        workspace_files.enter_images(db, coloured_images(tmp_path / "test", count=20, seed=1))
        kept = exemplars.add(
            db,
            hash="h",
            subject_id=row.subject_id,
            probing_set_id=1,
            layer="early",
            units=6,
            k=15,
            folder="h",
            provenance={},
        )
        units = exemplars.units_of(db, kept.exemplar_set_id)
        texts = ("blue patches", "red patches", "a dog") * 2
        descriptions.add(
            db,
            [
                NewDescription(unit.unit_id, "by-hand", "", text, None)
                for unit, text in zip(units, texts, strict=True)
            ],
        )
        job_id = studies_plan.enqueue(db, FAITHFUL, device="cpu", person="ada")
    jobs.work(workspace, RUNNERS)
    with open_database(workspace) as db:
        done = jobs.get(db, job_id)
        assert (done.state, done.result["silent"]) == ("done", 3)
        found = db_faithfulness.of_descriptions(db, [1, 2, 3])
        faithful = Faithfulness.from_json(done.result)
        ids = studies_page.examples(faithful)
        shown = {each: exemplars.unit(db, each) for each in ids}
    for each in found:
        assert (each.auprc, each.constant, each.shuffled) == (0.1, 0.1, 0.1)
        assert (each.auroc, each.correlation) == (0.5, 0.0)
    assert "3 units are alike active on all" in studies_page.faithfulness(faithful, shown)


def test_faithfulness_takes_images_of_any_classes(made: Workspace, tmp_path: Path) -> None:
    folder = coloured_images(tmp_path / "zebras", count=6, seed=5)
    (folder / "red").rename(folder / "zebra")
    with open_database(made) as db:
        workspace_files.enter_images(db, folder)
        job_id = studies_plan.enqueue(
            db, replace(FAITHFUL, images="zebras"), device="cpu", person=""
        )
        with pytest.raises(BadInput, match="network's 2 classes, got 'zebra'"):
            studies_plan.enqueue(db, replace(USES, images="zebras"), device="cpu", person="ada")
    jobs.work(made, RUNNERS)
    with open_database(made) as db:
        found = jobs.get(db, job_id)
    assert (found.state, found.message) == ("done", "")
    assert found.result["image_count"] == 12
