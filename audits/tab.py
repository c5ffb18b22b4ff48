"""The Audit tab: its items, and the keys that they share.

    build(doors, page, wake=…, device="auto")

Each item is a module of its own. What an item shows is read when it is selected.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr

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

CSS = "".join(
    page.CSS for page in (ablation_page, compare_page, paste_page, spurious_page, studies_page)
)
_SCRIPTS = "".join(
    Path(__file__).with_name(folder).joinpath("page.js").read_text(encoding="utf-8")
    for folder in ("find", "figures")
)
HEAD = f"{paste_page.HEAD}<script>\n{_SCRIPTS}</script>\n"


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's items on the page that is being built."""
    with gr.Tabs(elem_id="audit_items"):
        with gr.Tab("Find and sign off", id="find"):
            find_tab.build(doors, page)
        with gr.Tab("Ablate", id="ablate") as ablate:
            take_away = partial(edit_tab.build, doors, device=device)
            ablation_tab.build(doors, ablate, wake=wake, device=device, beneath=take_away)
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
        with gr.Tab("Report", id="report") as report:
            report_tab.build(doors, report)
