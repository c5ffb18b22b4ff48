"""What leaves the workspace: pictures of units, reports, and files made for one person.

    routes = [
        Route("/pictures/{unit_id:int}/{picture}.jpg", pictures(workspace, picture_of)),
        Route("/reports/{name}", reports(workspace)),
    ]
    path = new_folder(workspace, person) / "answers.csv"        # to be shown in a file component
    belongs(workspace, person, str(path))                       # True for this person alone

Pictures are for everybody who is in, reports for staff alone. Of these only names that the
app itself gives are looked for, and a page among them runs no script. Who is in, the entrance says.
"""

import hashlib
import hmac
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from db.access.users import EVERYBODY, STAFF
from db.errors import WorkbenchError
from db.workspace import Workspace

# What may leave the workspace by its own address.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}\.(zip|html|json|csv)")
# A report is a page of its own: it may show its pictures and styles, and do nothing.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
Handler = Callable[[Any], Awaitable[Any]]


def new_folder(workspace: Workspace, person: str) -> Path:
    """An empty folder for a file that only `person` may fetch, until they sign out."""
    own = _own(workspace, person)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=own))


def belongs(workspace: Workspace, person: str, path: str) -> bool:
    """Whether a file was made for this person."""
    try:
        return Path(path).resolve().is_relative_to(_own(workspace, person).resolve())
    except (OSError, ValueError):
        return False


def forget(workspace: Workspace, person: str) -> None:
    """Delete what was made for a person."""
    shutil.rmtree(_own(workspace, person), ignore_errors=True)


def forget_all(workspace: Workspace) -> None:
    """Delete what was made for anybody; when the app starts, nobody has a session."""
    shutil.rmtree(workspace.temporary, ignore_errors=True)
    workspace.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)


def pictures(workspace: Workspace, picture_of: Callable[[Workspace, int, str], bytes]) -> Handler:
    """What answers a request for `picture` of `unit_id`.

    Args:
        picture_of: renders it as JPEG, or raises a WorkbenchError where there is none.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse, Response

    async def respond(request: Any) -> Response:
        if request.scope.get("role") not in EVERYBODY:
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


def reports(workspace: Workspace) -> Handler:
    """What answers a request for `name` among the workspace's reports."""
    from starlette.responses import FileResponse, PlainTextResponse, Response

    async def respond(request: Any) -> Response:
        if request.scope.get("role") not in STAFF:
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


def _own(workspace: Workspace, person: str) -> Path:
    """The folder of a person, under a name that tells nothing about them."""
    secret = workspace.secret.read_bytes()
    name = hmac.new(secret, f"downloads of {person}".encode(), hashlib.sha256).hexdigest()[:32]
    return workspace.temporary / name
