"""Working with results: next steps, reuse, delete and undo, projects, the library."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import shot
from tests.browser.support import kept
from tests.support.live import finished, submit, upload
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def made(ann: httpx.Client, photo: Path) -> str:
    """The id of a cut-out by ann."""
    request = {"task": "cut_out", "image": upload(ann, photo), "background": "green", "feather": 3}
    done = finished(ann, submit(ann, request))
    return str(done["assets"][0])


def test_settings_are_restored_in_the_form(opened: Opened, ann: httpx.Client, made: str) -> None:
    page = opened(ann, at="library")
    page.locator(f"#tab-library [data-asset='{made}']").click()
    story = page.locator("dialog dl")
    expect(story).to_contain_text("New background")
    expect(story).to_contain_text("Green")
    shot(page, "detail")
    page.locator("dialog").get_by_role("button", name="Reuse settings").click()
    expect(page.locator("#task-cut_out")).to_be_visible()
    expect(page.locator("#task-cut_out").get_by_label("Green")).to_be_checked()
    expect(page.locator("#bench-image .filled")).to_contain_text("lion")


def test_a_result_is_the_next_input(opened: Opened, ann: httpx.Client, made: str) -> None:
    page = opened(ann)
    page.locator(f"#tab-image [data-asset='{made}']").click()
    next_steps = page.locator("#tab-image").get_by_role("group", name="Next steps")
    next_steps.get_by_role("button", name="Enlarge…", exact=True).click()
    expect(page.locator("#task-upscale_image")).to_be_visible()
    expect(page.locator("#bench-image .filled")).to_contain_text("Cut out")
    page.locator("#bench-image .slot[data-main=yes] [data-do=clear]").click()
    slot = page.locator("#bench-image .slot[data-main=yes] .slot-box")
    page.locator(f"#tab-image [data-asset='{made}']").drag_to(slot)
    expect(page.locator("#bench-image .filled")).to_contain_text("Cut out")


def test_an_input_stays_while_the_studio_does_not_respond(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    page = opened(ann, at="image/cut_out")
    held = page.locator("#bench-image .slot[data-main=yes] .filled")
    page.set_input_files("#bench-image .slot[data-main=yes] input[type=file]", photo)
    expect(held).to_contain_text("lion")
    until(lambda: kept(page, "cut_out").get("image"), what="the picture in what is kept")
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort() if len(refused) == 1 else route.fallback()

    page.route(re.compile(r"/api/assets/[0-9a-f]{32}$"), refuse)
    page.reload()
    expect(held).to_contain_text("lion", timeout=15_000)
    assert len(refused) > 1


def test_delete_can_be_undone(opened: Opened, ann: httpx.Client, made: str) -> None:
    page = opened(ann)
    frame = page.locator(f"#tab-image [data-asset='{made}']")
    frame.click()
    page.locator("#tab-image").get_by_role("button", name="Delete").click()
    expect(frame).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(frame).to_have_count(1)


def test_a_file_is_restored_from_the_bin(opened: Opened, ann: httpx.Client, photo: Path) -> None:
    lost = upload(ann, photo)
    ann.delete(f"/api/assets/{lost}")
    page = opened(ann, at="library")
    tile = page.locator(f"#tab-library [data-asset='{lost}']")
    expect(tile).to_have_count(0)
    page.get_by_label("Show", exact=True).select_option("deleted")
    tile.click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".toast")).to_contain_text("Restored.")
    page.get_by_label("Show", exact=True).select_option("upload")
    expect(tile).to_have_count(1)


def test_only_the_current_project_is_shown(opened: Opened, ann: httpx.Client, made: str) -> None:
    page = opened(ann)
    expect(page.locator(f"#tab-image [data-asset='{made}']")).to_have_count(1)
    page.locator(".pill.project").click()
    page.get_by_label("New project").fill("Harbor spot")
    shot(page, "projects")
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".pill.project")).to_contain_text("Harbor spot")
    expect(page.locator("#tab-image .frame")).to_have_count(0)
    page.reload()
    expect(page.locator(".pill.project")).to_contain_text("Harbor spot")
    page.locator(".pill.project").click()
    page.get_by_role("menuitemradio", name="My own work").click()
    expect(page.locator(f"#tab-image [data-asset='{made}']")).to_have_count(1)
