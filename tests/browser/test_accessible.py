"""Every page passes axe without serious issues, in the dark and light themes, on a desktop, a tablet and a phone; so
does what opens over it. On a phone, nothing to tap is smaller than 44 px."""

from collections.abc import Callable

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tabs import MENU_PAGES, TABS
from tests.support import samples
from tests.support.live import Live, finished, submit, upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
PAGES = ("home", *(name for name, _, _ in (*TABS, *MENU_PAGES)))
STILL = """document.getAnimations()
  .every(({ playState, effect }) => playState !== "running" || effect.getTiming().iterations === Infinity)"""
"""Nothing slides in any more."""
CLOSED = "!document.querySelector('dialog[open], :popover-open:not(.tip), .queue.open') && !history.state?.layer"
"""Nothing is open over the page, nor in the browser's history."""
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

    def look(name: str) -> None:
        page.wait_for_function(STILL)
        found[name] = serious(page) + (small(page) if phone else [])

    for name, opener in openers.items():
        page.evaluate(opener)
        look(name)
        page.keyboard.press("Escape")
        page.wait_for_function(CLOSED)
    under = page.locator("#tab-image .under")
    under.get_by_role("button", name="More actions").click()
    look("actions")
    page.keyboard.press("Escape")
    page.wait_for_function(CLOSED)
    under.get_by_role("button", name="Delete").click()
    look("notice")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_have_text("Restored.")
    page.evaluate("location.hash = 'image/stylize_image'")
    page.locator("#task-stylize_image .styles-grid label").last.scroll_into_view_if_needed()
    look("styles")
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


@pytest.fixture(scope="module")
def made(house: Live, ann: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A result, which the Image tab shows."""
    photo = upload(ann, samples.photo(tmp_path_factory.mktemp("photo") / "cheetah.jpg", 96))
    assert finished(ann, submit(ann, {"task": "upscale_image", "image": photo}))["state"] == "done"


@pytest.mark.usefixtures("made")
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
    page.wait_for_function(CLOSED)
    barriers |= {f"open: {name}": found for name, found in opened_layers(page, width == 390).items()}
    assert {name: found for name, found in barriers.items() if found} == {}


@pytest.mark.parametrize("name", ["login", "setup", "account"])
def test_no_sign_in_page_has_a_serious_issue(house: Live, chromium: Browser, ann: httpx.Client, name: str) -> None:
    path = house.command("add", "Hana") if name == "setup" else f"/{name}"
    for width, look in LOOKS:
        context = chromium.new_context(
            base_url=house.url, color_scheme=look, viewport={"width": width, "height": 900}, has_touch=width == 390
        )  # type: ignore[arg-type]
        if name == "account":
            context.add_cookies([{"name": c.name, "value": str(c.value), "url": house.url} for c in ann.cookies.jar])
        page = context.new_page()
        page.goto(path)
        expect(page.locator("form").first).to_be_visible()
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        context.close()
