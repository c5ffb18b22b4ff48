"""The Audit tab: its items, and the keys that they share.

    build(doors, page, wake=…, device="auto")

Each item is a module of its own. What an item shows is read when it is selected.
"""

from collections.abc import Callable

import gradio as gr

from audits import (
    pages,
    pages_compare,
    pages_paste,
    pages_spurious,
    pages_studies,
    tab_ablate,
    tab_compare,
    tab_find,
    tab_paste,
    tab_report,
    tab_spurious,
    tab_studies,
)
from db.doors import Doors

CSS = "".join(
    each.CSS for each in (pages, pages_compare, pages_paste, pages_spurious, pages_studies)
)
HEAD = (
    pages_paste.HEAD
    + """
<script>
(() => {
  // A verdict is about a picture that was seen: at least a quarter of it, or of the window.
  const seesUnit = () => {
    const [unit] = document.querySelectorAll('#look .mw-look');
    const shown = unit && (unit.querySelector('img.grid') || unit);
    if (!shown) return true;
    const box = shown.getBoundingClientRect();
    const visible = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return visible > 0 && visible >= Math.min(box.height, innerHeight) / 4;
  };
  const showUnit = () => document.getElementById('look').scrollIntoView({block: 'start'});
  // The unit comes to the top of the window, under what was found where that takes little room.
  window.showQueue = () => requestAnimationFrame(() => {
    if (!document.querySelector('#look .mw-look')) return;
    const found = document.getElementById('found');
    if (found.offsetHeight < innerHeight / 4) found.scrollIntoView({block: 'start'});
    else showUnit();
  });
  document.addEventListener('keydown', (event) => {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ids = {c: 'confirm', x: 'reject', '?': 'unsure', z: 'undo',
      arrowleft: 'queue_back', arrowright: 'queue_on'};
    const id = ids[event.key.toLowerCase()], button = document.getElementById(id);
    if (!button || button.offsetParent === null) return;
    if (/^(confirm|reject|unsure)$/.test(id) && !seesUnit()) showUnit();
    else button.click();
  });
})();
</script>
"""
)


def build(doors: Doors, page: gr.Blocks, *, wake: Callable[[], None], device: str) -> None:
    """Put the tab's items on the page that is being built."""
    with gr.Tabs(elem_id="audit_items"):
        with gr.Tab("Find and sign off", id="find"):
            tab_find.build(doors, page)
        with gr.Tab("Ablate", id="ablate") as ablate:
            tab_ablate.build(doors, ablate, wake=wake, device=device)
        with gr.Tab("Compare networks", id="compare") as compare:
            tab_compare.build(doors, compare)
        with gr.Tab("Faithfulness", id="faithfulness") as faithfulness:
            tab_studies.build(doors, faithfulness, "faithfulness", wake=wake, device=device)
        with gr.Tab("Feature importance", id="importance") as importance:
            tab_studies.build(doors, importance, "importance", wake=wake, device=device)
        with gr.Tab("Uses", id="uses") as uses:
            tab_studies.build(doors, uses, "uses", wake=wake, device=device)
        with gr.Tab("Cut and paste", id="paste") as paste:
            tab_paste.build(doors, paste)
        with gr.Tab("Spurious text", id="spurious") as spurious:
            tab_spurious.build(doors, spurious, wake=wake, device=device)
        with gr.Tab("Report", id="report") as report:
            tab_report.build(doors, report)
