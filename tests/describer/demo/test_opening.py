"""The demo becomes rows once: two campaigns, of which people find theirs untouched."""

import functools
from dataclasses import replace
from pathlib import Path

import pytest

from db.access import users
from db.annotate import campaigns, progress, slots
from db.annotate.campaigns import Settings
from db.describe import concept_sets
from db.workspace import create, open_database
from describer import workspace_files
from describer.demo import opening, workspace
from describer.demo import shipped as own
from describer.demo.sentences import annotators, methods, shipped
from describer.demo.world import albums
from describer.methods.opening import Places, open_method

SETTINGS = Settings("Describe.")


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One network and few pictures, with what is shipped about it."""
    said = shipped.read()
    assert said is not None
    about = [each for each in said.annotations if each.subject == "signs"]
    small = replace(
        said,
        descriptions=tuple(each for each in said.descriptions if each.subject == "signs"),
        to_annotate=tuple(dict.fromkeys((one.subject, one.layer, one.unit) for one in about[:30])),
        annotations=tuple(about),
        sentences=tuple(each for each in said.sentences if each.subject == "signs"),
    )
    images = (albums.DemoImages("album", "", "shipped", 30, "probe"),)
    monkeypatch.setattr(shipped, "read", lambda: small)
    monkeypatch.setattr(
        workspace,
        "prepare",
        functools.partial(workspace.prepare, images=images, shown=("signs",)),
    )


@pytest.mark.usefixtures("_small")
def test_simulated_sentences_stand_beside_a_campaign_that_is_all_peoples(tmp_path: Path) -> None:
    made = create(tmp_path / "workspace")
    assert opening.open_demo(made, settings=SETTINGS)
    assert not opening.open_demo(made, settings=SETTINGS)
    with open_database(made) as db:
        for_people, machines = campaigns.every(db)
        assert (for_people.name, for_people.state) == (opening.CAMPAIGN, "open")
        assert progress.of(db, for_people.campaign_id).free == 3 * 10
        users.ensure(db, "ada", "annotator")
        assert isinstance(slots.claim(db, for_people.campaign_id, "ada"), slots.Claim)
        assert (machines.name, machines.state) == (opening.SIMULATED, "closed")
        found = progress.of(db, machines.campaign_id)
        assert found.complete == found.units > 200
        assert {users.get(db, name).kind for name in annotators.ANNOTATORS} == {"simulated"}


@pytest.mark.usefixtures("_small")
def test_every_methods_sentences_come_with_what_they_are_made_of(tmp_path: Path) -> None:
    made = create(tmp_path / "workspace")
    opening.open_demo(made, settings=SETTINGS)
    said = shipped.read()
    assert said is not None
    with open_database(made) as db:
        entered = methods.collected(db)
        assert list(entered[0]) == list(said.made_of)
        assert sorted(entered[1], key=_place) == sorted(
            (one for one in said.sentences if one.text), key=_place
        )
        (concepts,) = concept_sets.every(db)
        assert (concepts.name, concepts.place) == ("demo", "demo-probe")
    for folder in own.own_models():
        assert (made.models / folder.name).is_dir()


def _place(one: shipped.DemoSentence) -> tuple[int, str, int]:
    return one.made_of, one.layer, one.unit


def test_a_job_that_asks_what_is_shipped_finds_it_answered(tmp_path: Path) -> None:
    """The hash of each method as a job would have it is the one that sentences are stored under."""
    made = create(tmp_path / "workspace")
    opening.place_models(made)
    said = shipped.read()
    assert said is not None
    known = {(one.method, one.hash) for one in said.made_of}
    with open_database(made) as db:
        workspace_files.enter_concepts(db, "demo-probe", form="demo", name="demo")
        for subject in {one.subject for one in said.sentences}:
            for asked in methods.asked_of(subject):
                if asked.method in {method for method, _ in known}:
                    opened = open_method(asked, Places(made.models, "cpu", db))
                    found = opened.provenance(made.models)
                    assert (found.method, found.hash) in known


def test_what_is_shipped_is_three_different_sentences_a_unit() -> None:
    said = shipped.read()
    assert said is not None
    by_unit: dict[tuple[str, str, int], list[shipped.DemoAnnotation]] = {}
    for each in said.annotations:
        by_unit.setdefault((each.subject, each.layer, each.unit), []).append(each)
    assert {subject for subject, _, _ in by_unit} == set(workspace.SHOWN)
    described = {(each.subject, each.layer, each.unit) for each in said.descriptions}
    assert len(by_unit) > 0.8 * len(described)
    for three in by_unit.values():
        assert len({each.annotator for each in three}) == len(three) == 3
        assert len({each.sentence for each in three}) == 3
