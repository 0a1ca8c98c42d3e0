"""A picture from Home to the client by keyboard alone: the focus is never lost, and always visible."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
TABS = 70
DONE = 90_000
FOCUSED = """() => {
  const focused = document.activeElement, label = focused.getAttribute("aria-label") ?? focused.labels?.[0]?.innerText;
  return (label ?? focused.innerText ?? "").trim();
}"""
LOST = "document.activeElement === document.body || !document.activeElement.checkVisibility()"
# The mark is an outline; a field has its colored border, a choice what is drawn for it, and a dialog fills the window.
MARKED = """() => {
  const focused = document.activeElement;
  return focused.matches("dialog, textarea, select, input") || getComputedStyle(focused).outlineStyle !== "none";
}"""


class Keys:
    """Someone who only presses keys."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> None:
        """Press a key; the focus stays on the page and is marked."""
        self.page.keyboard.press(key)
        self.page.wait_for_function(f"!({LOST})")
        self.is_marked()

    def is_marked(self) -> None:
        """The focus can be seen."""
        assert self.page.evaluate(MARKED), self.page.evaluate("document.activeElement.outerHTML")[:300]

    def go_to(self, name: str) -> None:
        """Press Tab until an element whose name begins like this has the focus."""
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):
                continue  # past the last element, where the browser's own bar is
            self.is_marked()
            if self.page.evaluate(FOCUSED).startswith(name):
                return
        raise AssertionError(f"“{name}” cannot be reached with Tab.")


def test_a_picture_is_made_inspected_enlarged_and_downloaded_by_keyboard(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="home")
    keys, result = Keys(page), page.locator("#tab-image .under .caption")
    keys.go_to("A picture")
    keys.press("Enter")
    page.wait_for_function("document.body.dataset.tab === 'image'")
    keys.go_to("Describe the picture")
    page.keyboard.type("a red house by the sea")
    expect(page.locator("#task-create_image .go")).to_contain_text("Generate ·")
    keys.press("Control+Enter")
    page.wait_for_selector("#tab-image .stage[data-state=live]")
    expect(result).to_contain_text("a red house by the sea", timeout=DONE)
    assert not page.evaluate(LOST)

    keys.go_to("Open in the viewer")
    keys.press("Enter")
    viewer = page.locator("dialog.viewer")
    expect(viewer.get_by_role("heading")).to_have_text("a red house by the sea")
    keys.press("+")
    keys.go_to("Fit or 100 %")
    keys.press("Enter")
    keys.press("z")
    expect(viewer.locator(".viewer-zoom")).to_have_text("100 %")
    keys.press("Escape")
    expect(viewer).to_be_hidden()
    assert page.evaluate(FOCUSED) == "Open in the viewer"

    keys.go_to("Enlarge…")
    keys.press("Enter")
    expect(page.locator("#task-upscale_image")).to_be_visible()
    expect(page.locator("#bench-image .filled")).to_contain_text("a red house by the sea")
    keys.go_to("Good")
    keys.press("ArrowLeft")
    expect(page.locator("#task-upscale_image .go")).to_contain_text("Enlarge ·")
    keys.press("Control+Enter")
    expect(result).to_contain_text("768 × 768", timeout=DONE)

    keys.go_to("Download for client")
    with page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename.endswith(".png")
    keys.go_to("More actions")
    keys.press("Enter")
    keys.press("Escape")
    assert page.evaluate(FOCUSED) == "More actions"
