"""Keyboard shortcuts, and the sheet that lists them."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.support.live import finished, submit, upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def test_results_are_browsed_kept_compared_and_deleted_by_keyboard(
    opened: Opened, ann: httpx.Client, photo: Path
) -> None:
    image = upload(ann, photo)
    first, second = (
        finished(ann, submit(ann, {"task": "cut_out", "image": image, "background": color}))["assets"][0]
        for color in ("green", "white")
    )
    page = opened(ann, at="image")
    shown = page.locator("#tab-image .frame[aria-pressed=true]")
    expect(shown).to_have_attribute("data-asset", second)
    page.keyboard.press("ArrowRight")
    expect(shown).to_have_attribute("data-asset", first)
    page.keyboard.press("f")
    expect(page.locator("#tab-image .under .star")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowLeft")
    expect(shown).to_have_attribute("data-asset", second)
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Viewer").get_by_role("group", name="Comparison")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page).to_have_url(re.compile("#image/change_image$"))
    page.keyboard.press("Delete")
    expect(page.locator(f"#tab-image [data-asset='{second}']")).to_have_count(0)


def test_the_sheet_lists_the_shortcuts_and_nothing_happens_while_typing(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="image")
    page.locator("#task-create_image textarea").fill("")
    page.locator("#task-create_image textarea").press_sequentially("2?")
    expect(page.locator("#task-create_image textarea")).to_have_value("2?")
    expect(page.locator("dialog.shortcuts")).to_have_count(0)
    page.locator("#task-create_image textarea").blur()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Compare with the picture it was made from")
    shot(page, "shortcuts")
    page.go_back()
    expect(sheet).to_be_hidden()


def test_on_a_phone_the_prompt_is_above_the_button_and_what_is_missing_gets_the_focus(
    opened: Opened, ann: httpx.Client, photo: Path
) -> None:
    upload(ann, photo)
    page = opened(ann, 390, at="image")
    prompt, button = page.locator("#task-create_image textarea").first, page.locator("#task-create_image .go")
    above, below = prompt.bounding_box(), button.bounding_box()
    assert above
    assert below
    assert above["y"] + above["height"] <= below["y"] < 844
    button.click()
    expect(prompt).to_be_focused()
    expect(page.get_by_text("Describe the picture first.").locator("visible=true")).to_have_count(1)
    page.evaluate("location.hash = 'image/upscale_image'")
    page.locator("#task-upscale_image .go").click()
    expect(page.locator("#bench-image > .card > .part-slot")).to_be_in_viewport()
    expect(page.locator(".toast")).to_have_count(0)
