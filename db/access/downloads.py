"""Files to download: what was made in the workspace's folder of reports, sent to staff alone.

    routes = [Route("/reports/{name}", handler(workspace, login=True))]

Only names that the app itself gives are looked for, and a page among them runs no script.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from db.access import sessions
from db.access.users import STAFF
from db.workspace import Workspace

# What may leave the workspace by its own address.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\.(zip|html|json|csv)")
# A report is a page of its own: it may show its pictures and styles, and do nothing.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"


def handler(workspace: Workspace, *, login: bool) -> Callable[[Any], Awaitable[Any]]:
    """What answers a request for `name`. Without `login` everybody is the owner."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import FileResponse, PlainTextResponse, Response

    async def respond(request: Any) -> Response:
        if login:
            person = sessions.signed_in(request)
            if await run_in_threadpool(sessions.role, workspace, person) not in STAFF:
                return PlainTextResponse("This needs the role admin or reviewer.", 403)
        name = request.path_params["name"]
        path = workspace.reports / name
        if not NAME.fullmatch(name) or not path.is_file():
            return PlainTextResponse("There is no such file; make it again where it was made.", 404)
        headers = {
            "content-security-policy": POLICY,
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        }
        return FileResponse(path, headers=headers)

    return respond
