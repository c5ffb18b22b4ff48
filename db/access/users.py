"""Accounts: a name, a role, a kind, and a scrypt hash of the password.

    users.add(db, "ada", "reviewer", password="...")
    users.verify(db, "ada", "...")          # True or False, in constant time
    users.role_of(db, "ada")

Names are compared without regard to case and surrounding space, as a person types them. Who may do
what is decided in `db.access.permissions`.
"""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

from sqlite_utils import Database

from db import log
from db.errors import BadInput, NotFound
from db.workspace import now

Role = Literal["admin", "reviewer", "annotator"]
Kind = Literal["human", "simulated"]
ROLES: tuple[Role, ...] = get_args(Role)
ADMIN: tuple[Role, ...] = ("admin",)
STAFF: tuple[Role, ...] = ("admin", "reviewer")
EVERYBODY: tuple[Role, ...] = ("admin", "reviewer", "annotator")

# Columns of any table that name a person, and what the log says of accounts themselves.
_PEOPLE = ("annotator", "person", "reviewer", "started_by", "made_by")
_ACCOUNT = ("account", "account removed", "account reopened", "new password")

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1


@dataclass(frozen=True)
class User:
    """One account; the password's hash stays in the database."""

    name: str
    role: Role
    kind: Kind
    created_utc: str


def normalise(name: str) -> str:
    """The name as it is stored: NFKC, trimmed, inner space single, lower case.

    Raises:
        BadInput: nothing is left, it is too long, or it holds control characters.
    """
    text = " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
    if not text or len(text) > 64 or not text.isprintable():
        raise BadInput(f"expected a name of 1 to 64 printable characters, got {name[:80]!r}")
    return text


def add(
    db: Database, name: str, role: Role, *, password: str | None = None, kind: Kind = "human"
) -> User:
    """Make an account. Without a password nobody can sign in with it (simulated, local use).

    Raises:
        BadInput: the name is taken or unusable, or the role does not exist.
    """
    if role not in ROLES:
        raise BadInput(f"expected a role among {', '.join(ROLES)}, got {role!r}")
    name = normalise(name)
    cursor = db.execute(
        """
        insert or ignore into users (name, role, kind, password_hash, created_utc)
        values (:name, :role, :kind, :hash, :now)
        """,
        {
            "name": name,
            "role": role,
            "kind": kind,
            "hash": None if password is None else _hash(password),
            "now": now(),
        },
    )
    if not cursor.rowcount:
        closed = db.execute(
            "select 1 from users where name = ? and removed_utc is not null", [name]
        ).fetchone()
        raise BadInput(
            f"expected a name that is not taken, got {name!r}"
            + (
                ", under which work of a removed account stands: `users reopen` gives it back to "
                "that person, anybody else needs another name"
                if closed
                else ""
            )
        )
    log.add(db, name, "account", f"user:{name}", role=role, kind=kind)
    return get(db, name)


def ensure(db: Database, name: str, role: Role, *, kind: Kind = "human") -> User:
    """The account of that name; made without a password when it is missing."""
    try:
        return get(db, name)
    except NotFound:
        return add(db, name, role, kind=kind)


def get(db: Database, name: str) -> User:
    """One account.

    Raises:
        NotFound: there is none of that name, or it was removed.
    """
    rows = db.query(
        """
        select name, role, kind, created_utc from users
        where name = ? and removed_utc is null
        """,
        [normalise(name)],
    )
    for row in rows:
        return User(**row)
    raise NotFound(f"expected the name of an account, got {name!r}")


def simulated(db: Database) -> frozenset[str]:
    """The names of annotators that are no people."""
    rows = db.conn.execute("select name from users where kind = 'simulated'")
    return frozenset(name for (name,) in rows)


def every(db: Database) -> list[User]:
    """All accounts that were not removed, by name."""
    rows = db.query(
        "select name, role, kind, created_utc from users where removed_utc is null order by name"
    )
    return [User(**row) for row in rows]


def remove(db: Database, name: str) -> bool:
    """Close an account. A name that nobody wrote anything under is free again; the others stay what
    they stand under in the work, and `reopen` gives the account back to the same person.

    Returns:
        Whether the name is free.

    Raises:
        NotFound: there is no such account.
    """
    user = get(db, name)
    with db.atomic():
        wrote = _wrote(db, user.name)
        if wrote:
            db.execute(
                "update users set removed_utc = ?, password_hash = null where name = ?",
                [now(), user.name],
            )
        else:
            db.execute("delete from users where name = ?", [user.name])
        log.add(db, user.name, "account removed", f"user:{user.name}")
    return not wrote


def reopen(db: Database, name: str, *, password: str) -> User:
    """Give a removed account back to the person whose work stands under its name.

    Raises:
        NotFound: no account of that name was removed.
        BadInput: the password is too short.
    """
    name = normalise(name)
    cursor = db.execute(
        """
        update users set removed_utc = null, password_hash = ?
        where name = ? and removed_utc is not null
        """,
        [_hash(password), name],
    )
    if not cursor.rowcount:
        raise NotFound(f"expected the name of an account that was removed, got {name!r}")
    log.add(db, name, "account reopened", f"user:{name}")
    return get(db, name)


def _wrote(db: Database, name: str) -> bool:
    """Whether anything but the account itself stands under a name."""
    columns = [
        (table, column)
        for (table,) in db.conn.execute("select name from sqlite_master where type = 'table'")
        for _, column, *_ in db.conn.execute(f"pragma table_info({table})")
        if column in _PEOPLE and table != "users"
    ]
    others = {"log": f" and action not in ({', '.join(repr(action) for action in _ACCOUNT)})"}
    return any(
        db.execute(
            f"select 1 from {table} where {column} = ?{others.get(table, '')} limit 1", [name]
        ).fetchone()
        for table, column in columns
    )


def set_password(db: Database, name: str, password: str, *, person: str = "") -> User:
    """Give an account a new password; sessions that were opened with the former one end.

    Args:
        person: who does it, for the log.

    Raises:
        NotFound: there is no such account.
        BadInput: the password is too short.
    """
    user = get(db, name)
    with db.atomic():
        db.execute(
            "update users set password_hash = ? where name = ?", [_hash(password), user.name]
        )
        log.add(db, person or user.name, "new password", f"user:{user.name}")
    return user


def stamp(db: Database, name: str) -> str:
    """What changes when an account gets another password; "" for one without
    any, and without an account."""
    found = db.execute(
        "select password_hash from users where name = ? and removed_utc is null", [normalise(name)]
    ).fetchone()
    return (
        ""
        if found is None or found[0] is None
        else hashlib.sha256(str(found[0]).encode()).hexdigest()
    )


def verify(db: Database, name: str, password: str) -> bool:
    """Whether the password is right. Takes as long for a name that does not exist."""
    try:
        stored = db.execute(
            "select password_hash from users where name = ? and removed_utc is null",
            [normalise(name)],
        ).fetchone()
    except BadInput:
        stored = None
    if stored is None or stored[0] is None:
        _derive(password, b"the time of a real check")
        return False
    salt, expected = (base64.b64decode(part) for part in str(stored[0]).split("$"))
    return hmac.compare_digest(_derive(password, salt), expected)


def new_password() -> str:
    """A password to be shown once: 80 random bits, easy to read out."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    letters = "".join(secrets.choice(alphabet) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hash(password: str) -> str:
    if len(password) < 8:
        raise BadInput(f"expected a password of at least 8 characters, got {len(password)}")
    salt = secrets.token_bytes(16)
    parts = (salt, _derive(password, salt))
    return "$".join(base64.b64encode(part).decode() for part in parts)


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P, dklen=32
    )
