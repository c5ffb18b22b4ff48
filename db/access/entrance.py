"""The entrance behind the gate: who is asking, and what those see who are not in yet.

    way = Way(Names(local=True), port=7860, key=Key())
    app = guarded(framework, workspace, way, guests=Doorway(workspace))

Nobody who is not in reaches the page framework at all: there is a page to sign in, or a sentence
about the address with the key, and nothing else. For everybody who is, the request's scope says
the name (`person`) and the role, both as the accounts are at that moment. The cookie is named after
the port, because browsers send cookies to every port of a host. Who comes by a participant's link
is let in without a password, by what is passed in as `guests` (`db.crowd.doorway`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qs, parse_qsl, urlencode

from db import templates
from db.access import downloads, users
from db.access.addresses import Names, Network
from db.access.gate import App, Gate, Receive, Scope, Send, answer
from db.access.permissions import LOCAL
from db.access.sessions import Key, Sessions, authenticator
from db.access.users import Role
from db.errors import BadInput, NotFound
from db.workspace import Workspace, open_database

_PARTS = templates.beside(__file__)
_FILE = "/gradio_api/file="
_LONGEST_FORM = 16 * 2**10
# How the names of accounts begin that were made by a link; no password opens those.
PARTICIPANT = "participant "


@dataclass
class Way:
    """How people come in.

    Attributes:
        names: under which names the app is reached.
        port: where it listens.
        login: people sign in with an account.
        key: without `login`, the one-time key in the printed address; without both, everybody who
            reaches the app is the owner.
        proxies: whose word is taken for where a request comes from.
    """

    names: Names
    port: int
    login: bool = False
    key: Key | None = None
    proxies: tuple[Network, ...] = ()
    sessions: Sessions = field(default_factory=Sessions)


class Guests(Protocol):
    """Who opens links for participants, and says what those may see."""

    def is_link(self, query: Mapping[str, str], /) -> bool:
        """Whether a query holds the token of a link, right or wrong."""

    def enter(self, query: Mapping[str, str], /) -> Any:
        """An admission: the `name` that a link opens, or a `sentence` and a `destination`."""

    def may(self, name: str, path: str, /) -> bool:
        """Whether this account may see what is at a path."""


def guarded(app: App, workspace: Workspace, way: Way, *, guests: Guests | None = None) -> App:
    """The app behind the gate and the entrance."""
    return Gate(Entrance(app, workspace, way, guests=guests), way.names, proxies=way.proxies)


class Entrance:
    """Let people in, and tell the app who they are."""

    def __init__(
        self, app: App, workspace: Workspace, way: Way, *, guests: Guests | None = None
    ) -> None:
        self.app = app
        self.guests = guests
        self.workspace = workspace
        self.way = way
        self._cookie = f"workbench-{way.port}"
        self._authenticate = authenticator(workspace)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request of somebody who is in on; answer every other one here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        secret = self._secret(scope)
        person = await self._person(secret)
        method, path = scope["method"], scope["path"]
        if (method, path) == ("GET", "/") and await self._by_link(scope, send, person):
            return
        if path == "/sign-out" and method == "POST":
            await self._sign_out(scope, send, secret, person)
        elif path in ("/login", "/sign-out"):
            await self._sign_in(scope, receive, send)
        elif person is None:
            await self._outside(scope, send)
        elif (method, path) == ("GET", "/") and "token" in _query(scope):
            # The key stays neither in the address bar nor in what is sent on from there.
            await self._onward(scope, send)
        elif path.startswith(_FILE) and not self._may_fetch(person[0], path):
            await answer(send, 403, "This file was not made for you, or is gone. Make it again.")
        elif not await self._may_see(person, path):
            await answer(send, 403, "This is no part of what your link is for.")
        else:
            await self.app({**scope, "person": person[0], "role": person[1]}, receive, send)

    async def _person(self, secret: str) -> tuple[str, Role] | None:
        """The name and the role behind a cookie, as they are now."""
        if not self.way.login and self.way.key is None:
            return LOCAL, "admin"
        name = self.way.sessions.name(secret)
        if name is None:
            return None
        if not self.way.login:
            return LOCAL, "admin"
        role = await asyncio.to_thread(self._role, name, self.way.sessions.stamp(secret))
        if role is None:
            self.way.sessions.close(secret)
            return None
        return name, role

    def _role(self, name: str, stamp: str) -> Role | None:
        """The role of an account; None once it was removed or has got another password."""
        try:
            with open_database(self.workspace) as db:
                role = users.get(db, name).role
                return role if users.stamp(db, name) == stamp else None
        except (NotFound, BadInput):
            return None

    async def _outside(self, scope: Scope, send: Send) -> None:
        """What somebody sees who is not in."""
        if scope["path"] != "/":
            await answer(send, 401, "Sign in first.")
            return
        site = _header(scope, b"sec-fetch-site")
        if scope["method"] == "GET" and site in ("cross-site", "same-site"):
            # After a link from elsewhere browsers keep the cookie back, from our own page they
            # send it.
            await self._onward(scope, send)
            return
        if self.way.login:
            await self._page(send, 401, "sign_in", query=_kept(scope), wrong=False)
            return
        key = self.way.key
        if key is None or scope["method"] != "GET" or not key.take(_query(scope).get("token", "")):
            await self._page(send, 401, "needs_key")
            return
        await self._onward(scope, send, self.way.sessions.open(LOCAL))

    async def _by_link(self, scope: Scope, send: Send, person: tuple[str, Role] | None) -> bool:
        """Let in who comes by a link for participants; False where the address is none.

        The ids in the link go no further: what is opened next is the page alone.
        """
        query = _query(scope)
        if self.guests is None or not self.guests.is_link(query):
            return False
        if not self.way.login or (person is not None and not person[0].startswith(PARTICIPANT)):
            # An account with a password is not left for a link, whoever sent it.
            name = person[0] if person is not None and self.way.login else ""
            await self._page(send, 403, "not_for_accounts", name=name)
            return True
        admitted = await asyncio.to_thread(self.guests.enter, query)
        if not admitted.name:
            to = admitted.destination
            await self._page(send, 403, "turned_away", sentence=admitted.sentence, to=to)
            return True
        self.way.sessions.close(self._secret(scope))
        secret = self.way.sessions.open(admitted.name)
        cookie = (self._set(scope, secret),)
        await self._page(send, 200, "onward", query="tab=annotate", headers=cookie)
        return True

    async def _may_see(self, person: tuple[str, Role], path: str) -> bool:
        """Whether the account may see a path; only those of links are asked."""
        if self.guests is None or not person[0].startswith(PARTICIPANT):
            return True
        return await asyncio.to_thread(self.guests.may, person[0], path)

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page to sign in, and what it sends."""
        if not self.way.login:
            await self._page(send, 401, "needs_key")
            return
        if scope["method"] != "POST":
            await self._page(send, 200, "sign_in", query="", wrong=False)
            return
        form = await _form(receive)
        name, client = form.get("username", ""), scope["client"][0]
        if not await self._authenticate(name, form.get("password", ""), client=client):
            await self._page(send, 400, "sign_in", query=form.get("query", ""), wrong=True)
            return
        query = urlencode(parse_qsl(form.get("query", "")))
        secret = await asyncio.to_thread(self._opened, users.normalise(name))
        moved = (b"location", f"/?{query}".rstrip("?").encode())
        await answer(send, 303, "", headers=(moved, self._set(scope, secret)))

    def _opened(self, name: str) -> str:
        with open_database(self.workspace) as db:
            return self.way.sessions.open(name, users.stamp(db, name))

    async def _sign_out(
        self, scope: Scope, send: Send, secret: str, person: tuple[str, Role] | None
    ) -> None:
        """End the session, and what was made for the person to download."""
        self.way.sessions.close(secret)
        if person is not None:
            await asyncio.to_thread(downloads.forget, self.workspace, person[0])
        gone = self._set(scope, "", age="; Max-Age=0")
        await answer(send, 303, "", headers=((b"location", b"/"), gone))

    async def _onward(self, scope: Scope, send: Send, secret: str = "") -> None:
        """Go on to the same page, without the key, from a page of our own."""
        cookie = (self._set(scope, secret),) if secret else ()
        await self._page(send, 200, "onward", query=_kept(scope), headers=cookie)

    async def _page(
        self,
        send: Send,
        status: int,
        macro: str,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        **values: object,
    ) -> None:
        policy = (
            b"content-security-policy",
            b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
            b"frame-ancestors 'none'",
        )
        text = str(_PARTS(macro, **values))
        await answer(send, status, text, kind="text/html", headers=(policy, *headers))

    def _may_fetch(self, name: str, path: str) -> bool:
        return downloads.belongs(self.workspace, name, path.removeprefix(_FILE))

    def _secret(self, scope: Scope) -> str:
        try:
            cookies = SimpleCookie(_header(scope, b"cookie"))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""

    def _set(self, scope: Scope, secret: str, *, age: str = "") -> tuple[bytes, bytes]:
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        value = f"{self._cookie}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"
        return b"set-cookie", value.encode()


async def _form(receive: Receive) -> dict[str, str]:
    """The fields of a sent form; nothing of one that is longer than ours."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or len(body) > _LONGEST_FORM:
            return {}
        if not message.get("more_body", False):
            break
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))


def _kept(scope: Scope) -> str:
    """The query of the address without the key."""
    return urlencode({name: text for name, text in _query(scope).items() if name != "token"})


def _header(scope: Scope, name: bytes) -> str:
    return "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
