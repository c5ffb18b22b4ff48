"""The form of a new description: network, layers, images, methods with what each needs, options.

    fields, needs = tab_form.build()
    tab_form.plan_of(fields.asked(given))       # a Plan; `plan.enqueue` refuses what was not chosen
    tab_form.offered(db, models)                # updates of what can be chosen, in `Fields.choices`

What each method needs stands under its box: ready, or what is missing and the command that gets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from sqlite_utils import Database

from db.errors import BadInput
from describer.describe import needs as method_needs
from describer.describe import page
from describer.describe.plan import NONE as NOBODY
from describer.describe.plan import Plan
from describer.form import Form
from describer.methods import options as chosen
from describer.methods import vlm
from describer.methods.dnd import options as dnd
from describer.methods.models.opening import NONE
from describer.methods.options import Asked

PHRASES = ("common phrases of the captions", NONE)
RETRIEVED = (
    ("probing images, nearest by vectors", dnd.BY_VECTORS),
    ("probing images, nearest by captions", dnd.BY_CAPTIONS),
)
ANNOTATED, COMMONEST, GIVEN = "annotations", "commonest", "given"


@dataclass(frozen=True)
class Fields(Form):
    """What is asked of a description; `more` are layers, too."""

    subject: gr.Dropdown
    images: gr.Dropdown
    layers: gr.CheckboxGroup
    more: gr.Dropdown
    methods: gr.CheckboxGroup
    k: gr.Number
    quantile: gr.Number
    pooling: gr.Radio
    seed: gr.Number
    weighed: gr.Checkbox
    checkpoint: gr.Dropdown
    beam_size: gr.Number
    temperature: gr.Number
    concepts: gr.Dropdown
    mask_quantile: gr.Number
    whole: gr.Checkbox
    length: gr.Number
    beam: gr.Number
    clip_model: gr.Dropdown
    words: gr.Radio
    word_list: gr.Textbox
    similarity: gr.Dropdown
    captioner: gr.Dropdown
    writer: gr.Dropdown
    likeness: gr.Dropdown
    maker: gr.Dropdown
    scoring: gr.Dropdown
    candidates: gr.Number
    pictures: gr.Number
    crops: gr.Checkbox
    summary: gr.Checkbox
    looker: gr.Dropdown
    looked_at: gr.Number

    @property
    def offered(self) -> list[Any]:
        """The fields whose choices are the workspace's, in the order of `offered`."""
        return [
            self.methods,
            self.concepts,
            self.clip_model,
            self.captioner,
            self.writer,
            self.likeness,
            self.maker,
            self.looker,
        ]


def build() -> tuple[Fields, gr.HTML]:
    """Put the fields on the page that is being built, and where it is said what methods need."""
    with gr.Row():
        subject = gr.Dropdown([], label="Network", elem_id="subject")
        images = gr.Dropdown([], label="Images", elem_id="images")
        checkpoint = gr.Dropdown([], label="MILAN checkpoint", elem_id="checkpoint")
    layers = gr.CheckboxGroup([], label="Layers", elem_id="layers")
    more = gr.Dropdown([], label="Further layers", multiselect=True, elem_id="more_layers")
    methods = gr.CheckboxGroup(
        [(chosen.TITLES[chosen.MILAN], chosen.MILAN)],
        value=[chosen.MILAN],
        label="Methods",
        elem_id="methods",
    )
    needs = gr.HTML(elem_id="needs")
    with gr.Accordion("Options of exemplars and methods", open=False, elem_id="options"):
        folded = {
            **_exemplars(),
            **_milan(),
            **_overlap(),
            **_clip_dissect(),
            **_dnd(),
            **_vlm(),
        }
    fields = Fields(subject, images, layers, more, methods, checkpoint=checkpoint, **folded)
    return fields, needs


def _number(value: float, label: str, name: str, **more: Any) -> gr.Number:
    return gr.Number(value, label=label, elem_id=name, min_width=120, **more)


def _exemplars() -> dict[str, Any]:
    with gr.Accordion("Exemplars", open=False), gr.Row():
        return {
            "k": _number(15, "exemplars a unit (k)", "k", precision=0, minimum=1),
            "quantile": _number(0.99, "mask above quantile", "quantile", minimum=0, maximum=1),
            "pooling": gr.Radio(["max", "mean"], value="max", label="pooling", elem_id="pooling"),
            "seed": _number(0, "seed of all chance", "seed", precision=0, minimum=0),
            "weighed": gr.Checkbox(
                True, label="score sentences on images that gave no exemplars", elem_id="weighed"
            ),
        }


def _milan() -> dict[str, Any]:
    with gr.Accordion("MILAN", open=False), gr.Row():
        return {
            "beam_size": _number(50, "beam", "beam_size", precision=0, minimum=1),
            "temperature": _number(0.2, "lambda", "temperature"),
        }


def _overlap() -> dict[str, Any]:
    with (
        gr.Accordion("NetDissect, Compositional Explanations", open=False),
        gr.Row(),
    ):
        return {
            "concepts": gr.Dropdown(
                ["colours"],
                value=["colours"],
                multiselect=True,
                label="concepts",
                elem_id="concepts",
            ),
            "mask_quantile": _number(0.995, "mask above quantile", "mask_quantile", maximum=1),
            "whole": gr.Checkbox(
                False, label="count a unit's pixels on every image (NetDissect)", elem_id="whole"
            ),
            "length": _number(3, "concepts in a formula at most", "length", precision=0),
            "beam": _number(5, "formulas kept at each step", "beam", precision=0),
        }


def _clip_dissect() -> dict[str, Any]:
    with gr.Accordion("CLIP-Dissect", open=False):
        with gr.Row():
            model = gr.Dropdown([], label="image-text model", elem_id="clip_model")
            similarity = gr.Dropdown(
                list(chosen.SIMILARITIES),
                value=chosen.SIMILARITIES[0],
                label="similarity",
                elem_id="similarity",
            )
        words = gr.Radio(
            [
                ("the commonest English nouns", COMMONEST),
                ("nouns of this workspace's annotations", ANNOTATED),
                ("these", GIVEN),
            ],
            value=COMMONEST,
            label="words that units may be named by",
            elem_id="words",
        )
        listed = gr.Textbox(label="these words, one a line", lines=3, elem_id="word_list")
    return {"clip_model": model, "words": words, "word_list": listed, "similarity": similarity}


def _dnd() -> dict[str, Any]:
    with gr.Accordion("Describe-and-Dissect", open=False):
        with gr.Row():
            models = {
                "captioner": gr.Dropdown([], label="captioner", elem_id="captioner"),
                "writer": gr.Dropdown(
                    [PHRASES], value=NONE, label="sums captions up", elem_id="writer"
                ),
                "likeness": gr.Dropdown([], label="image-text model", elem_id="likeness"),
                "maker": gr.Dropdown(
                    list(RETRIEVED), value=dnd.BY_VECTORS, label="pictures", elem_id="maker"
                ),
            }
        with gr.Row():
            return {
                **models,
                "scoring": gr.Dropdown(
                    list(dnd.SCORINGS), value=dnd.SCORINGS[0], label="scoring", elem_id="scoring"
                ),
                "candidates": _number(5, "candidates", "dnd_candidates", precision=0, minimum=1),
                "pictures": _number(
                    10, "pictures a candidate", "dnd_pictures", precision=0, minimum=1
                ),
                "crops": gr.Checkbox(True, label="attention crops", elem_id="crops"),
                "summary": gr.Checkbox(True, label="sum captions up", elem_id="summary"),
            }


def _vlm() -> dict[str, Any]:
    with gr.Accordion("Vision-language model", open=False), gr.Row():
        return {
            "looker": gr.Dropdown([], label="model", elem_id="looker"),
            "looked_at": _number(9, "images in either half", "looked_at", precision=0, minimum=1),
        }


def offered(db: Database, models: Path) -> tuple[Any, ...]:
    """What can be chosen, for `Fields.offered`, and after it what each method needs."""
    found = method_needs.choices(db, models)
    each = method_needs.needs(found, models)
    ready = [(need.title, need.method) for need in each if need.ready]
    if not any(name == chosen.MILAN for _, name in ready):
        # Without a checkpoint the box stands there, and Start says what to add.
        ready = [(chosen.TITLES[chosen.MILAN], chosen.MILAN), *ready]

    def first(names: tuple[str, ...]) -> Any:
        return gr.update(choices=list(names), value=names[0] if names else None)

    return (
        gr.update(choices=ready),
        gr.update(choices=list(found.concepts)),
        first(found.likenesses),
        first(found.captioners),
        gr.update(choices=[PHRASES, *((name, name) for name in found.writers)]),
        first(found.likenesses),
        gr.update(choices=[*RETRIEVED, *((name, name) for name in found.makers)]),
        first(found.lookers),
        page.needs(each),
    )


def plan_of(asked: Mapping[str, Any], *, annotated: tuple[str, ...] = ()) -> Plan:
    """The plan that the form asks for; `plan.enqueue` refuses what was not chosen.

    Args:
        annotated: the nouns of the workspace's annotations, where they were asked for.

    Raises:
        BadInput: a number is empty, or a method lacks what it needs.
    """
    if any(asked[name] is None for name in ("k", "quantile", "beam_size", "temperature")):
        raise BadInput("Fill in every number under Options first.")
    return Plan(
        subject=asked["subject"] or "",
        images=asked["images"] or "",
        layers=(*asked["layers"], *asked["more"]),
        methods=tuple(_asked(name, asked, annotated) for name in _in_order(asked["methods"])),
        k=int(asked["k"]),
        quantile=asked["quantile"],
        pooling=asked["pooling"],
        judge="" if asked["weighed"] else NOBODY,
    )


def _in_order(methods: list[str]) -> list[str]:
    return [name for name in chosen.OPTIONS if name in methods]


def _asked(name: str, given: Mapping[str, Any], annotated: tuple[str, ...]) -> Asked:
    def number(field: str) -> int:
        if given[field] is None:
            raise BadInput(f"Fill in every number under Options: {chosen.TITLES[name]} first.")
        return int(given[field])

    seed = number("seed")
    if name == chosen.MILAN:
        return chosen.MilanOptions(
            given["checkpoint"] or "", number("beam_size"), given["temperature"]
        )
    seen, quantile = tuple(given["concepts"] or ()), given["mask_quantile"] or 0
    if name == chosen.NETDISSECT:
        return chosen.NetDissectOptions(seen, quantile, bool(given["whole"]), seed)
    if name == chosen.COMPOSITIONAL:
        return chosen.CompositionalOptions(seen, quantile, number("length"), number("beam"), seed)
    if name == chosen.CLIP_DISSECT:
        words = annotated if given["words"] == ANNOTATED else ()
        if given["words"] == GIVEN:
            lines = (" ".join(line.split()) for line in (given["word_list"] or "").splitlines())
            words = tuple(dict.fromkeys(line for line in lines if line))
            if not words:
                raise BadInput("Give the words of CLIP-Dissect, one a line, first.")
        return chosen.ClipDissectOptions(given["clip_model"] or "", words, given["similarity"])
    if name == chosen.DND:
        return dnd.Options(
            captioner=given["captioner"] or "",
            writer=given["writer"],
            maker=given["maker"],
            likeness=given["likeness"] or "",
            scoring=given["scoring"],
            candidates=number("candidates"),
            pictures=number("pictures"),
            crops=bool(given["crops"]),
            summary=bool(given["summary"]),
            seed=seed,
        )
    return vlm.Options(given["looker"] or "", number("looked_at"), seed)
