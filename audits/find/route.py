"""Where the page's script saves verdicts behind the reviewer's back, and asks for the next units.

    routes = [Route("/verdicts", verdicts(workspace), methods=["POST"])]

One request stores some presses, in their order, and answers with the units that come next. Whatever
is refused for good is said by press; whatever failed on the way may be sent again. Who asks, the
entrance says.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from audits.find import page, queue
from audits.find.verdicts import Press, keep, query_sent
from db.access.users import STAFF
from db.audit import blind_review, signoffs
from db.audit.words import Query
from db.errors import BadInput, NotFound, WorkbenchError
from db.workspace import Workspace, open_database

MOST_PRESSES, MOST_UNITS = 100, 50
Handler = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Asked:
    """What the page sends: presses to store, and the units it wants of a query.

    Attributes:
        person: whose page it is; another may have signed in since.
        skip: how many of the waiting units the page has.
        limit: how many more it wants.
    """

    person: str
    query: Query
    presses: tuple[Any, ...]
    skip: int
    limit: int

    @classmethod
    def read(cls, sent: Any) -> "Asked":
        """What a page sent.

        Raises:
            BadInput: it is not what the page sends.
        """
        if not isinstance(sent, Mapping):
            raise BadInput("expected an object")
        presses, skip, limit = (sent.get(name) for name in ("presses", "skip", "limit"))
        if not isinstance(presses, list) or len(presses) > MOST_PRESSES:
            raise BadInput(f"expected a list of at most {MOST_PRESSES} presses")
        if type(skip) is not int or type(limit) is not int or not 0 <= skip < 2**31:
            raise BadInput("expected how many units to skip, and how many are wanted")
        limit = min(max(limit, 0), MOST_UNITS)
        return cls(
            str(sent.get("person")), query_sent(sent.get("query")), tuple(presses), skip, limit
        )


def verdicts(workspace: Workspace) -> Handler:
    """What answers the page's script."""
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse

    def refused(sentence: str, status: int) -> JSONResponse:
        return JSONResponse({"error": sentence}, status)

    async def respond(request: Any) -> JSONResponse:
        person: str = request.scope.get("person") or ""
        if request.scope.get("role") not in STAFF or not person:
            return refused("Sign in as an admin or a reviewer.", 403)
        # No form of another site's page can send this without being asked first.
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return refused("expected JSON", 415)
        try:
            asked = Asked.read(await request.json())
            if asked.person != person:
                return refused(f"You are signed in as {person} by now: reload the page.", 409)
            answer = await run_in_threadpool(_answer, workspace, asked)
        except (WorkbenchError, ValueError, OverflowError) as error:
            return refused(str(error) if isinstance(error, WorkbenchError) else "not JSON", 400)
        return JSONResponse(answer, headers={"cache-control": "private, no-store"})

    return respond


def _answer(workspace: Workspace, asked: Asked) -> dict[str, Any]:
    person, concept = asked.person, asked.query.concept
    with open_database(workspace) as db:
        refusals = [_kept(db, sent, person) for sent in asked.presses]
        looks, waiting = queue.ahead(
            db, asked.query, person=person, skip=asked.skip, limit=asked.limit
        )
        states = blind_review.known_states(db, concept, viewer=person)
        own = signoffs.current(db, concept=concept, person=person)
        needed = blind_review.needed(db)
    return {
        "refusals": refusals,
        "cards": [page.card(look) for look in looks],
        "waiting": waiting,
        "tally": page.tally(own, left=waiting, needed=needed),
        "states": states,
    }


def _kept(db: Database, sent: Any, person: str) -> str:
    """Why a press was refused for good; empty when it is stored."""
    try:
        keep(db, Press.read(sent), person=person)
    except (BadInput, NotFound) as error:
        return str(error)
    return ""
