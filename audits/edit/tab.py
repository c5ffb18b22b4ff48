"""The edit to take away, beneath the experiment that measured it.

    beneath = build(doors, device="auto")       # where it is to stand; the item Ablate shows it

The network without the first units of the experiment is exported by a job of its own.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from sqlite_utils import Database

from audits.edit import page
from audits.edit import plan as edit_plan
from db.access.permissions import Doors
from db.access.users import STAFF
from db.audit.ablations import Ablation
from db.errors import BadInput
from db.workspace import open_database
from describer.jobs.tab import Following


@dataclass(frozen=True)
class Edit:
    """How many units are removed, the button, and the exports to fetch."""

    doors: Doors
    device: str
    take: gr.Row
    count: gr.Number
    export: gr.Button
    files: gr.HTML

    @property
    def shown(self) -> list[Any]:
        """The components that `show` fills."""
        return [self.take, self.count, self.files]

    def show(self, db: Database, experiment: Ablation | None, *, live: bool) -> tuple[Any, ...]:
        """What an experiment offers; while jobs are under way the count stays as it was typed."""
        offered = edit_plan.offered(db, experiment.ablation_id) if experiment else []
        return (
            gr.update(visible=bool(experiment and experiment.summary)),
            gr.skip() if live or experiment is None else max(1, edit_plan.suggested(experiment)),
            page.links(offered),
        )

    def wire(self, experiment: gr.Dropdown, following: Following) -> None:
        """Connect the button to the experiment that is shown; its job is followed there."""
        open_db = partial(open_database, self.doors.workspace)

        @self.doors.allow(*STAFF)
        def take_away(shown: int | None, count: float | None, request: gr.Request) -> int:
            if shown is None:
                raise BadInput("Ablate first: an edit is exported once its cost is known.")
            if count is None:
                raise BadInput("Type how many units to remove first.")
            person = self.doors.person(request).name
            with open_db() as db:
                return edit_plan.enqueue(db, shown, int(count), device=self.device, person=person)

        following.start(self.export, take_away, [experiment, self.count])


def build(doors: Doors, *, device: str) -> Edit:
    """Put the components on the page that is being built."""
    with gr.Row(visible=False) as take:
        count = gr.Number(1, label="Remove the first … units", precision=0, minimum=1)
        export = gr.Button("Export the edited network", elem_id="export_edit")
    return Edit(doors, device, take, count, export, gr.HTML(elem_id="edits"))
