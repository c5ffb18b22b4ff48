"""What has an address of its own: pictures of units, and what was made for download.

    routes = [
        Route("/pictures/{unit_id:int}/{picture}.jpg", pictures(workspace, picture_of, login=True)),
        Route("/reports/{name}", reports(workspace, login=True)),
    ]

Pictures are for everybody with an account, downloads for staff alone. Of these only names that the
app itself gives are looked for, and a page among them runs no script.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from db.access import sessions
from db.access.users import EVERYBODY, STAFF
from db.errors import WorkbenchError
from db.workspace import Workspace

# What may leave the workspace by its own address.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\.(zip|html|json|csv)")
# A report is a page of its own: it may show its pictures and styles, and do nothing.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
Handler = Callable[[Any], Awaitable[Any]]


def pictures(
    workspace: Workspace, picture_of: Callable[[Workspace, int, str], bytes], *, login: bool
) -> Handler:
    """What answers a request for `picture` of `unit_id`.

    Args:
        picture_of: renders it as JPEG, or raises a WorkbenchError where there is none.
        login: whether people sign in; without it everybody is the owner.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse, Response

    async def respond(request: Any) -> Response:
        if not await sessions.admits(workspace, request, EVERYBODY, login=login):
            return PlainTextResponse("Sign in first.", 401)
        unit_id, picture = request.path_params["unit_id"], request.path_params["picture"]
        try:
            jpeg = await run_in_threadpool(picture_of, workspace, unit_id, picture)
        except (WorkbenchError, OverflowError):
            return PlainTextResponse("There is no such picture.", 404)
        # The address names the exemplars' hash, so what it shows never changes.
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    return respond


def reports(workspace: Workspace, *, login: bool) -> Handler:
    """What answers a request for `name` among the workspace's reports.

    Args:
        login: whether people sign in; without it everybody is the owner.
    """
    from starlette.responses import FileResponse, PlainTextResponse, Response

    async def respond(request: Any) -> Response:
        if not await sessions.admits(workspace, request, STAFF, login=login):
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
