"""Every page passes axe without serious issues, in the dark and light themes, on a desktop, a tablet and a phone; so
does what opens over it. On a phone, nothing to tap is smaller than 44 px."""

from collections.abc import Callable

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tabs import MENU_PAGES, TABS
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
PAGES = ("home", *(name for name, _, _ in (*TABS, *MENU_PAGES)))
LOOKS = [(1440, "dark"), (1440, "light"), (390, "dark"), (390, "light")]


def serious(page: Page) -> list[str]:
    """The serious or critical issues axe finds, each with its first elements."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {[(node['html'][:120], node['failureSummary'][:300]) for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def opened_layers(page: Page, phone: bool) -> dict[str, list[str]]:
    """The issues of what opens over the page and within the form."""
    page.evaluate("location.hash = 'image/create_image'")
    page.wait_for_selector("#task-create_image .model-chosen", state="attached")
    openers = {
        "menu": "document.querySelector('.pill.more').click()",
        "search": "document.querySelector('.pill.seek').click()",
        "queue": "document.querySelector('.pill.status').click()",
        "shortcuts": "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }))",
        "words": "document.querySelector('#task-create_image .vocabulary').open = true",
        "models": "document.querySelector('#task-create_image .model-chosen').click()",
    }
    found = {}
    for name, opener in openers.items():
        page.evaluate(opener)
        page.wait_for_timeout(250)  # the panel slides in
        found[name] = serious(page) + (small(page) if phone else [])
        page.keyboard.press("Escape")
        page.wait_for_function("!document.querySelector('dialog[open], :popover-open, .queue.open')")
    return found


def small(page: Page) -> list[str]:
    """What can be tapped and is smaller than 44 px, or is cut off by what holds it. Links within a sentence may be
    narrow or low."""
    found: list[str] = page.evaluate("""() => {
        const all = ".part, .card, .viewer", tapped = "button, a[href], summary, select, textarea, input";
        return [...document.querySelectorAll(all)].flatMap((root) => [...root.querySelectorAll(tapped)])
          .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("p, [inert]"))
          .map((one) => [one, one.matches("[type=radio], [type=checkbox], [type=file]") && one.closest("label")])
          .map(([one, label]) => [one, [label || one, ...(one.matches("[type=number]") ? [one.parentElement] : [])]])
          .map(([one, boxes]) => [one, boxes.map((box) => box.getBoundingClientRect())])
          .map(([one, boxes]) => [one, { width: Math.min(...boxes.map(({ width }) => width)),
            height: Math.min(...boxes.map(({ height }) => height)) }])
          .filter(([, { width, height }]) => Math.min(width, height) > 1 && Math.min(width, height) < 43.5)
          .map(([one, { width, height }]) => `${width | 0} × ${height | 0}: ${one.outerHTML.slice(0, 120)}`);
    }""")
    return sorted(set(found))


@pytest.mark.parametrize(("width", "look"), [*LOOKS, (768, "dark"), (844, "light")])
def test_no_page_has_a_serious_issue(opened: Opened, ann: httpx.Client, width: int, look: str) -> None:
    page = opened(ann, width, look, at="home")
    # A phone on its side keeps its height; elsewhere axe could not measure the contrast of covered elements.
    page.set_viewport_size({"width": width, "height": 390 if width == 844 else 2600})
    barriers = {}
    for name in PAGES:
        page.evaluate("name => { location.hash = name }", name)
        page.wait_for_function("name => document.body.dataset.tab === name", arg=name)
        page.wait_for_selector(f"#tab-{name} .part")
        barriers[name] = serious(page) + (small(page) if width == 390 else [])
    page.evaluate("document.querySelector('#projects').showPopover()")
    barriers["projects"] = serious(page)
    page.evaluate("document.querySelector('#projects').hidePopover()")
    barriers |= {f"open: {name}": found for name, found in opened_layers(page, width == 390).items()}
    assert {name: found for name, found in barriers.items() if found} == {}


@pytest.mark.parametrize("path", ["/login", "/account"])
def test_no_sign_in_page_has_a_serious_issue(house: Live, chromium: Browser, ann: httpx.Client, path: str) -> None:
    for look in ("dark", "light"):
        context = chromium.new_context(base_url=house.url, color_scheme=look)  # type: ignore[arg-type]
        if path == "/account":
            context.add_cookies([{"name": c.name, "value": str(c.value), "url": house.url} for c in ann.cookies.jar])
        page = context.new_page()
        page.goto(path)
        assert serious(page) == []
        context.close()
