"""The address that the page's script saves verdicts by: who may, once each, on the unit seen."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from audits.find import page, queue
from audits.find.query import Fields, query_of
from audits.find.route import verdicts
from db.access import users
from db.audit import blind_review, signoffs, words
from db.audit.words import PRESETS, Word
from db.describe.descriptions import NewDescription
from db.describe.descriptions import add as describe
from db.workspace import Workspace, create, open_database
from helpers.annotating import add_units

QUERY = query_of(Fields(preset="face"), PRESETS)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Forty units that are described as faces, and people of every role."""
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        for name, role in (("rae", "reviewer"), ("sam", "reviewer"), ("ann", "annotator")):
            users.add(db, name, role)  # type: ignore[arg-type]
        new = [NewDescription(unit, "milan", "m", "a face", -1.0) for unit in add_units(db, 40)]
        describe(db, new)
        words.add(db, "test", {"a face": [Word(2, 6, "face", "face", "NOUN")]})
    return workspace


class Reviewer:
    """The page's script of one person."""

    def __init__(self, workspace: Workspace, person: str, role: str | None = "reviewer") -> None:
        self.person = person
        route = Route("/verdicts", verdicts(workspace), methods=["POST"])
        app = Starlette(routes=[route])

        async def entered(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "role": role, "person": person}, receive, send)

        self.client = TestClient(entered)
        with open_database(workspace) as db:
            look = page.look(queue.step(db, QUERY, person=person))
        self.held = json.loads(unescape(look.split('data-queue="')[1].split('">')[0]))
        self.cards = self.held["cards"]

    def press(self, card: int, verdict: str, number: int = 0, **other: object) -> dict[str, Any]:
        shown = self.cards[card]
        names = ("unit_id", "method", "sentence_id", "sha256", "exemplars")
        return {
            **{name: shown[name] for name in names},
            "press": f"{self.person}-press-{number}",
            "verdict": verdict,
            "of": "",
            "query": self.held["query"],
            "tag": "signs",
            "note": "a reason",
            "pictured": True,
            **other,
        }

    def send(self, *presses: object, skip: int = 0, limit: int = 0, **other: object) -> Any:
        asked = {"person": self.person, "query": self.held["query"], "presses": presses}
        return self.client.post("/verdicts", json={**asked, "skip": skip, "limit": limit, **other})


def standing(workspace: Workspace) -> list[tuple[int, str]]:
    with open_database(workspace) as db:
        return [(given.unit_id, given.verdict) for given in signoffs.current(db)]


def test_a_press_is_one_verdict_however_often_it_comes(workspace: Workspace) -> None:
    rae = Reviewer(workspace, "rae")
    pressed = rae.press(0, "confirmed"), rae.press(1, "rejected", 1)
    for _ in range(2):
        answer = rae.send(*pressed, limit=3).json()
        assert answer["refusals"] == ["", ""]
        assert answer["waiting"] == 38
        assert "confirmed <b>1</b>" in answer["tally"]
        assert answer["cards"][0]["unit_id"] == rae.cards[2]["unit_id"]
    units = [card["unit_id"] for card in rae.cards]
    assert standing(workspace) == [(units[0], "confirmed"), (units[1], "rejected")]
    with open_database(workspace) as db:
        (first,) = signoffs.history(db, units[0])
    assert (first.note, first.tag) == ("a reason", "signs")
    assert first.seen["exemplars"] == "toy-conv1"
    assert first.seen["description"] == "a face"
    assert first.seen["filter"]["any"] == list(QUERY.any)
    assert "picture" not in first.seen


def test_what_is_taken_back_waits_again_and_stays_taken_back(workspace: Workspace) -> None:
    rae = Reviewer(workspace, "rae")
    judged = rae.press(0, "confirmed")
    undone = rae.press(0, "withdrawn", 1, of=judged["press"])
    for _ in range(2):
        assert rae.send(judged, undone).json()["refusals"] == ["", ""]
        assert standing(workspace) == []
    answer = rae.send(limit=1).json()
    assert answer["waiting"] == 40
    assert answer["cards"][0]["unit_id"] == judged["unit_id"]
    again = rae.send(rae.press(0, "rejected", 2), undone).json()
    assert again["refusals"] == ["", ""], "the second press of undo is the first one"
    assert standing(workspace) == [(judged["unit_id"], "rejected")]
    never = rae.press(1, "withdrawn", 3, of="never-was-pressed")
    assert "never was" in rae.send(never).json()["refusals"][0]


def test_a_verdict_on_something_else_than_what_stands_is_refused(workspace: Workspace) -> None:
    rae = Reviewer(workspace, "rae")
    for wrong in (
        {"sha256": "0" * 64},
        {"exemplars": "others"},
        {"sentence_id": rae.cards[1]["sentence_id"]},
    ):
        (said,) = rae.send(rae.press(0, "confirmed", **wrong)).json()["refusals"]
        assert "has changed since" in said
    unit_gone = rae.send(rae.press(0, "confirmed", unit_id=10**6)).json()
    assert unit_gone["refusals"] != [""]
    assert standing(workspace) == []


def test_others_verdicts_stay_blind_and_a_late_one_is_refused(workspace: Workspace) -> None:
    with open_database(workspace) as db:
        blind_review.require(db, 2, person="admin")
    rae, sam = Reviewer(workspace, "rae"), Reviewer(workspace, "sam")
    rae.send(rae.press(0, "confirmed"))
    blind = sam.send(limit=1).json()
    assert blind["states"] == {}
    assert "rae" not in blind["cards"][0]["html"]
    opened = sam.send(sam.press(0, "confirmed")).json()
    assert opened["states"] == {str(sam.cards[0]["unit_id"]): "confirmed"}
    late = rae.send(rae.press(0, "rejected", 1)).json()
    assert "yours stands" in late["refusals"][0]
    assert [verdict for _, verdict in standing(workspace)] == ["confirmed", "confirmed"]


def test_only_staff_and_only_the_person_whose_page_it_is(workspace: Workspace) -> None:
    rae = Reviewer(workspace, "rae")
    press = rae.press(0, "confirmed")
    assert Reviewer(workspace, "ann", "annotator").send(press).status_code == 403
    assert Reviewer(workspace, "nobody", None).send(press).status_code == 403
    assert rae.send(press, person="sam").status_code == 409
    form = rae.client.post("/verdicts", content=json.dumps({"presses": []}))
    assert form.status_code == 415
    assert standing(workspace) == []


@pytest.mark.parametrize(
    "other",
    [
        {"presses": "x"},
        {"presses": [{}] * 101},
        {"skip": -1},
        {"limit": "9"},
        {"query": {"any": 3}},
        {"query": {"any": [1]}},
        {"query": None},
    ],
)
def test_what_no_page_sends_is_refused(workspace: Workspace, other: dict[str, Any]) -> None:
    assert Reviewer(workspace, "rae").send(**other).status_code == 400


def test_a_press_that_no_page_sends_is_refused_by_itself(workspace: Workspace) -> None:
    rae = Reviewer(workspace, "rae")
    bad = [
        {},
        "x",
        rae.press(0, "withdrew"),
        rae.press(0, "confirmed", tag=3),
        rae.press(0, "confirmed", note="x" * 2001),
        rae.press(0, "confirmed", press="short"),
    ]
    answer = rae.send(*bad, rae.press(0, "unsure", pictured=False)).json()
    assert all(answer["refusals"][:-1])
    with open_database(workspace) as db:
        (given,) = signoffs.current(db)
    assert given.seen["picture"] == "was still loading"
