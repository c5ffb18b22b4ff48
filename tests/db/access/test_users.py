"""Accounts: names are compared as people type them, passwords are kept as hashes."""

import sqlite3

import pytest
from sqlite_utils import Database

from db import log
from db.access import users
from db.errors import BadInput, NotFound
from db.workspace import prepare


@pytest.fixture
def db() -> Database:
    return prepare(sqlite3.connect(":memory:"))


def test_a_password_is_verified_and_never_stored(db: Database) -> None:
    users.add(db, "Ada  Lovelace", "reviewer", password="correct horse")
    assert users.verify(db, " ada lovelace", "correct horse")
    assert not users.verify(db, "ada lovelace", "correct horsf")
    assert not users.verify(db, "nobody", "correct horse")
    (stored,) = db.execute("select password_hash from users").fetchone()
    assert "horse" not in stored


def test_an_account_without_password_cannot_sign_in(db: Database) -> None:
    users.ensure(db, "simulated-1", "annotator", kind="simulated")
    assert not users.verify(db, "simulated-1", "")


def test_a_name_under_which_nothing_was_written_is_free_again(db: Database) -> None:
    users.add(db, "ada", "admin", password="correct horse")
    users.set_password(db, "ada", "another horse")
    assert users.remove(db, "ada")
    assert not users.verify(db, "ada", "another horse")
    with pytest.raises(NotFound, match="expected the name of an account, got 'ada'"):
        users.get(db, "ada")
    assert users.add(db, "ADA", "annotator", password="third horse").role == "annotator"


def test_a_name_with_work_stays_that_persons(db: Database) -> None:
    users.add(db, "ada", "reviewer", password="correct horse")
    log.add(db, "ada", "stated the purpose", "report:text", purpose="safety")
    assert not users.remove(db, "ada")
    with pytest.raises(BadInput, match=r"work of a removed account stands.*reopen"):
        users.add(db, "ADA", "admin", password="correct horse")
    assert users.reopen(db, "Ada", password="another horse").role == "reviewer"
    assert users.verify(db, "ada", "another horse")
    assert not users.verify(db, "ada", "correct horse")
    with pytest.raises(NotFound, match="that was removed"):
        users.reopen(db, "ada", password="another horse")


def test_a_new_password_replaces_the_former_and_changes_the_stamp(db: Database) -> None:
    users.add(db, "ada", "reviewer", password="correct horse")
    before = users.stamp(db, "ada")
    users.set_password(db, " Ada ", "another horse", person="root")
    assert users.verify(db, "ada", "another horse")
    assert not users.verify(db, "ada", "correct horse")
    assert users.stamp(db, "ada") != before
    event = log.of(db, "user:ada")[-1]
    assert (event.person, event.action) == ("root", "new password")
    assert "horse" not in str(event)


@pytest.mark.parametrize(
    ("name", "role", "password", "sentence"),
    [
        ("", "admin", "correct horse", "1 to 64 printable characters"),
        ("a" * 65, "admin", "correct horse", "1 to 64 printable characters"),
        ("ada\x00", "admin", "correct horse", "1 to 64 printable characters"),
        ("ada", "owner", "correct horse", "expected a role among admin, reviewer, annotator"),
        ("ada", "admin", "short", "at least 8 characters, got 5"),
    ],
)
def test_bad_accounts_are_refused(
    db: Database, name: str, role: users.Role, password: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        users.add(db, name, role, password=password)
    assert users.every(db) == []


def test_new_passwords_differ_and_are_long_enough() -> None:
    passwords = {users.new_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(len(password) == 19 for password in passwords)
