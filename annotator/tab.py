"""The Annotate tab: the annotator's page, and for staff campaigns, review and ratings beside it.

    build(doors, page, wake=…)

What each part shows is filled by handlers that check the role; hiding a part protects nothing.
"""

from collections.abc import Callable
from typing import Any

import gradio as gr

from annotator.campaigns import tab as campaign_tab
from annotator.head import HEAD
from annotator.ratings import tab_rate
from annotator.review import tab as review_tab
from annotator.work import tab as work_tab
from db.access.doors import Doors

__all__ = ["HEAD", "build"]


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None]) -> None:
    """Add the tab's contents to the blocks that are being made; `wake` starts a worker."""
    with gr.Tabs():
        with gr.Tab("Describe picture sets", id="an-work"):
            work_tab.build(doors, page)
        with gr.Tab("Rate descriptions", id="an-rate-tab"):
            tab_rate.build(doors, page)
        with gr.Tab("Review", id="an-review", visible=not doors.login) as review:
            review_tab.build(doors, page, wake=wake)
        with gr.Tab("Manage", id="an-manage", visible=not doors.login) as manage:
            campaign_tab.build(doors, page, wake=wake)

    @doors.allow("admin", "reviewer", "annotator")
    def unfold(request: gr.Request) -> tuple[Any, Any]:
        """Staff see the other parts."""
        role = doors.person(request).role
        return gr.Tab(visible=role != "annotator"), gr.Tab(visible=role == "admin")

    page.load(unfold, None, [review, manage], show_progress="hidden")
