"""How the page starts: few requests, no lost press, the form as it was left on any device."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from bench.page import visit
from tests.browser.support import wait_kept
from tests.browser.windows import Windows
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
PROMPT = "#task-create_image .field-prompt textarea"


def test_a_later_visit_needs_few_requests(house: Live, windows: Windows, ann: httpx.Client) -> None:
    with windows.closing():
        context = windows.page(house, ann).context
        visit(context)
        assert visit(context).requests <= 25


@pytest.fixture
def waiting(opened: Opened, ann: httpx.Client) -> tuple[Page, Callable[[], None]]:
    """A page whose script has not arrived, and what lets it arrive."""
    page = opened(ann, at="image/create_image")
    held: list[Route] = []
    page.route("**/c41/page/studio-*.js", lambda route: held.append(route))
    page.reload(wait_until="commit")
    return page, lambda: held[0].continue_()


def test_a_press_before_the_form_has_started_counts(waiting: tuple[Page, Callable[[], None]]) -> None:
    page, arrive = waiting
    button = page.locator("#task-create_image .go")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    arrive()
    expect(page.locator("#task-create_image .problem")).to_contain_text("Describe the picture")
    expect(button).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize(
    ("button", "opens"), [("Menu", "#menu .looks"), ("Project", "#projects .list button"), ("Queue", ".queue.open")]
)
def test_a_press_in_the_bar_before_it_has_started_counts(
    waiting: tuple[Page, Callable[[], None]], button: str, opens: str
) -> None:
    page, arrive = waiting
    pressed = page.locator(".bar").get_by_role("button", name=button).first
    pressed.click()
    expect(pressed).to_have_attribute("aria-busy", "true")
    arrive()
    expect(page.locator(opens).first).to_be_visible()
    expect(pressed).to_have_attribute("aria-expanded", "true")
    expect(page.locator(opens).first).to_be_in_viewport()


def test_a_form_continues_on_another_device(opened: Opened, ann: httpx.Client) -> None:
    phone = opened(ann, 390, at="image/create_image")
    phone.locator(PROMPT).fill("a lighthouse")
    wait_kept(phone, "create_image", prompt="a lighthouse")
    desk = opened(ann, at="image/create_image")
    expect(desk.locator(PROMPT)).to_have_value("a lighthouse")
    desk.locator(PROMPT).fill("a lighthouse at dusk")
    wait_kept(desk, "create_image", prompt="a lighthouse at dusk")
    expect(phone.locator(PROMPT)).to_have_value("a lighthouse")  # what is on a screen stays there
    phone.locator(PROMPT).fill("a lighthouse at dawn")
    wait_kept(phone, "create_image", prompt="a lighthouse at dawn")


def test_a_form_says_which_values_are_gone(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="home")
    page.goto("about:blank")
    values: dict[str, Any] = {"prompt": "a red house", "model": "gone-model", "mood": "calm"}
    ann.put("/api/drafts", json={"name": "form/create_image", "value": values}).raise_for_status()
    page.goto("/#image/create_image")
    expect(page.locator(PROMPT)).to_have_value("a red house")
    expect(page.get_by_text(re.compile("Not restored.*gone-model.*mood"))).to_be_visible()
