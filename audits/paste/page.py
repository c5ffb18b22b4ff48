"""What the cut-and-paste page shows, made of plain values.

unit(name, text, drawn, classes)  which classes a unit speaks for
pieces(shown, chosen, what)       numbered thumbnails
arranged(found)                   the piece, the pasted image, first choices before and after
tried(found, drawn, classes, 3)   all pairs beside their control, the images that changed first
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from PIL import Image

from audits.figures.intervals import words
from audits.paste.adversaries import Batch, Outgoing, best, class_name
from audits.paste.pixels import Mask, Pixels
from db import templates
from db.describe.pictures import DIMMING

if TYPE_CHECKING:
    from audits.paste.bench import Arranged

_PARTS = templates.beside(__file__)

# Dragging on the pasted image moves the sliders that say where the piece lies; they ask the network
# as they would by hand, few enough times a second that answers keep up.
HEAD = """
<script>
(() => {
  let dragged = null, last = 0;
  const move = (slider, share) => {
    const range = document.querySelector(`#${slider} input[type=range]`);
    if (!range) return;
    const value = String(Math.round(100 * Math.min(1, Math.max(0, share))));
    if (range.value === value) return;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(range, value);
    range.dispatchEvent(new Event('input', {bubbles: true}));
  };
  const place = (event) => {
    const box = dragged.getBoundingClientRect();
    // The picture is fitted into its square frame.
    const fit = Math.min(box.width / dragged.naturalWidth, box.height / dragged.naturalHeight);
    const wide = fit * dragged.naturalWidth, tall = fit * dragged.naturalHeight;
    move('paste_x', (event.clientX - box.left - (box.width - wide) / 2) / wide);
    move('paste_y', (event.clientY - box.top - (box.height - tall) / 2) / tall);
  };
  document.addEventListener('pointerdown', (event) => {
    if (!event.target.matches('#pasted .mw-paste figure:nth-child(3) img')) return;
    event.preventDefault();
    dragged = event.target;
    place(event);
  });
  document.addEventListener('pointermove', (event) => {
    if (!dragged || event.timeStamp - last < 120) return;
    last = event.timeStamp;
    // Each answer brings a new picture to where the old one was.
    dragged = document.querySelector('#pasted .mw-paste figure:nth-child(3) img') || dragged;
    place(event);
  });
  document.addEventListener('pointerup', (event) => {
    if (!dragged) return;
    dragged = document.querySelector('#pasted .mw-paste figure:nth-child(3) img') || dragged;
    place(event);
    dragged = null;
  });
})();
</script>
"""
CSS = """
.mw-paste {display:flex; gap:1rem; flex-wrap:wrap; align-items:flex-start}
.mw-paste figure, .mw-pieces figure {margin:0; text-align:center; font-size:.85rem}
.mw-paste figure {max-width:17rem; overflow-wrap:anywhere}
.mw-paste img {width:16rem; height:16rem; object-fit:contain; border-radius:4px;
  border:1px solid var(--border-color-primary)}
.mw-paste figure:nth-child(3) img {cursor:move; touch-action:none; user-select:none}
.mw-pieces {display:flex; gap:.4rem; flex-wrap:wrap; margin:.2rem 0 .6rem}
.mw-pieces img {width:4.2rem; height:4.2rem; border-radius:3px; display:block}
.mw-pieces .chosen img {outline:3px solid var(--color-accent); outline-offset:1px}
.mw-pieces figcaption {max-width:9rem; overflow-wrap:anywhere}
.mw-choices td {padding:.1rem .5rem; white-space:nowrap}
.mw-choices .mw-bar {width:6rem; margin:0}
.mw-changed {font-size:1.15rem; font-weight:600; margin:.4rem 0}
"""
SHOWN_ATTACKS = 24
SPOKEN_FOR = 5
_HOW = {
    "weights": "by the weights that lead from it to the outputs",
    "ablation": "by what its exemplars' logits lose without it",
}


def nothing() -> Markup:
    """What stands there before any network was described."""
    return card(
        "Describe the units of a network that classifies images first: what is pasted is cut from "
        "their exemplars."
    )


def card(sentence: str) -> Markup:
    """A sentence in a frame."""
    return _PARTS("card", sentence=sentence)


def waiting(sentence: str) -> Markup:
    """What is being done."""
    return _PARTS("waiting", sentence=sentence)


def saved(file: Path, images: int) -> Markup:
    """Where an adversarial set lies."""
    size = file.stat().st_size / 1e6
    return _PARTS("saved", name=file.name, images=images, megabytes=size)


def unit(name: str, description: str, drawn: Outgoing, classes: Sequence[str]) -> Markup:
    """A unit, the classes that it speaks for, and how that is known."""
    named = [
        (class_name(classes, number), drawn.effects[number]) for number in drawn.first(SPOKEN_FOR)
    ]
    return _PARTS("unit", name=name, description=description, named=named, how=_HOW[drawn.how])


def pieces(shown: Sequence[tuple[Pixels, Mask | None]], chosen: int, what: str) -> Markup:
    """Numbered thumbnails; what is outside a mask is dimmed, the chosen one has a frame."""
    figures = [_address(_dimmed(image, mask), 84) for image, mask in shown]
    return _PARTS("pieces", what=what, figures=figures, chosen=chosen)


def arranged(found: "Arranged", *, toward: Sequence[int] = ()) -> Markup:
    """The images and the first choices, before beside after."""
    before, after = (int(np.argmax(shares)) for shares in (found.before, found.after))
    truth = found.base.truth
    return _PARTS(
        "arranged",
        found=found,
        images={
            "base": _address(found.base.image, 384),
            "source": _address(_dimmed(found.source.image, found.mask), 384),
            "pasted": _address(found.pasted.image, 384),
        },
        before=class_name(found.classes, before),
        after=class_name(found.classes, after),
        truth=None if truth is None else class_name(found.classes, truth),
        spoken_for=after in toward,
        best_before=best(found.before, found.classes),
        best_after=best(found.after, found.classes),
    )


def tried(found: Batch, drawn: Outgoing, classes: Sequence[str], count: int) -> Markup:
    """The shares with their controls, and the pasted images, changed ones first."""
    trials = len(found.random)
    named = ", ".join(class_name(classes, number) for number in drawn.first(count))
    order = sorted(found.attacks, key=lambda one: one.before == one.after)
    return _PARTS(
        "tried",
        pairs=len(found.attacks),
        trials=trials,
        shares=[
            ("first choice changed", found.changed, words(found.random_band)),
            (f"… to {named}", found.toward, words(found.toward_band)),
        ],
        attacks=[
            (
                _address(one.image, 128),
                one,
                class_name(classes, one.before),
                class_name(classes, one.after),
            )
            for one in order[:SHOWN_ATTACKS]
        ],
    )


def _dimmed(image: Pixels, mask: Mask | None) -> Pixels:
    """The image, dark outside the mask."""
    if mask is None:
        return image
    dark = np.rint(image * (1 - DIMMING)).astype(np.uint8)
    return np.where(mask[None], image, dark)


def _address(image: Pixels, side: int) -> str:
    """An image as an address that holds it, at least `side` pixels wide."""
    picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    content = io.BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(content.getvalue()).decode()
