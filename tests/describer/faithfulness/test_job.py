"""After the sentences: scores, trusted sentences and sanity tests as rows; resumed to the same."""

import contextlib
import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db import jobs
from db.audit import finding
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness, trusted
from db.describe.descriptions import TRUSTED, NewDescription
from db.errors import BadInput, Cancelled
from db.jobs import Watch
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import export
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.describe.plan import Plan
from describer.describe.result import Result
from describer.exemplars import layout, pooled
from describer.faithfulness import job as faithful
from describer.faithfulness.measures import NAMES, SOUND
from describer.images import probing
from describer.methods.options import NetDissectOptions
from describer.methods.study import Study
from describer.subjects import definition
from helpers.worlds import coloured_images, two_layer_subject

LAYERS = ("early", "late")
ASKED = faithful.Asked("colours")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Two layers described by NetDissect with colours, and by a hand that sees blue everywhere."""
    files = tmp_path_factory.mktemp("files")
    made = create(files / "workspace")
    with open_database(made) as db:
        workspace_files.enter_subject(db, two_layer_subject(files / "subject"))
        workspace_files.enter_images(db, coloured_images(files / "images", count=30))
        plan = Plan("two-layers", "images", LAYERS, (NetDissectOptions(("colours",)),), k=5)
        describe_plan.enqueue(db, plan, device="cpu", person="ada")
    jobs.work(made, {"describe": describe})
    with open_database(made) as db:
        units = [
            unit
            for each in exemplars.sets(db)
            for unit in exemplars.units_of(db, each.exemplar_set_id)
        ]
        descriptions.add(
            db,
            [NewDescription(unit.unit_id, "by-hand", "", "blue or gold", None) for unit in units],
        )
    return made


def study_of(workspace: Workspace) -> tuple[Study, list[exemplars.ExemplarSet]]:
    with open_database(workspace) as db:
        sets = exemplars.sets(db)
        row = db.execute("select source from subjects").fetchone()
        root = db.execute("select root from probing_sets").fetchone()
    source = layout.ExemplarFolder(
        workspace.exemplars / sets[0].folder, layout.ImageStore(workspace.images)
    )
    subject = definition.read(Path(row[0]))
    return Study(source, subject, probing.open_folder(Path(root[0])), workspace.models), sets


def rows(workspace: Workspace) -> list[tuple[Any, ...]]:
    """All that was kept, but for the moments."""
    found: list[tuple[Any, ...]] = []
    with open_database(workspace) as db:
        for table in ("faithfulness", "trusted", "unit_figures", "sanity_tests"):
            columns = [name for name in db[table].columns_dict if name != "created_utc"]
            found += db.execute(f"select {', '.join(columns)} from {table} order by 1, 2, 3")
    return found


@pytest.fixture(scope="module")
def scored(workspace: Workspace) -> Workspace:
    study, sets = study_of(workspace)
    told = faithful.measure(workspace, study, sets, ASKED, Watch())
    assert (told.sentences > 14, told.judge) == (True, "the concepts of colours")
    return workspace


def test_the_job_itself_scores_by_the_best_judge_that_is_there(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        (job,) = jobs.latest(db, kinds=["describe"])
        found = Result.from_json(job.result)
        # Neither labels nor a model: the folders' names.
        assert found.judge == "likeness to the images' classes, by shared content words (lemmas)"
        # One unit is active nowhere, and NetDissect says nothing of it.
        assert (found.described, found.scored) == (14, 13)
        assert Plan.from_json(job.args).pooled


def test_every_sentence_has_every_measure_beside_chance(scored: Workspace) -> None:
    with open_database(scored) as db:
        said = descriptions.of_subject(db, "two-layers", method="by-hand")
        found = {
            each.description_id: each
            for each in faithfulness.of_descriptions(db, [one.description_id for one in said])
            if each.judge == "the concepts of colours"
        }
    assert set(found) == {one.description_id for one in said}
    for each in found.values():
        assert each.images == "images, images that gave no exemplars"
        assert set(each.measures) == set(NAMES)
        value, low, high, constant, _ = each.measures["correlation"]
        assert value == each.correlation
        assert low is not None
        assert high is not None
        assert low <= high
        assert constant == 0
        assert each.measures["mad"][1] is None
    with open_database(scored) as db:
        kept = faithfulness.tests(db, exemplars.sets(db)[0].exemplar_set_id)
    tests = {each["judge"]: each["tests"] for each in kept}
    by_classes = tests["likeness to the images' classes, by shared content words (lemmas)"]
    assert set(by_classes) == set(NAMES)
    assert by_classes["correlation"]["pairs"] > 0
    assert by_classes["correlation"]["left_out"]["passed"] is True
    # Every image has a little of every colour that was named: nothing to leave out or add.
    assert tests["the concepts of colours"]["f1"]["pairs"] == 0


def test_a_unit_has_a_trusted_sentence_or_a_reason(scored: Workspace) -> None:
    with open_database(scored) as db:
        every = [
            unit.unit_id
            for each in exemplars.sets(db)
            for unit in exemplars.units_of(db, each.exemplar_set_id)
        ]
        found = trusted.of_units(db, every)
        assert set(found) == set(every)
        sure = [each for each in found.values() if each.description_id is not None]
        assert sure
        for each in found.values():
            assert bool(each.text) == (not each.reason)
            assert each.measure in SOUND
        for one in sure:
            assert one.low is not None
            assert one.low > 0
            assert one.text == one.candidate_text
        figures = trusted.figures(db, every)
        assert {sum(each.counts) for each in figures.values()} == {60}
        assert {each.clarity for each in figures.values()} == {None}
        # Found, listed and exported by the word that stands for all methods.
        query = Query(any=("blue", "red", "gold"), methods=(TRUSTED,))
        ids = set(finding.unit_ids(db, query))
        assert ids <= {one.unit_id for one in sure}
        listed = descriptions.page(db, method=TRUSTED)
        assert {row.description_id for row in listed.rows} == {one.description_id for one in sure}
        assert descriptions.choices(db) == ["by-hand", "netdissect", TRUSTED]
        made = export.write(db, scored.reports, method=TRUSTED)
        assert made.rows == len(sure)


def test_what_was_kept_is_what_the_numbers_say(scored: Workspace) -> None:
    study, sets = study_of(scored)
    activations = pooled.read(study.source, "late", "max")
    assert activations is not None
    ids = study.source.exemplars("late").ids
    with open_database(scored) as db:
        set_ = next(each for each in sets if each.layer == "late")
        units = {row.unit: row.unit_id for row in exemplars.units_of(db, set_.exemplar_set_id)}
        (said,) = [one for one in descriptions.of_unit(db, units[3]) if one.method == "by-hand"]
        score = next(
            each
            for each in faithfulness.of_descriptions(db, [said.description_id])
            if "colours" in each.judge
        )
    # The eleven colours, asked by hand about every image.
    from describer.faithfulness import scoring
    from describer.faithfulness.judges import labels
    from describer.methods.concepts import opening

    assert study.subject is not None
    assert study.probing is not None
    colours = opening.open_set("colours", "")
    with labels.labelled(study.probing, study.subject, colours, "colours", Watch()) as judge:
        degree = judge.hold([said.text], Watch()).degree[:, 0].astype(float)
    rest = np.setdiff1d(np.arange(60), ids[3])
    expected = np.corrcoef(activations[rest, 3].astype(float), degree[rest])[0, 1]
    assert score.correlation == pytest.approx(expected, abs=1e-9)
    assert scoring.Options().pooling == "max"


def test_stopped_at_random_points_and_resumed_it_ends_with_the_same_rows(
    scored: Workspace,
) -> None:
    study, sets = study_of(scored)
    again = replace(ASKED, options=replace(ASKED.options, seed=1))
    generator = random.Random(0)

    def clear() -> None:
        with open_database(scored) as db:
            for table in ("faithfulness", "trusted", "unit_figures", "sanity_tests"):
                db.execute(f"delete from {table}")

    clear()
    faithful.measure(scored, study, sets, again, Watch())
    expected = rows(scored)
    clear()
    for _ in range(5):
        calls = itertools.count()
        # A look at the images asks twice, each layer 120 times and more.
        stop = generator.randrange(250)
        watch = Watch(cancelled=lambda calls=calls, stop=stop: next(calls) >= stop)
        with contextlib.suppress(Cancelled):
            faithful.measure(scored, study, sets, again, watch)
    faithful.measure(scored, study, sets, again, Watch())
    assert rows(scored) == expected
    before = rows(scored)
    assert faithful.measure(scored, study, sets, again, Watch()) == faithful.Told()
    assert rows(scored) == before


def test_further_sentences_are_scored_and_others_weighed_against_them(
    scored: Workspace,
) -> None:
    study, sets = study_of(scored)
    faithful.measure(scored, study, sets, ASKED, Watch())
    with open_database(scored) as db:
        unit = exemplars.units_of(db, sets[0].exemplar_set_id)[0]
        descriptions.add(db, [NewDescription(unit.unit_id, "latest", "", "a red thing", None)])
    told = faithful.measure(scored, study, sets, ASKED, Watch())
    with open_database(scored) as db:
        said = [one for one in descriptions.of_unit(db, unit.unit_id) if one.method == "latest"]
        assert faithfulness.of_descriptions(db, [said[0].description_id])
        # The other layer has nothing new.
        early = len(exemplars.units_of(db, sets[0].exemplar_set_id))
    assert early < told.sentences <= 3 * early


@pytest.mark.parametrize(
    ("word", "message"),
    [("model:nowhere", "nowhere"), ("demo", "expected images of the demo"), ("yolo:x", "at x")],
)
def test_a_judge_that_is_not_here_is_said(workspace: Workspace, word: str, message: str) -> None:
    study, sets = study_of(workspace)
    with pytest.raises(BadInput, match=message):
        faithful.measure(workspace, study, sets, faithful.Asked(word), Watch())
    assert faithful.measure(workspace, study, sets, faithful.Asked("none"), Watch()).reason
