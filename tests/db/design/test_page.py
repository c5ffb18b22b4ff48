"""The page of parts: every part is on it, and only admins see it."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from db.design import page


def test_every_macro_of_the_parts_is_shown() -> None:
    source = Path(page.__file__).with_name("parts.html").read_text(encoding="utf-8")
    macros = re.findall(r"macro (\w+)\(", source)
    shown = str(page.parts())
    for macro in macros:
        assert f"<h2>{macro}</h2>" in shown, macro
    assert "--mw-accent" in shown
    assert "<dialog" in shown


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("reviewer", 404), (None, 404)])
def test_only_admins_see_it(role: str | None, status: int) -> None:
    app = Starlette(routes=[Route("/parts", page.respond())])

    async def with_role(scope: dict[str, object], receive: object, send: object) -> None:
        await app({**scope, "role": role}, receive, send)  # type: ignore[arg-type]

    assert TestClient(with_role).get("/parts").status_code == status
