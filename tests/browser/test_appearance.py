"""Layout and themes: a phone, dark and light, the keyboard."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.test_generate import bring, stage
from tests.support import samples

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
COVERED = """() => {
  const { left, right, top, bottom } = document.querySelector(".toast").getBoundingClientRect();
  return [...document.querySelectorAll(".go, .field-prompt textarea, .slot, .film .frame")].filter((one) => {
    const box = one.getBoundingClientRect();
    return one.checkVisibility() && box.left < right && box.right > left && box.top < bottom && box.bottom > top;
  }).map((one) => one.outerHTML.slice(0, 80));
}"""
"""What of the form and the filmstrip a notice lies over."""
READY = {
    "image": "#task-create_image .hint:not(:empty)",
    "image/stylize_image": "#task-stylize_image .hint:not(:empty)",
    "video": "#task-create_clip .hint:not(:empty)",
    "audio": "#task-speak .hint:not(:empty)",
    "library": "#tab-library :is(.tile, .teach)",
}
"""The last thing that each tab shows."""


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_everything_fits_its_window(opened: Opened, ann: httpx.Client, width: int, look: str) -> None:
    page = opened(ann, width, look, at="image")
    for tab, ready in READY.items():
        page.goto(f"/#{tab}")
        page.wait_for_selector(ready)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, tab
        small = page.evaluate(
            """[...document.querySelectorAll('input, textarea, select')]
            .filter(it => !['radio', 'checkbox', 'range'].includes(it.type))
            .filter(it => it.offsetParent && parseFloat(getComputedStyle(it).fontSize) < 16).map(it => it.outerHTML)"""
        )
        assert small == [], tab
        shot(page, f"{tab.replace('/', '-')}-{width}-{look}")
    expected = "rgb(20, 18, 16)" if look == "dark" else "rgb(246, 242, 236)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == expected


def test_a_phone_shows_the_stage_after_submitting(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    page = opened(ann, 390)
    bring(page, "image", samples.photo(tmp_path / "cheetah.jpg", 96))
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    go = page.locator("#task-upscale_image .go")
    expect(go).to_be_in_viewport(ratio=1)
    go.tap()
    stage(page, "image", "live")
    expect(page.locator("#tab-image .view")).to_be_in_viewport(ratio=0.95)
    shot(page, "phone-live")
    page.locator(".bottom-bar [data-link=queue]").tap()
    expect(page.locator(".queue .job").first).to_be_in_viewport()
    shot(page, "phone-queue")
    page.get_by_role("button", name="Close the queue").tap()
    stage(page, "image", "result")
    shot(page, "phone-result")
    page.locator("#tab-image .under").get_by_role("button", name="Delete").tap()
    expect(page.locator(".toast .act")).to_be_visible()
    assert page.evaluate(COVERED) == []
    page.locator(".toast span").tap()
    expect(page.locator(".toast")).to_have_count(0)
    page.locator(".bottom-bar [data-link=library]").tap()
    expect(page.locator(".tile").first).to_be_visible()


def test_a_low_window_keeps_the_message_box_in_sight(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="writing")
    page.set_viewport_size({"width": 844, "height": 390})
    expect(page.locator(".box .send")).to_be_in_viewport(ratio=1)


def test_the_filters_of_a_phone_are_of_one_height(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, 390, at="library")
    page.wait_for_selector(READY["library"])
    boxes = page.evaluate(
        """[...document.querySelectorAll('.chips .sift > :is(span, select)')].filter(one => one.checkVisibility())
        .map(one => one.getBoundingClientRect()).map(({ top, height }) => `${top} ${height}`)"""
    )
    assert len(boxes) > 3
    assert len(set(boxes)) == 1


def test_the_theme_can_be_chosen_and_stays(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, look="dark", at="image")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Light").click()
    expect(page.locator("html")).to_have_attribute("data-look", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-look", "light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(246, 242, 236)"


def test_the_keyboard_reaches_the_submit_button(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="audio")
    expect(page.locator(".voices-play")).to_have_count(5)
    page.get_by_label("Text to read aloud").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "go":
            break
    assert page.evaluate("document.activeElement.className") == "go"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_every_control_has_a_name(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="image")
    for tab, ready in READY.items():
        page.goto(f"/#{tab}")
        page.wait_for_selector(ready)
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea')].filter(it => {
          if (!it.checkVisibility()) return false;
          const label = it.labels?.[0]?.textContent ?? '';
          return !(it.getAttribute('aria-label') || it.title || it.textContent.trim() || label.trim());
        }).map(it => it.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("h1").count() == 1
