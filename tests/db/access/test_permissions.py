"""Doors: a handler answers only the roles it declares, and says so in a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from db.access import users
from db.access.permissions import LOCAL, Doors, Person
from db.errors import BadInput
from db.workspace import Workspace, create, open_database


@dataclass
class Request:
    username: str | None = None


class Refused(Exception):
    pass


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = create(tmp_path / "workspace")
    with open_database(workspace) as db:
        users.add(db, "ada", "admin", password="correct horse")
        users.add(db, "ann", "annotator", password="battery staple")
    return workspace


def doors(workspace: Workspace, *, login: bool = True) -> Doors:
    return Doors(workspace, login=login, refuse=Refused)


def test_the_declared_role_gets_in(workspace: Workspace) -> None:
    @doors(workspace).allow("admin")
    def close(number: int, request: Request) -> int:
        return number + 1

    assert close(1, Request("ada")) == 2
    assert close(number=1, request=Request(" ADA ")) == 2


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("ann", "This needs the role admin; ann is annotator"),
        ("nobody", "no longer exists"),
        (None, "Sign in first"),
    ],
)
def test_everybody_else_is_refused(
    workspace: Workspace, username: str | None, sentence: str
) -> None:
    called = []

    @doors(workspace).allow("admin")
    def close(request: Request) -> None:
        called.append(1)

    with pytest.raises(Refused, match=sentence):
        close(Request(username))
    assert not called


def test_a_generator_is_checked_before_its_first_step(workspace: Workspace) -> None:
    @doors(workspace).allow("admin")
    def steps(request: Request) -> Iterator[int]:
        yield 1

    assert list(steps(Request("ada"))) == [1]
    with pytest.raises(Refused):
        list(steps(Request("ann")))


def test_without_login_whoever_sits_at_the_machine_is_the_local_admin(
    workspace: Workspace,
) -> None:
    open_doors = doors(workspace, login=False)
    assert open_doors.person(Request("ann")) == Person(LOCAL, "admin")


def test_sentences_of_the_domain_reach_the_page_and_defects_do_not(workspace: Workspace) -> None:
    @doors(workspace).allow("admin")
    def refuse(request: Request) -> None:
        raise BadInput("expected two words, got one")

    @doors(workspace).allow("admin")
    def break_down(request: Request) -> None:
        raise KeyError("inner")

    with pytest.raises(Refused, match="expected two words, got one"):
        refuse(Request("ada"))
    with pytest.raises(KeyError):
        break_down(Request("ada"))


def test_a_handler_without_request_cannot_be_declared(workspace: Workspace) -> None:
    with pytest.raises(TypeError, match="take a parameter `request`"):

        @doors(workspace).allow("admin")
        def blind(number: int) -> int:
            return number


def test_the_roles_stand_on_the_handler_for_the_test_over_all_endpoints(
    workspace: Workspace,
) -> None:
    @doors(workspace).allow("reviewer", "admin")
    def confirm(request: Request) -> None: ...

    assert confirm.roles == ("reviewer", "admin")  # type: ignore[attr-defined]
