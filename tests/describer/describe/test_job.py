"""A job of several methods: killed anywhere and resumed it ends with the same bytes."""

import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db import jobs
from db.describe import concept_sets, descriptions, exemplars, provenances
from db.errors import NotFound
from db.jobs import Handle
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import origin, page_unit
from describer.describe import plan as describe_plan
from describer.describe.job import describe
from describer.describe.plan import Plan
from describer.describe.result import Result
from describer.methods import vlm
from describer.methods.dnd.options import Options as DndOptions
from describer.methods.options import (
    Asked,
    ClipDissectOptions,
    CompositionalOptions,
    MilanOptions,
    NetDissectOptions,
)
from helpers import tiny
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

COLOURS = ("colours",)
ASKED: dict[str, Asked] = {
    "milan": MilanOptions("tiny-milan", beam_size=4),
    "netdissect": NetDissectOptions(COLOURS),
    "compositional": CompositionalOptions(COLOURS, length=2),
    "clip-dissect": ClipDissectOptions("clip", ("red", "blue", "dog", "sky")),
    "dnd": DndOptions("blip", likeness="clip", exemplars=2, candidates=2, pictures=2, steps=1),
    "vlm": vlm.Options("looker", exemplars=2),
}
ALL = Plan("two-layers", "images", ("early", "late"), tuple(ASKED.values()), k=4)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers", reason="transformers is not installed")
    folder = tmp_path_factory.mktemp("files")
    two_layer_subject(folder / "subject")
    coloured_images(folder / "images", count=6)
    tiny_milan(folder / "tiny-milan")
    for make in (tiny.blip, tiny.clip, tiny.looker):
        make(folder / "models" / make.__name__)
    return folder


def furnished(path: Path, files: Path) -> Workspace:
    workspace = create(path)
    (workspace.path / "models").symlink_to(files / "models")
    with open_database(workspace) as db:
        workspace_files.enter_subject(db, files / "subject" / "SUBJECT.toml")
        workspace_files.enter_images(db, files / "images")
        workspace_files.enter_checkpoint(db, str(files / "tiny-milan"))
    return workspace


def enqueue(workspace: Workspace, plan: Plan) -> int:
    with open_database(workspace) as db:
        return describe_plan.enqueue(db, plan, device="cpu", person="ada")


def rows(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Every byte that a method's sentences are stored as, but for the moment."""
    with open_database(workspace) as db:
        return list(
            db.execute(
                """
                select unit_id, method, model_hash, text, score, candidates_json, detail_json
                from descriptions order by unit_id, method
                """
            )
        )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Workspace:
    workspace = furnished(tmp_path_factory.mktemp("whole") / "workspace", files)
    job_id = enqueue(workspace, ALL)
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        job = jobs.get(db, job_id)
        assert job.state == "done", job.message
        assert Plan.from_json(job.args) == ALL
    return workspace


def test_every_method_says_something_of_every_unit_and_what_it_is_made_of(
    whole: Workspace,
) -> None:
    found = rows(whole)
    for name in ASKED:
        own = [row for row in found if row[1] == name]
        assert len(own) == 14, name
        assert all(text or json.loads(detail)["reason"] for *_, text, _, _, detail in own), name
        (known,) = {row[2] for row in own}
        with open_database(whole) as db:
            made_of = provenances.of(db, name, known)
        assert made_of, name
        if name == "milan":
            assert known == f"{made_of['checkpoint']}+beam 4, lambda 0.2"
    with open_database(whole) as db:
        (job,) = jobs.latest(db)
        result = Result.from_json(job.result)
        assert [name for name, _, _ in result.by_method] == list(ASKED)
        assert result.described == 14 * len(ASKED)
        estimate = describe_plan.estimate(db, "two-layers", "images", ["late"], list(ASKED))
        assert estimate is not None
        assert estimate.description_s is not None
        assert not estimate.unmeasured
        one = descriptions.of_unit(db, 1)
        assert {each.method for each in one} <= set(ASKED)
        assert all(each.text for each in descriptions.page(db, limit=1_000).rows)


def test_the_page_of_a_unit_tells_how_each_sentence_came_about(whole: Workspace) -> None:
    with open_database(whole) as db:
        unit = exemplars.unit(db, 9)
        said = descriptions.answers(db, unit.unit_id)
        found = {}
        for each in said:
            made_of = provenances.of(db, each.method, each.model_hash)
            kept = origin.kept_of(whole, unit, each)
            found[each.description_id] = origin.origin(each, made_of, kept)
    by_method = {each.method: found[each.description_id] for each in said}
    assert {*by_method} == {*ASKED}
    for method, pictures in (("netdissect", 1), ("compositional", 1), ("dnd", 2)):
        steps = by_method[method].steps
        assert len(steps) == pictures, method
        for step in steps:
            jpeg = origin.picture_of(whole, unit.unit_id, step.picture)
            assert Image.open(io.BytesIO(jpeg)).size[0] >= 196  # two tiles
    captions, candidates = (step.rows for step in by_method["dnd"].steps)
    assert len(captions) == 2
    assert all("activations" in numbers for _, numbers in candidates)
    assert [text for text, _ in by_method["clip-dissect"].candidates[:4]]
    assert ("checkpoint", "tiny-milan") in [
        (name.removeprefix("asked "), value) for name, value in by_method["milan"].facts
    ]
    counted = origin.histogram(whole, unit)
    assert counted is not None
    assert sum(counted.counts) == 12
    page = page_unit.unit(unit, page_unit.Sentences(said, found), [1.0], [], counted=counted)
    for words in ("how it came about", "orange", "IoU", "soft-wpmi", "largest activation"):
        assert words in page, words
    with pytest.raises(NotFound):
        origin.picture_of(whole, unit.unit_id, "origin-999999-overlap")
    with pytest.raises(NotFound):
        origin.picture_of(whole, unit.unit_id, "origin-1-../../etc")


class Killed(BaseException):
    """What ends a process ends this: nothing catches it."""


@pytest.mark.parametrize("name", list(ASKED))
def test_killed_at_five_random_points_and_resumed_it_gives_the_same_bytes(
    whole: Workspace, files: Path, tmp_path: Path, name: str
) -> None:
    workspace = furnished(tmp_path / "workspace", files)
    plan = replace(ALL, methods=(ASKED[name],))
    expected = [row for row in rows(whole) if row[1] == name]
    points = steps(workspace, plan, furnished(tmp_path / "counted", files))
    chance = random.Random(name)
    cut = 0
    for _ in range(5):
        job_id = enqueue(workspace, plan)
        with pytest.raises(Killed):
            jobs.work(workspace, {"describe": dying(chance.randint(1, max(1, points // 2)))})
        cut += 1
        with open_database(workspace) as db:
            db.execute("update jobs set state = 'interrupted' where job_id = ?", [job_id])
            db.conn.commit()
        if len(rows(workspace)) == len(expected):
            break
    enqueue(workspace, plan)
    jobs.work(workspace, {"describe": describe})
    assert cut >= 1
    assert [row[1:] for row in rows(workspace)] == [row[1:] for row in expected]


def steps(_workspace: Workspace, plan: Plan, counted: Workspace) -> int:
    """How often a whole run asks whether it shall stop."""
    asked: list[int] = []

    def counting(handle: Handle) -> dict[str, Any]:
        def cancelled() -> bool:
            asked.append(1)
            return False

        return describe(replace(handle, watch=replace(handle.watch, cancelled=cancelled)))

    enqueue(counted, plan)
    jobs.work(counted, {"describe": counting})
    return len(asked)


def dying(after: int) -> Callable[[Handle], dict[str, Any]]:
    """A job that dies the `after`-th time it asks whether it shall stop."""
    numbers: Iterator[int] = iter(range(1, 10_000))

    def run(handle: Handle) -> dict[str, Any]:
        def cancelled() -> bool:
            if next(numbers) >= after:
                raise Killed
            return False

        return describe(replace(handle, watch=replace(handle.watch, cancelled=cancelled)))

    return run


def test_a_plan_of_before_there_were_several_methods_is_still_read() -> None:
    kept = {
        "subject": "net",
        "images": "val",
        "checkpoint": "demo",
        "layers": ["a"],
        "k": 15,
        "quantile": 0.99,
        "pooling": "max",
        "beam_size": 5,
        "temperature": 0.0,
    }
    plan = Plan.from_json(kept)
    assert plan.methods == (MilanOptions("demo", 5, 0.0),)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_concepts_that_have_changed_are_refused_before_the_network_is_run(
    files: Path, tmp_path: Path
) -> None:
    from helpers import concepts

    workspace = furnished(tmp_path / "workspace", files)
    place = concepts.segmentation(tmp_path / "things")
    with open_database(workspace) as db:
        workspace_files.enter_concepts(db, str(place), form="segmentation")
        (row,) = concept_sets.every(db)
    (place / "names.txt").write_text("\nsky\tscene\ncat\n")
    job_id = enqueue(workspace, replace(ALL, methods=(NetDissectOptions((row.name,)),)))
    jobs.work(workspace, {"describe": describe})
    with open_database(workspace) as db:
        job = jobs.get(db, job_id)
    assert job.state == "failed"
    assert "the labels that the concepts things had when they were added" in job.message
    assert not list(workspace.exemplars.glob("*"))
