"""Links: which open, which do not, and what who came by one may see."""

from dataclasses import replace
from pathlib import Path

import pytest

from db.annotate import campaigns
from db.crowd import doorway, invitations, links, participants, recruitment
from db.crowd.doorway import CLOSED, Doorway
from db.crowd.recruitment import Recruitment
from db.workspace import Workspace, open_database
from helpers.annotating import add_units, workspace_with_campaign


@pytest.fixture
def place(tmp_path: Path) -> tuple[Workspace, int]:
    return workspace_with_campaign(tmp_path / "w", 4)


def link(workspace: Workspace, campaign_id: int, **offer: object) -> str:
    wanted = Recruitment(nonce=links.new_nonce(), **offer)  # type: ignore[arg-type]
    with open_database(workspace) as db:
        recruitment.save(db, campaign_id, wanted, person="admin")
    assert wanted.nonce is not None
    secret = workspace.secret.read_bytes()
    return links.campaign_token(campaign_id, wanted.nonce, secret=secret)


def test_a_link_opens_one_account_for_each_id(place: tuple[Workspace, int]) -> None:
    workspace, campaign_id = place
    token, door = link(workspace, campaign_id), Doorway(workspace)
    first = door.enter({"campaign": token, "PROLIFIC_PID": "p1", "SESSION_ID": "x"})
    assert first.name.startswith("participant ")
    assert door.enter({"campaign": token, "PROLIFIC_PID": "p1"}).name == first.name
    assert door.enter({"campaign": token, "workerId": "p1", "assignmentId": "a"}).name != first.name
    assert door.is_link({"campaign": token})
    assert not door.is_link({"campaign": "3"})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"PROLIFIC_PID": "{{%PROLIFIC_PID%}}"},
        {"PROLIFIC_PID": " "},
        {"workerId": "w", "assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"},
        {"pid": "x" * 500},
    ],
)
def test_a_link_without_an_id_opens_nothing(
    place: tuple[Workspace, int], query: dict[str, str]
) -> None:
    workspace, campaign_id = place
    token = link(workspace, campaign_id)
    found = Doorway(workspace).enter({"campaign": token, **query})
    assert found.name == ""
    assert found.sentence
    with open_database(workspace) as db:
        assert participants.every(db, campaign_id) == []


def test_a_forged_an_old_a_revoked_and_a_closed_link_open_nothing(
    place: tuple[Workspace, int],
) -> None:
    workspace, campaign_id = place
    door = Doorway(workspace)
    old = link(workspace, campaign_id)
    token = link(workspace, campaign_id)
    secret, other = workspace.secret.read_bytes(), b"1" * 32
    with open_database(workspace) as db:
        nonce = recruitment.of(db, campaign_id).nonce or ""
    forged = [
        old,
        links.campaign_token(campaign_id, nonce, secret=other),
        links.campaign_token(campaign_id + 1, nonce, secret=secret),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        f"c{campaign_id + 1}" + token[token.index(".") :],
        links.invitation_token(99, secret=secret),
        "i1" + token[token.index(".") :],
    ]
    for each in forged:
        found = door.enter({"campaign": each, "pid": "ada"})
        assert (found.name, found.sentence) == ("", CLOSED), each
    assert door.enter({"campaign": token, "pid": "ada"}).name
    with open_database(workspace) as db:
        offer = recruitment.of(db, campaign_id)
        ended = replace(offer, closes_utc="2020-01-01T00:00:00.000Z")
        recruitment.save(db, campaign_id, ended, person="admin")
    # Who is in can come back after the link closed; nobody new.
    assert door.enter({"campaign": token, "pid": "ada"}).name
    assert door.enter({"campaign": token, "pid": "bo"}).sentence == CLOSED
    with open_database(workspace) as db:
        recruitment.save(db, campaign_id, replace(offer, nonce=None), person="admin")
    assert door.enter({"campaign": token, "pid": "ada"}).sentence == CLOSED


def test_who_finds_no_place_is_sent_where_an_admin_said(place: tuple[Workspace, int]) -> None:
    workspace, campaign_id = place
    token = link(workspace, campaign_id, places=1, full="FULL1")
    door = Doorway(workspace)
    door.enter({"campaign": token, "PROLIFIC_PID": "p1"})
    found = door.enter({"campaign": token, "PROLIFIC_PID": "p2"})
    assert found.destination is not None
    assert found.destination.address == "https://app.prolific.com/submissions/complete?cc=FULL1"


def test_a_participant_sees_the_pictures_of_their_campaign_alone(
    place: tuple[Workspace, int],
) -> None:
    workspace, campaign_id = place
    door = Doorway(workspace)
    who = door.enter({"campaign": link(workspace, campaign_id), "pid": "ada"}).name
    with open_database(workspace) as db:
        (own, *_) = campaigns.unit_ids(db, campaign_id)
        (other, *_) = add_units(db, 2, subject="other")
    assert door.may(who, f"/pictures/{own}/grid.jpg")
    assert not door.may(who, f"/pictures/{other}/grid.jpg")
    assert not door.may(who, "/verdicts")
    assert not door.may(who, "/reports/answers-1.zip")
    assert door.may(who, "/config")
    assert door.may("ada", f"/pictures/{other}/grid.jpg")


def test_an_invitation_is_for_one_person_until_it_ends(place: tuple[Workspace, int]) -> None:
    workspace, campaign_id = place
    door, secret = Doorway(workspace), workspace.secret.read_bytes()
    with open_database(workspace) as db:
        made = invitations.add(
            db, campaign_id, "ada@lab.example\n\n bo \nbo\n", days=1, person="admin"
        )
        assert [each.label for each in made] == ["ada@lab.example", "bo"]
    tokens = [links.invitation_token(each.invitation_id, secret=secret) for each in made]
    first = door.enter({"campaign": tokens[0]})
    assert first.name
    # Whatever the link says besides, it is the invitation's person.
    assert door.enter({"campaign": tokens[0], "PROLIFIC_PID": "x"}).name == first.name
    with open_database(workspace) as db:
        invitations.revoke(db, made[0].invitation_id, person="admin")
        db.execute(
            "update invitations set expires_utc = '2020' where invitation_id = ?",
            [made[1].invitation_id],
        )
    assert [door.enter({"campaign": token}).sentence for token in tokens] == [CLOSED, CLOSED]
    assert not door.may(first.name, "/config")
    with open_database(workspace) as db:
        log = str(db.execute("select * from log").fetchall())
    assert "ada@lab" not in log


def test_ids_of_a_link_are_read_by_platform() -> None:
    found = doorway.arrived({"workerId": "w", "hitId": "h", "assignmentId": "a"})
    assert found == participants.Arrival("mturk", "w", "h", "a")
