"""The tables of the papers' experiments as HTML.

shown(tables)               for a page of the app
whole("Methods …", tables)  a page of its own, as the command writes it
"""

from collections.abc import Sequence

from markupsafe import Markup

from audits.papers.table import Table
from audits.report.page import STYLE
from db import templates

_PARTS = templates.beside(__file__)

CSS = """
.mw-paper {margin:0 0 1.2rem}
.mw-paper td, .mw-paper th {white-space:nowrap; font-variant-numeric:tabular-nums}
"""
_OWN = """
.mw-wide {overflow-x:auto} .mw-muted {color:#555; font-size:.9rem; max-width:60rem}
td, th {padding:.2rem .7rem .2rem 0; text-align:left}
"""


def shown(tables: Sequence[Table]) -> Markup:
    """Tables one under the other, each with its notes."""
    return _PARTS("shown", tables=tables)


def whole(title: str, tables: Sequence[Table]) -> Markup:
    """A page that needs nothing else."""
    style = Markup(STYLE + _OWN + CSS)
    return _PARTS("whole", title=title, style=style, body=shown(tables))


def asked(about: str, needs: str = "") -> Markup:
    """What an experiment asks, and what it still lacks here."""
    return _PARTS("asked", about=about, needs=needs)
