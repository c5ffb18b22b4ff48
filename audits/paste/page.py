"""What the cut-and-paste page shows, as HTML made of plain values; every text is escaped here.

pieces(shown, chosen, what)       numbered thumbnails
speaks_for(drawn, classes, 5)     the classes that a unit speaks for
arranged(found)                   the piece, the pasted image, first choices before and after
tried(found, drawn, classes, 3)   all pairs beside their control, the images that changed first
"""

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from audits.figures.intervals import too_few
from audits.paste.adversaries import Attack, Batch, Outgoing, best, class_name
from audits.paste.pixels import Mask, Pixels
from db.describe.pictures import DIMMING

if TYPE_CHECKING:
    from audits.paste.bench import Arranged

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


def pieces(shown: Sequence[tuple[Pixels, Mask | None]], chosen: int, what: str) -> str:
    """Numbered thumbnails; what is outside a mask is dimmed, the chosen one has a frame."""
    figures = "".join(
        f'<figure class="{"chosen" if number == chosen else ""}">'
        f'<img src="{_address(_dimmed(image, mask), 84)}" alt="{escape(what)} {number}">'
        f"<figcaption>{number}</figcaption></figure>"
        for number, (image, mask) in enumerate(shown, start=1)
    )
    return f'<div class="mw-muted">{escape(what)}</div><div class="mw-pieces">{figures}</div>'


def speaks_for(drawn: Outgoing, classes: Sequence[str], count: int) -> str:
    """The classes that a unit speaks for, and how that is known."""
    how = {
        "weights": "by the weights that lead from it to the outputs",
        "ablation": "by what its exemplars' logits lose without it",
    }[drawn.how]
    named = ", ".join(
        f"<b>{escape(class_name(classes, each))}</b> ({drawn.effects[each]:+.2f})"
        for each in drawn.first(count)
    )
    return f"<p>Speaks for {named}, {how}.</p>"


def arranged(found: "Arranged", *, toward: Sequence[int] = ()) -> str:
    """The images and the first choices, before beside after."""
    said = [int(np.argmax(shares)) for shares in (found.before, found.after)]
    names = [class_name(found.classes, each) for each in said]
    if said[0] == said[1]:
        verdict = f"Still <b>{escape(names[0])}</b>"
    else:
        verdict = f"<b>{escape(names[0])}</b> → <b>{escape(names[1])}</b>"
        if said[1] in toward:
            verdict += ", a class that the unit speaks for"
    truth = found.base.truth
    caption = escape(found.base.name)
    if truth is not None:
        caption += f" (class {escape(class_name(found.classes, truth))})"
    figures = "".join(
        f'<figure><img src="{_address(image, 384)}" alt="{alt}"><figcaption>{text}</figcaption>'
        "</figure>"
        for image, alt, text in (
            (found.base.image, "the image before", caption),
            (
                _dimmed(found.source.image, found.mask),
                "the distractor; what is cut is bright",
                f"cut from {escape(found.source.name)}",
            ),
            (
                found.pasted.image,
                "the image with the piece; drag to move the piece",
                f"the piece covers {found.pasted.covered:.1%}; drag it",
            ),
        )
    )
    return (
        f'<p class="mw-changed" aria-live="polite">{verdict}</p><div class="mw-paste">{figures}'
        f"<div>{_choices('Before', found, found.before)}</div>"
        f"<div>{_choices('After', found, found.after)}</div></div>"
    )


def tried(found: Batch, drawn: Outgoing, classes: Sequence[str], count: int) -> str:
    """The shares with their controls, and the pasted images, changed ones first."""
    pairs, trials = len(found.attacks), len(found.random)
    named = ", ".join(escape(class_name(classes, each)) for each in drawn.first(count))
    rows = "".join(
        f"<tr><td>{what}</td><td class='n'>{share:.1%}</td><td class='n'>{band.mean:.1%} "
        f"({max(0.0, band.low):.1%} to {min(1.0, band.high):.1%})"
        f"{too_few(max(0.0, band.low), min(1.0, band.high), trials)}</td></tr>"
        for what, share, band in (
            ("first choice changed", found.changed, found.random_band),
            (f"… to {named}", found.toward, found.toward_band),
        )
    )
    order = sorted(found.attacks, key=lambda one: one.before == one.after)
    shown = "".join(_attack(one, classes) for one in order[:SHOWN_ATTACKS])
    more = "" if pairs <= SHOWN_ATTACKS else f" (the first {SHOWN_ATTACKS})"
    return (
        f"<table class='mw-table' style='max-width:52rem'><tr><th>{pairs} pairs</th>"
        f"<th>this unit's pieces</th><th>pieces of other images, {trials} draws (95 % of draws)"
        f"</th></tr>{rows}</table><p class='mw-muted'>The control lays pieces of the same shape, "
        "place and size, cut from exemplars of other units: any piece hides something. Images of "
        "one base or one piece are not independent, so the interval is about the draw of other "
        f"images alone.</p><p>Changed ones first{more}:</p><div class='mw-pieces'>{shown}</div>"
    )


def _attack(one: Attack, classes: Sequence[str]) -> str:
    before, after = (escape(class_name(classes, each)) for each in (one.before, one.after))
    said = f"{before} → <b>{after}</b>" if one.before != one.after else f"still {before}"
    return (
        f'<figure><img src="{_address(one.image, 128)}" style="width:7rem;height:7rem" '
        f'alt="{escape(one.base)} with {escape(one.distractor)}"><figcaption>{said}</figcaption>'
        "</figure>"
    )


def _choices(title: str, found: "Arranged", shares: NDArray[np.float64]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td><div class='mw-bar'><span style='width:{share:.1%}'>"
        f"</span></div></td><td class='n'>{share:.1%}</td></tr>"
        for name, share in best(shares, found.classes)
    )
    return f"<b>{title}</b><table class='mw-choices'>{rows}</table>"


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
