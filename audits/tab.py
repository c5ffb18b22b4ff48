"""The Audit tab: the path of an audit, its items, and the keys that they share.

    build(doors, page, wake=…, device="auto", tab=tab)

Each item is a module of its own. What an item shows is read when it is selected, and so is what is
done in each step of the path; a step and a study's card open an item in the browser (`page.js`).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from audits import page as audits_page
from audits.ablation import page as ablation_page
from audits.ablation import tab as ablation_tab
from audits.compare import page as compare_page
from audits.compare import tab as compare_tab
from audits.edit import tab as edit_tab
from audits.find import tab as find_tab
from audits.paste import page as paste_page
from audits.paste import tab as paste_tab
from audits.report import tab as report_tab
from audits.spurious import page as spurious_page
from audits.spurious import tab as spurious_tab
from audits.studies import page as studies_page
from audits.studies import tab as studies_tab
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit import steps
from db.workspace import open_database
from describer.jobs.tab import QUIET

CSS = "".join(
    page.CSS
    for page in (audits_page, ablation_page, compare_page, paste_page, spurious_page, studies_page)
)
_SCRIPTS = "".join(
    Path(__file__).parent.joinpath(name).read_text(encoding="utf-8")
    for name in ("page.js", "find/page.js", "figures/page.js")
)
HEAD = f"{paste_page.HEAD}<script>\n{_SCRIPTS}</script>\n"


def build(
    doors: Doors,
    page: gr.Blocks,
    *,
    wake: Callable[[], None],
    device: str,
    tab: gr.Tab | None = None,
) -> None:
    """Put the tab's items on the page that is being built.

    Args:
        tab: the tab that they stand on; when it is selected the path is read again.
    """
    path = gr.HTML(elem_id="audit_path")
    opened = gr.State("find")
    # All tabs stay on the page, on a phone as well: the path's steps select them there.
    with gr.Tabs(elem_id="audit_items", overflow_behavior="wrap"):
        with gr.Tab("Find and sign off", id="find") as find:
            find_tab.build(doors, page)
        with gr.Tab("Ablate", id="ablate") as ablate:
            take_away = partial(edit_tab.build, doors, device=device)
            ablation_tab.build(doors, ablate, wake=wake, device=device, beneath=take_away)
        with gr.Tab("Report", id="report") as report:
            report_tab.build(doors, report)
        with gr.Tab("Studies", id="studies") as studies:
            _studies(doors, wake=wake, device=device)
    items = {"find": find, "ablate": ablate, "report": report, "studies": studies}
    _wire_path(doors, path, opened, items, tab)


def _studies(doors: Doors, *, wake: Callable[[], None], device: str) -> None:
    """What is asked beside the path: a page of cards, and an item for each."""
    with gr.Tabs(elem_id="audit_studies", overflow_behavior="wrap"):
        with gr.Tab("All studies", id="studies_cards"):
            gr.HTML(audits_page.studies(), elem_id="study_cards")
        with gr.Tab("Compare networks", id="compare") as compare:
            compare_tab.build(doors, compare)
        with gr.Tab("Faithfulness", id="faithfulness") as faithfulness:
            studies_tab.build(doors, faithfulness, "faithfulness", wake=wake, device=device)
        with gr.Tab("Feature importance", id="importance") as importance:
            studies_tab.build(doors, importance, "importance", wake=wake, device=device)
        with gr.Tab("Uses", id="uses") as uses:
            studies_tab.build(doors, uses, "uses", wake=wake, device=device)
        with gr.Tab("Cut and paste", id="paste") as paste:
            paste_tab.build(doors, paste)
        with gr.Tab("Spurious text", id="spurious") as spurious:
            spurious_tab.build(doors, spurious, wake=wake, device=device)


def _wire_path(
    doors: Doors,
    path: gr.HTML,
    opened: gr.State,
    items: dict[str, gr.Tab],
    tab: gr.Tab | None,
) -> None:
    """Read the path when the tab or one of its items is selected."""

    def read(key: str) -> str:
        with open_database(doors.workspace) as db:
            return audits_page.path(steps.done(db), key)

    def opening(key: str) -> Callable[[gr.Request], tuple[Any, ...]]:
        @doors.allow(*STAFF)
        def open_item(request: gr.Request) -> tuple[Any, ...]:
            return read(key), key

        return open_item

    @doors.allow(*STAFF)
    def again(key: str, request: gr.Request) -> str:
        return read(key)

    for key, item in items.items():
        item.select(opening(key), None, [path, opened], **QUIET)
    if tab is not None:
        tab.select(again, opened, path, **QUIET)
