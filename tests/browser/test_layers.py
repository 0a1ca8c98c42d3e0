"""Layers over the page: Back closes them, lists are above the bars, nothing is wider than the window."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tabs import MENU_PAGES, TABS
from tests.browser.conftest import shot
from tests.browser.support import unbundled
from tests.support.live import upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
PAGES = ("home", *(name for name, _, _ in (*TABS, *MENU_PAGES)))
DIALOGS = {
    "cast": ".cast-page [data-do=design]:visible",
    "studio": "#tab-studio [data-do=add]:visible",
    "models": "#tab-models [data-do=add]:visible",
    "audio": ".words-open",
    "library": ".space-tool",
    "writing": ".box .adjust",
    "image/fill_image": "#task-fill_image .mask-open",
}
OPEN = "document.querySelectorAll('dialog[open], :popover-open:not(.tip), .queue.open, .writing.listing').length"
ALIVE = "document.elementFromPoint(innerWidth / 2, 20)?.closest('.bar') !== null"
DEPTH = "history.state?.layer ?? 0"


def count(page: Page, number: int) -> None:
    """Wait until this many layers are open, in the page and in the history."""
    page.wait_for_function(f"number => {OPEN} === number && ({DEPTH}) === number", arg=number)


def opened_and_closed(page: Page, opener: str) -> None:
    """Open a layer and close it with Back and with Escape: the page is unchanged and takes clicks."""
    at = page.url
    page.locator(opener).first.click()
    count(page, 1)
    page.go_back()
    count(page, 0)
    assert page.evaluate(ALIVE)
    page.go_forward()
    count(page, 0)
    page.locator(opener).first.click()
    count(page, 1)
    page.keyboard.press("Escape")
    count(page, 0)
    assert page.url == at


def test_back_closes_whatever_is_open(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    page = opened(ann, at="image/fill_image")
    page.set_input_files("#bench-image .slot[data-main=yes] input[type=file]", photo)
    for at, opener in DIALOGS.items():
        page.evaluate("at => { location.hash = at }", at)
        opened_and_closed(page, opener)
    for menu in (".pill.more", ".pill.project"):
        opened_and_closed(page, menu)
    page.locator(".pill.more").click()
    count(page, 1)
    page.locator(".pill.project").click()  # one menu replaces the other
    count(page, 1)
    page.locator(".pill.more").click()
    page.locator("#menu").get_by_role("link", name="Cast").click()
    count(page, 0)
    page.go_back()
    expect(page.locator("#task-fill_image")).to_be_visible()  # not the menu's own history entry
    page.locator("#task-fill_image .mask-open").first.click()
    count(page, 1)
    page.evaluate("location.hash = 'home'")
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
    assert page.evaluate(OPEN) == 0


def test_a_page_opened_while_a_layer_closes_stays(opened: Opened, ann: httpx.Client) -> None:
    """Closing a layer goes back in the history only after the next page has been requested."""
    page = opened(ann, at="image")
    unbundled(page)
    visited = """async wait => {
      const layers = await import("/c41/js/core/layers.js");
      const pause = ms => new Promise(resolve => setTimeout(resolve, ms));
      layers.navigate("#image");
      const closed = layers.openLayer(() => {});
      await pause(60);
      closed();
      await pause(wait);
      layers.navigate("#library");
      await pause(200);
      return [location.hash, history.state?.layer ?? 0];
    }"""
    assert [page.evaluate(visited, wait) for wait in (0, 1, 2, 4, 8)] == [["#library", 0]] * 5
    page.go_back()
    page.wait_for_function("location.hash === '#image'")


def test_a_detail_view_closes_with_its_page(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    asset = upload(ann, photo)
    page = opened(ann, at="home")
    page.evaluate("id => { location.hash = `library?asset=${id}` }", asset)
    expect(page.locator("dialog.detail")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
    assert page.evaluate(OPEN) == 0
    assert page.evaluate(ALIVE)


def test_back_leads_to_the_list_after_turning_pages_in_the_viewer(
    opened: Opened, ann: httpx.Client, photo: Path
) -> None:
    first, last = [upload(ann, photo) for _ in range(2)]
    page = opened(ann, at="library")
    page.locator(f".tile[data-asset='{last}']").click()
    page.locator("dialog.detail").get_by_role("button", name="Open in the viewer").click()
    page.locator("dialog.viewer").get_by_role("button", name="Next result").click()
    page.wait_for_function("document.querySelector('.viewer [data-do=previous]').checkVisibility()")
    page.keyboard.press("Escape")
    page.wait_for_function(f"id => location.hash.includes(id) && ({DEPTH}) === 0", arg=first)
    page.wait_for_function("document.querySelector('dialog.detail').contains(document.activeElement)")
    page.go_back()
    expect(page.locator("dialog.detail")).to_be_hidden()
    assert page.evaluate("location.hash") == "#library"
    page.go_forward()
    page.wait_for_function("id => location.hash.includes(id)", arg=first)


def test_back_closes_the_sheets_of_a_phone(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, 390, at="writing")
    opened_and_closed(page, ".writing .lists")
    opened_and_closed(page, "[data-link=queue]")
    opened_and_closed(page, ".pill.more")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1440, 760), (390, 844)])
def test_a_list_is_above_the_bars(opened: Opened, ann: httpx.Client, width: int, height: int) -> None:
    page = opened(ann, width, at="video/interpolate_clip")
    page.set_viewport_size({"width": width, "height": height})
    rate = page.locator("#task-interpolate_clip .field-fps input")
    rate.click()
    options = page.locator("[role=option]")
    covered = options.evaluate_all("""options => options.filter((option) => {
        option.scrollIntoView({ block: "nearest" });
        const { x, y, width, height } = option.getBoundingClientRect();
        return !option.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }).map((option) => option.textContent)""")
    assert covered == []
    shot(page, f"list-{width}-{height}")
    before = len(ann.get("/api/jobs", headers={"Accept": "application/json"}).json()["jobs"])
    last = options.last.inner_text().replace("✓", "").strip()
    options.last.click()
    expect(rate).to_have_value(last)
    assert len(ann.get("/api/jobs", headers={"Accept": "application/json"}).json()["jobs"]) == before


def test_no_page_is_wider_than_the_window(opened: Opened, ann: httpx.Client) -> None:
    name = "Harbor café advertisement, the very long spring and summer edition"
    made = ann.post("/api/projects", json={"name": name, "shared": True}).json()["id"]
    ann.post("/api/projects/in-hand", json={"project_id": made}).raise_for_status()
    page = opened(ann, at="home")
    wide = []
    for at in PAGES:
        page.evaluate("at => { location.hash = at }", at)
        page.wait_for_selector(f"#tab-{at} .part")
        for width in (320, 390, 600, 760, 761, 768, 820, 844, 900, 1024, 1061, 1200, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 900})
            needed = page.evaluate("document.documentElement.scrollWidth")
            menu = page.locator(".pill.more").evaluate("it => it.getBoundingClientRect().right")
            if needed > width or menu > width:
                wide.append((at, width, needed, menu))
    ann.post("/api/projects/in-hand", json={"project_id": None}).raise_for_status()
    assert wide == []


def test_a_page_opened_while_a_layer_closes_stays_open(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="image")
    menu = page.locator(".bar .pill.project")
    for wait in range(12):
        page.evaluate("location.hash = 'image'")
        page.wait_for_selector("#tab-image:not([hidden]) .part")
        menu.click()
        page.wait_for_function(f"({DEPTH}) === 1")
        page.evaluate(
            "wait => new Promise((done) => { document.querySelector('#projects').hidePopover(); "
            "setTimeout(() => { location.hash = 'library'; setTimeout(done, 150); }, wait); })",
            wait,
        )
        assert page.evaluate("location.hash") == "#library", wait
        page.wait_for_function(f"({DEPTH}) === 0")


def test_nothing_covers_the_buttons_on_a_phone_in_landscape(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    asset = upload(ann, photo)
    page = opened(ann, 844, at="image/upscale_image")
    unbundled(page)
    page.set_viewport_size({"width": 844, "height": 390})
    expect(page.locator("#task-upscale_image .go")).to_be_visible()
    page.evaluate("id => import('/c41/js/stage/asset-actions.js').then((actions) => actions.showAsset(id))", asset)
    step = page.locator("#tab-image .under .step").last
    expect(step).to_be_visible()
    film = page.locator("#tab-image .film").bounding_box()
    under = step.bounding_box()
    assert film
    assert under
    assert under["y"] + under["height"] <= film["y"]
    shot(page, "on-its-side")


def test_the_page_starts_dark_at_the_top_and_reports_missing_pages(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, look="light", at="models")
    page.evaluate("localStorage.setItem('c41-look', 'dark')")
    held: list[Route] = []
    page.route("**/*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    page.wait_for_function("document.body && getComputedStyle(document.body).backgroundColor !== 'rgba(0, 0, 0, 0)'")
    assert page.evaluate("document.querySelector('.bar')") is None  # nothing of the page has loaded yet
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 18, 16)"
    for route in held:
        route.continue_()
    page.unroute("**/*.js")
    expect(page.locator("#tab-models .part").first).to_be_visible()
    page.wait_for_function("document.documentElement.scrollHeight > innerHeight + 200")
    page.evaluate("scrollTo(0, 160)")
    page.get_by_role("link", name="C41 Studio").click()
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.evaluate("location.hash = 'nonsense'")
    expect(page.locator(".toast")).to_contain_text("There is no page “nonsense”")
    page.goto("/nowhere")
    expect(page.get_by_role("heading")).to_have_text("There is no such page.")
