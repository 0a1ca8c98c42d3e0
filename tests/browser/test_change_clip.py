"""Changing a clip in a real browser, with tiny twins: a mask painted on its first frame, another look, all widths."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import shot
from tests.browser.support import wait_kept
from tests.browser.test_accessible import LOOKS, serious
from tests.browser.test_image_tab import drag
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
DONE = 120_000
TASKS = ("restyle_clip", "edit_clip", "fill_clip", "extend_clip")


@pytest.fixture(scope="module")
def house(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio with models that change clips."""
    from engines.twins import install_entry

    data = tmp_path_factory.mktemp("change clip") / "data"
    for name in ("wan-2.1-1.3b", "wan-2.1-vace-1.3b", "lucy-edit"):
        install_entry(name, twin_folder, data / "catalog")
    studio = Live(data, starter)
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def eve(house: Live) -> httpx.Client:
    """The owner of the studio."""
    return house.first_account("eve")


def form(page: Page, task: str) -> Locator:
    return page.locator(f"#task-{task}")


def bring(page: Page, clip: Path) -> None:
    page.set_input_files("#bench-video .slot[data-main=yes] input[type=file]", clip)
    expect(page.locator("#bench-video > .card > .part-slot .filled")).to_contain_text("1 s")


def made(page: Page, task: str, badge: str) -> None:
    """Submit the form as a draft, and wait for the clip, whose caption has a badge."""
    draft = form(page, task).get_by_role("radio", name=re.compile("Draft"))
    draft.press("Space")
    expect(draft).to_be_checked()
    expect(form(page, task).locator(".go")).to_contain_text("·")
    form(page, task).locator(".go").click()
    expect(page.locator("#tab-video .under .caption")).to_contain_text(badge, timeout=DONE)


@pytest.mark.parametrize("width", [1440, 390])
def test_an_area_is_painted_on_the_first_frame_and_filled(
    opened: Opened, eve: httpx.Client, short_clip: Path, width: int
) -> None:
    page = opened(eve, width, at="video/fill_clip")
    fill = form(page, "fill_clip")
    expect(fill.get_by_text("Add a clip first, then paint on it.")).to_be_visible()
    bring(page, short_clip)
    fill.get_by_role("button", name="Paint", exact=True).click()
    dialog = page.get_by_role("dialog", name="Paint: Area to replace")
    expect(dialog.locator("img")).to_have_js_property("naturalWidth", 160)
    drag(page, dialog.locator(".mask-sheet"), (0.3, 0.3), (0.6, 0.3), (0.6, 0.6))
    shot(page, f"clip-mask-{width}")
    dialog.get_by_role("button", name="Done").click()
    expect(fill.get_by_role("button", name="Remove mask")).to_be_visible()
    fill.get_by_label("Describe the new part").fill("a window")
    assert wait_kept(page, "fill_clip", prompt="a window")["mask"]
    made(page, "fill_clip", "Filled")
    newest = eve.get("/api/assets", params={"origin": "made", "kind": "clip"}).json()["assets"][0]
    assert (newest["badges"], newest["width"], len(newest["parents"])) == (["Filled"], 160, 2)


def test_a_clip_is_restyled_from_its_next_steps(opened: Opened, eve: httpx.Client, short_clip: Path) -> None:
    page = opened(eve, at="video/extend_clip")
    bring(page, short_clip)
    extend = form(page, "extend_clip")
    extend.get_by_role("radio", name="1:1").check(force=True)
    extend.get_by_label("Describe the whole picture").fill("a meadow")
    made(page, "extend_clip", "Extended")
    page.locator("#tab-video .under").get_by_role("button", name="Restyle").click()
    restyle = form(page, "restyle_clip")
    restyle.get_by_role("group", name="Examples").get_by_role("button", name="watercolor").click()
    made(page, "restyle_clip", "Restyled")
    newest = eve.get("/api/assets", params={"origin": "made", "kind": "clip"}).json()["assets"][0]
    assert (newest["badges"], newest["width"], newest["height"]) == (["Extended", "Restyled"], 64, 64)


@pytest.mark.parametrize(("width", "look"), LOOKS)
def test_every_task_is_accessible_with_its_button_visible(
    opened: Opened, eve: httpx.Client, width: int, look: str
) -> None:
    page = opened(eve, width, look, at="video/restyle_clip")
    choice = page.locator("#bench-video .choice").first
    for task in TASKS:
        choice.locator(f"input[value={task}]").check(force=True)
        expect(form(page, task).locator(".go")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), task
        shot(page, f"video-{task}-{width}-{look}")
    page.set_viewport_size({"width": width, "height": 3000})  # axe cannot measure the contrast of covered elements
    for task in TASKS:
        choice.locator(f"input[value={task}]").check(force=True)
        assert serious(page) == [], task
