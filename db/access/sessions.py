"""Who is signed in: passwords checked slowly, cookies turned into names, names into roles.

    auth=sessions.authenticator(workspace)
    await sessions.admits(workspace, request, STAFF, login=True)    # for an address of its own

The page framework keeps the cookies and passes a name on as it was typed, so every answer here
comes from the accounts as they are now.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from db.access import users
from db.access.gate import Throttle, client
from db.access.users import Role
from db.errors import BadInput, NotFound
from db.workspace import Workspace, open_database


def authenticator(workspace: Workspace) -> Callable[[str, str], Any]:
    """The sign-in check. It is awaited on the event loop, so the hash is derived in a thread."""
    throttle = Throttle()

    def verify(name: str, password: str) -> bool:
        with open_database(workspace) as db:
            return users.verify(db, name, password)

    async def authenticate(name: str, password: str) -> bool:
        try:
            key = f"{users.normalise(name)} {client.get()}"
        except BadInput:
            return False
        if throttle.resting(key):
            return False
        throttle.begun(key)
        right = await asyncio.to_thread(verify, name, password)
        if right:
            throttle.succeeded(key)
        return right

    return authenticate


async def admits(
    workspace: Workspace, request: Any, roles: Collection[Role], *, login: bool
) -> bool:
    """Whether the person behind a request has one of the roles now; without `login` everybody."""
    if not login:
        return True
    return await asyncio.to_thread(_role, workspace, _signed_in(request)) in roles


def _role(workspace: Workspace, name: str | None) -> Role | None:
    """The role of the account behind a cookie now; None when there is none any more."""
    try:
        with open_database(workspace) as db:
            return users.get(db, name or "").role
    except (NotFound, BadInput):
        return None


def _signed_in(request: Any) -> str | None:
    """The name that the page framework knows the request's cookie by."""
    app = request.app
    for prefix in ("access-token-", "access-token-unsecure-"):
        token = request.cookies.get(f"{prefix}{app.cookie_id}")
        if token in app.tokens:
            return str(app.tokens[token])
    return None
