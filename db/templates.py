"""Pages from templates: a file of Jinja macros beside each page module, and every text escaped.

    _PARTS = templates.beside(__file__)               # annotator/html.py -> annotator/html.html
    _PARTS("note", sentence="Saved <b>")              # the macro `note`, as Markup

A macro is given plain values. What it returns is `Markup`, a str that other templates do not escape
again; anything else they do. A name that a macro does not know is an error, never an empty text.
Macros of other pages come in by `{% from "annotator/html.html" import picture %}`.
"""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

ROOT = Path(__file__).resolve().parents[1]


def beside(module: str) -> Callable[..., Markup]:
    """What renders the macros of the template beside a module, given its `__file__`.

    Templates are read when they are first used. The function takes a macro's name and its values.
    """
    name = Path(module).resolve().with_suffix(".html").relative_to(ROOT).as_posix()

    def render(macro: str, /, **values: Any) -> Markup:
        found: Callable[..., Markup] = getattr(_environment().get_template(name).module, macro)
        return found(**values)

    return render


def joined(parts: Iterable[Markup]) -> Markup:
    """Parts one after the other."""
    return Markup("").join(parts)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(ROOT),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Templates do not change while the app runs.
        auto_reload=False,
    )
