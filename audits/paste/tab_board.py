"""The board of cut and paste: what is worked on and how, as one record of the page's components.

board = lay_out()
network, images, unit_id = board.chosen(given)          # given: the page's values by component
how = board.arrangement(given)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from audits.paste.adversaries import Arrangement
from db.errors import BadInput

CUTS = [("the unit's mask", "mask"), ("a box", "box"), ("a polygon", "polygon")]
PAIRS = [("16 pairs", 16), ("36 pairs", 36), ("100 pairs", 100)]


@dataclass(frozen=True)
class Board:
    """The components; those from `base` to `scale` say how the piece is cut and laid."""

    network: gr.Dropdown
    unit: gr.Dropdown
    images: gr.Dropdown
    about: gr.HTML
    sliders: gr.Row
    base: gr.Slider
    piece: gr.Slider
    by: gr.Radio
    margin: gr.Slider
    edges: gr.Column
    left: gr.Slider
    right: gr.Slider
    top: gr.Slider
    bottom: gr.Slider
    corners: gr.Textbox
    x: gr.Slider
    y: gr.Slider
    scale: gr.Slider
    shown: gr.HTML
    strips: gr.HTML
    batch: gr.Row
    pairs: gr.Dropdown
    run: gr.Button
    keep: gr.Button
    tried: gr.HTML
    saved: gr.HTML

    @property
    def placing(self) -> list[Any]:
        """What says how the piece is cut and laid."""
        return [
            *(self.base, self.piece, self.by, self.margin, self.left, self.right, self.top),
            *(self.bottom, self.corners, self.x, self.y, self.scale),
        ]

    @property
    def asked(self) -> set[Any]:
        """What `chosen` and `arrangement` read."""
        return {self.network, self.images, self.unit, *self.placing}

    def complete(self, given: Mapping[Any, Any]) -> bool:
        """Whether a network, images and a unit are chosen."""
        return bool(given[self.network] and given[self.images] and given[self.unit])

    def chosen(self, given: Mapping[Any, Any]) -> tuple[str, str, int]:
        """The network, the images to paste on, and the unit.

        Raises:
            BadInput: one of them is not chosen yet.
        """
        if not self.complete(given):
            raise BadInput("Choose a network, a unit, and images to paste on first.")
        return given[self.network], given[self.images], given[self.unit]

    def arrangement(self, given: Mapping[Any, Any]) -> Arrangement:
        """How the piece is cut and laid."""
        return Arrangement(
            int(given[self.piece]),
            int(given[self.base]),
            given[self.by],
            given[self.margin] / 100,
            (
                given[self.left] / 100,
                given[self.top] / 100,
                given[self.right] / 100,
                given[self.bottom] / 100,
            ),
            given[self.corners] or "",
            given[self.x] / 100,
            given[self.y] / 100,
            given[self.scale],
        )


def lay_out() -> Board:
    """Put the components on the page that is being built."""
    with gr.Row():
        network = gr.Dropdown([], label="Network", elem_id="paste_network")
        unit = gr.Dropdown([], label="Unit", elem_id="paste_unit", scale=3)
        images = gr.Dropdown([], label="Images to paste on", elem_id="paste_images")
    about = gr.HTML(elem_id="paste_unit_shown")
    with gr.Row(visible=False) as sliders:
        with gr.Column(scale=1, min_width=280):
            base = gr.Slider(1, 12, 1, step=1, label="Base image", elem_id="paste_base")
            piece = gr.Slider(1, 15, 1, step=1, label="Exemplar to cut from", elem_id="paste_piece")
            by = gr.Radio(CUTS, value="mask", label="Cut", elem_id="paste_by")
            margin = gr.Slider(0, 20, 6, step=1, label="Margin round the mask (%)")
            with gr.Column(visible=False) as edges:
                left = gr.Slider(0, 100, 20, step=1, label="Left edge (%)", elem_id="paste_left")
                right = gr.Slider(0, 100, 80, step=1, label="Right edge (%)")
                top = gr.Slider(0, 100, 20, step=1, label="Top edge (%)")
                bottom = gr.Slider(0, 100, 80, step=1, label="Bottom edge (%)")
            corners = gr.Textbox(
                "20,20 80,20 50,80",
                label="Corners (x,y in %)",
                visible=False,
                elem_id="paste_corners",
            )
            x = gr.Slider(0, 100, 50, step=1, label="Place: across (%)", elem_id="paste_x")
            y = gr.Slider(0, 100, 50, step=1, label="Place: down (%)", elem_id="paste_y")
            scale = gr.Slider(0.2, 4, 1, step=0.05, label="Size (times)", elem_id="paste_scale")
        with gr.Column(scale=3, min_width=480):
            shown = gr.HTML(elem_id="pasted")
            strips = gr.HTML(elem_id="paste_strips")
    with gr.Row(visible=False) as batch:
        pairs = gr.Dropdown(PAIRS, value=36, label="Try", elem_id="paste_pairs")
        run = gr.Button("Try pieces on images, with control", elem_id="paste_batch")
        keep = gr.Button("Save the adversarial set", elem_id="paste_save")
    tried = gr.HTML(elem_id="paste_tried")
    saved = gr.HTML(elem_id="paste_saved")
    return Board(
        network=network,
        unit=unit,
        images=images,
        about=about,
        sliders=sliders,
        base=base,
        piece=piece,
        by=by,
        margin=margin,
        edges=edges,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        corners=corners,
        x=x,
        y=y,
        scale=scale,
        shown=shown,
        strips=strips,
        batch=batch,
        pairs=pairs,
        run=run,
        keep=keep,
        tried=tried,
        saved=saved,
    )
