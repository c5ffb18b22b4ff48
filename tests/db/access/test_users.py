"""Accounts: names are compared as people type them, passwords are kept as hashes."""

import sqlite3

import pytest
from sqlite_utils import Database

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


def test_a_removed_account_is_closed_and_its_name_stays_taken(db: Database) -> None:
    users.add(db, "ada", "admin", password="correct horse")
    users.remove(db, "ada")
    assert not users.verify(db, "ada", "correct horse")
    with pytest.raises(NotFound, match="expected the name of an account, got 'ada'"):
        users.get(db, "ada")
    with pytest.raises(BadInput, match="not taken"):
        users.add(db, "ADA", "admin", password="correct horse")


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
