"""With reduced motion, nothing moves, and nothing is missing."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_generate import bring, stage
from tests.support import samples

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
WATCH = """() => {
  window.smooth = [];
  const noted = (name, original) => function (...options) {
    if (options[0]?.behavior === "smooth") window.smooth.push(name);
    return original.apply(this, options);
  };
  Element.prototype.scrollIntoView = noted("scrollIntoView", Element.prototype.scrollIntoView);
  window.scrollTo = noted("scrollTo", window.scrollTo);
}"""
MOVING = """() => new Promise((resolve) => {
  const names = ({ animationName, transitionProperty, effect }) =>
    `${animationName ?? transitionProperty}: ${effect.target.className}`;
  const moving = () => document.getAnimations().filter(({ playState }) => playState === "running").map(names);
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(moving()))));
})"""
"""What moves for longer than a frame."""


def calm(page: Page) -> None:
    """Nothing moves, and no script scrolls smoothly."""
    assert page.evaluate(MOVING) == []
    assert page.evaluate("window.smooth") == []


def test_nothing_moves_and_nothing_is_missing(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    page = opened(ann, 390)
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(WATCH)
    bring(page, "image", samples.photo(tmp_path / "cheetah.jpg", 96))
    page.locator("#task-upscale_image .go").tap()
    stage(page, "image", "live")
    calm(page)
    page.locator(".bottom-bar [data-link=queue]").tap()
    expect(page.locator(".queue .job").first).to_be_in_viewport()
    calm(page)
    page.get_by_role("button", name="Close the queue").tap()
    stage(page, "image", "result")
    expect(page.locator("#tab-image .film .frame").first).to_be_visible()
    page.get_by_role("button", name="Open in the viewer").first.tap()
    expect(page.locator("dialog.viewer")).to_be_visible()
    calm(page)
    page.go_back()
    page.locator("#tab-image .under").get_by_role("button", name="Delete").tap()
    expect(page.locator(".toast")).to_have_css("opacity", "1")
    calm(page)
    page.evaluate("location.hash = 'studio'")
    page.locator("#tab-studio").get_by_role("button", name="Backup", exact=True).tap()
    expect(page.locator("#studio-backup")).to_be_focused()
    calm(page)
