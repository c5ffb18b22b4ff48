"""The annotator's pages for everybody: contrast, names, headings, focus, and all on one screen."""

import pytest
from playwright.sync_api import Browser, Page

from db.workspace import Workspace
from helpers.browsing import answer, arrive, sign_in

pytestmark = pytest.mark.filterwarnings("ignore")

# WCAG 2.2, 1.4.3: relative luminance of a text and of what is painted behind it.
FAINT = r"""() => {
    const linear = part => { part /= 255;
        return part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4; };
    const colour = text => { const found = text.match(/[\d.]+/g).map(Number);
        return found.length < 4 ? [...found, 1] : found; };
    const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
    const over = (top, below) =>
        [0, 1, 2].map(at => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
    const behind = element => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            const painted = colour(getComputedStyle(each).backgroundColor);
            if (painted[3] > 0) layers.push(painted);
            if (painted[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const found = [];
    for (const element of document.querySelectorAll(
        "button, [role=tab], p, li, h1, h2, h3, summary, label, td, th, span, b")) {
        const text = [...element.childNodes].some(
            each => each.nodeType === 3 && each.textContent.trim());
        if (!element.offsetParent || !text) continue;
        const ground = behind(element);
        const ink = over(colour(getComputedStyle(element).color), ground);
        const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
        const contrast = (light + .05) / (dark + .05);
        if (contrast < 4.5)
            found.push(`${contrast.toFixed(2)} ${element.tagName} ${element.textContent.trim()}`);
    }
    return found;
}"""
NAMELESS = """() => [...document.querySelectorAll(
        "button, input, textarea, select, [role=tab], dialog, img, .an-grid")]
    .filter(each => each.offsetParent || each.tagName === "DIALOG")
    .filter(each => !(each.textContent.trim() || each.getAttribute("aria-label")
        || each.getAttribute("aria-labelledby") || (each.labels && each.labels.length)
        || each.title || each.alt))
    .map(each => each.outerHTML.slice(0, 120))"""


def check(page: Page) -> None:
    """Every text is readable in both themes, and everything that can be used has a name."""
    for theme in ("light", "dark"):
        page.evaluate("on => document.body.classList.toggle('dark', on)", theme == "dark")
        page.wait_for_timeout(400)
        assert (theme, page.evaluate(FAINT)) == (theme, [])
    page.evaluate("document.body.classList.remove('dark')")
    assert page.evaluate(NAMELESS) == []
    assert page.get_by_role("heading", level=1).count() == 1


def test_every_page_of_an_annotator_can_be_read_and_is_named(
    browser: Browser, guarded: tuple[Workspace, str]
) -> None:
    page = sign_in(browser, guarded[1], "cy")
    page.wait_for_selector(".an-example img", state="visible")
    check(page)
    page.locator("#an-agree").click()
    page.wait_for_selector("#an-hand-in", state="visible")
    check(page)
    for choice in ("dog faces", "grids"):
        page.get_by_label(choice).check()
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=Passed: 2 of 2 right")
    check(page)
    page.locator("#an-agree").click()
    page.wait_for_selector(".an-grid[data-token]:not([data-token=''])", state="visible")
    check(page)


def test_the_focus_is_never_lost_and_the_enlarged_picture_is_a_dialog(
    browser: Browser, local: tuple[Workspace, str]
) -> None:
    page = arrive(browser, local[1], "tabber", 1440)
    focused = "() => document.activeElement && document.activeElement.closest('[id]').id"
    page.wait_for_function("document.activeElement.closest('#an-text') !== null")
    answer(page, "striped fur")
    page.wait_for_function("document.activeElement.closest('#an-text') !== null")
    page.locator(".an-grid").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Picture 1 of 15, enlarged")
    dialog.wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_role("dialog", name="Picture 2 of 15, enlarged").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")
    assert page.evaluate("document.activeElement.classList.contains('an-grid')")
    page.locator("#an-skip").click()
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate(focused) != ""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (390, 844)])
def test_pictures_box_and_submit_are_on_one_screen(
    browser: Browser, local: tuple[Workspace, str], width: int, height: int
) -> None:
    page = arrive(browser, local[1], f"screen {width}", width)
    page.set_viewport_size({"width": width, "height": height})
    answer(page, "striped fur")
    seen = """height => {
        const place = selector => document.querySelector(selector).getBoundingClientRect();
        const [pictures, box, submit] = [".an-grid", "#an-text", "#an-submit"].map(place);
        return pictures.top >= 0 && pictures.height > 300 && pictures.bottom <= box.top
            && box.bottom <= submit.top && submit.bottom <= height;
    }"""
    page.wait_for_function(seen, arg=height)
    # and a long line of advice moves nothing out of sight
    page.locator("#an-text textarea").fill("images of dogs")
    page.wait_for_selector("#an-hint >> text=Leave out")
    page.wait_for_function(seen, arg=height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
