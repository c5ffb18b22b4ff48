"""The Audit tab: its items, and the keys that they share.

    build(doors, page, wake=…, device="auto")

Each item is a module of its own. What an item shows is read when it is selected.
"""

from collections.abc import Callable

import gradio as gr

from audits.ablation import page as ablation_page
from audits.ablation import tab as ablation_tab
from audits.compare import page as compare_page
from audits.compare import tab as compare_tab
from audits.find import tab as find_tab
from audits.paste import page as paste_page
from audits.paste import tab as paste_tab
from audits.report import tab as report_tab
from audits.spurious import page as spurious_page
from audits.spurious import tab as spurious_tab
from audits.studies import page as studies_page
from audits.studies import tab as studies_tab
from db.access.doors import Doors

CSS = "".join(
    each.CSS for each in (ablation_page, compare_page, paste_page, spurious_page, studies_page)
)
HEAD = (
    paste_page.HEAD
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
            find_tab.build(doors, page)
        with gr.Tab("Ablate", id="ablate") as ablate:
            ablation_tab.build(doors, ablate, wake=wake, device=device)
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
