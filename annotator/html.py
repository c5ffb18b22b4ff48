"""Pieces of HTML that every page of the Annotate tab uses."""

import functools
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from db import templates
from db.describe import pictures
from db.describe.exemplars import UnitRow
from db.errors import WorkbenchError
from db.jobs import Job

_PARTS = templates.beside(__file__)

# How wide the page shows a picture, the same as in page.css: the browser multiplies it by the
# screen's density and takes the picture that is just wide enough.
_SIZES = "min(100vw, 2200px, max(620px, calc((100vh - 26rem) * 1.67)))"


def note(sentence: str) -> Markup:
    """What an action did."""
    return _PARTS("note", sentence=sentence)


def problem(text: str) -> Markup:
    """Why the sentence was not stored, near the box."""
    return _PARTS("problem", text=text)


def moment(utc: str) -> Markup:
    """A time that the page shows in the reader's zone; hours and minutes in UTC until then."""
    return _PARTS("moment", utc=utc)


# What is said of a picture to who cannot see it, and of what can be done with it.
SPOKEN = (
    "{tiles} pictures, each with its important part bright",
    "Press Enter to enlarge one picture, arrows to walk",
)


def picture(
    unit: UnitRow,
    *,
    token: str = "",
    name: str = "grid",
    tiles: int = 15,
    say: tuple[str, str] = SPOKEN,
) -> Markup:
    """One picture of a unit that opens its tiles when clicked; narrow on a phone."""
    tiles = min(unit.k, tiles)
    rows = -(-tiles // 5)
    return _PARTS(
        "picture",
        unit=unit,
        token=token,
        tiles=tiles,
        alt=say[0].format(tiles=tiles),
        spoken=say[1],
        height=256 * rows + 6 * (rows - 1),
        masked=sources(unit, name),
        wide=pictures.addresses(unit, "open"),
        tall=pictures.addresses(unit, "open-tall"),
        sizes=_SIZES,
    )


def sources(unit: UnitRow, name: str) -> Markup:
    """The sizes of a picture from which the browser picks one, and an image that is still open."""
    return _PARTS(
        "sources",
        address=pictures.address(unit, name),
        wide=pictures.addresses(unit, name),
        tall=pictures.addresses(unit, f"{name}-tall"),
        sizes=_SIZES,
    )


def line(job: Job) -> Markup:
    """How far a measurement or a count is, or why it has no numbers; nothing once it is done."""
    if job.state == "done":
        return Markup()
    if job.state == "queued":
        return note("Waiting for its turn; this page may be closed.")
    if job.state == "running":
        step = f"{job.message}, {job.done} of {job.total}" if job.total else "loading a model"
        return note(f"At work: {step}. This page may be closed.")
    return problem(f"The last one is {job.state}: {job.message}")


def near(handler: Callable[..., str]) -> Callable[..., str]:
    """Let what was wrong stand where the handler's own sentence would: beside the button."""

    @functools.wraps(handler)
    def call(*args: Any, **kwargs: Any) -> str:
        try:
            return handler(*args, **kwargs)
        except WorkbenchError as error:
            return problem(str(error))

    return call
