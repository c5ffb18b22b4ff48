"""What is looked for: the form's components as one record, read to fields and filled from them.

form = lay_out(absent)              # absent: why nothing can be found by meaning, or None
form.read(given)                    # given: the page's values by component
form.filled(fields)                 # and back
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr

from audits.find.query import Fields

SOURCES = [
    ("machines' descriptions", "descriptions"),
    ("people's sentences", "annotations"),
    ("both", "both"),
]
VERDICTS = [
    ("any", ""),
    ("none yet", "none"),
    *((name, name) for name in ("confirmed", "rejected", "unsure")),
    ("reviewers disagree", "conflict"),
]


@dataclass(frozen=True)
class Form:
    """The fields, and the button that finds; `networks` are the query's subjects."""

    preset: gr.Dropdown
    typed: gr.Textbox
    source: gr.Dropdown
    networks: gr.Dropdown
    methods: gr.Dropdown
    layer: gr.Dropdown
    verdict: gr.Dropdown
    reviewer: gr.Dropdown
    lemmas: gr.Checkbox
    meaning: gr.Textbox
    nearness: gr.Slider
    faithful: gr.Slider
    search: gr.Button

    @property
    def fields(self) -> list[Any]:
        """Every component that holds a value."""
        return [getattr(self, field.name) for field in fields(self) if field.name != "search"]

    def read(self, given: Mapping[Any, Any]) -> Fields:
        """What the fields say; an empty one may be None."""
        return Fields(
            given[self.typed],
            given[self.preset] or "",
            lemmas=given[self.lemmas],
            source=given[self.source],
            subjects=tuple(given[self.networks] or ()),
            methods=tuple(given[self.methods] or ()),
            layer=given[self.layer] or "",
            verdict=given[self.verdict] or "",
            reviewer=given[self.reviewer] or "",
            meaning=given[self.meaning] or "",
            nearness=given[self.nearness],
            faithful=given[self.faithful] or 0.0,
        )

    def filled(self, asked: Fields) -> dict[Any, Any]:
        """The values of the components that say this."""
        return {
            self.preset: asked.preset,
            self.typed: asked.typed,
            self.source: asked.source,
            self.networks: list(asked.subjects),
            self.methods: list(asked.methods),
            self.layer: asked.layer,
            self.verdict: asked.verdict,
            self.reviewer: asked.reviewer,
            self.lemmas: asked.lemmas,
            self.meaning: asked.meaning,
            self.nearness: asked.nearness,
            self.faithful: asked.faithful,
        }


def or_none(label: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """The choices of a field that may also be left open."""
    return [(label, ""), *((name, name) for name in names)]


def lay_out(absent: str | None) -> Form:
    """Put the fields on the page that is being built."""
    with gr.Row(equal_height=True):
        preset = gr.Dropdown(
            or_none("none", ()), value="", label="Preset", elem_id="preset", min_width=140
        )
        networks = gr.Dropdown(
            [], label="Networks (empty: all)", multiselect=True, elem_id="networks", min_width=190
        )
        typed = gr.Textbox(
            label="Words",
            placeholder="any of these · +must · +one|other · -not",
            elem_id="typed",
            scale=3,
        )
        source = gr.Dropdown(
            SOURCES, value="descriptions", label="In", elem_id="source", min_width=230
        )
        search = gr.Button("Find", variant="primary", elem_id="find", scale=0, min_width=140)
    with gr.Accordion("Narrow down", open=False, elem_id="narrow"):
        with gr.Row():
            methods = gr.Dropdown([], label="Methods", multiselect=True, elem_id="methods")
            layer = gr.Dropdown(or_none("all", ()), value="", label="Layer", elem_id="layer")
            verdict = gr.Dropdown(VERDICTS, value="", label="Verdict", elem_id="verdict")
            reviewer = gr.Dropdown(
                or_none("anybody", ()), value="", label="Judged by", elem_id="judge"
            )
        with gr.Row():
            lemmas = gr.Checkbox(True, label="also other forms (faces)", elem_id="lemmas")
            meaning = gr.Textbox(
                label="Means something like",
                info=absent or "found by meaning, whatever the words",
                interactive=absent is None,
                elem_id="meaning",
                scale=2,
            )
            nearness = gr.Slider(
                0.2, 0.9, 0.5, step=0.05, label="how alike", interactive=absent is None
            )
            faithful = gr.Slider(
                0,
                1,
                0,
                step=0.05,
                label="Faithful from (AUPRC)",
                info="0 asks nothing; Faithfulness measures it",
                elem_id="faithful",
            )
    return Form(
        preset,
        typed,
        source,
        networks,
        methods,
        layer,
        verdict,
        reviewer,
        lemmas,
        meaning,
        nearness,
        faithful,
        search,
    )
