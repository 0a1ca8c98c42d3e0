"""The real studio with ann and bob in it, and real browsers for them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.live import Live

CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("SHOTS")
PATIENCE = 30_000

expect.set_options(timeout=PATIENCE / 2)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser, shut before other tests start their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[Live]:
    """A studio that serves."""
    studio = Live(tmp_path_factory.mktemp("browser") / "data", starter)
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="package")
def ann(house: Live) -> httpx.Client:
    """The owner, signed in."""
    return house.first_account("ann")


@pytest.fixture(scope="package")
def bob(house: Live, ann: httpx.Client) -> httpx.Client:
    """A member, signed in."""
    return house.add("bob")


@pytest.fixture
def opened(house: Live, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """``opened(person, width=1440, look="dark", at="…")``: the page as a person sees it; nothing may go wrong."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    people: dict[int, httpx.Client] = {}

    def open_page(person: httpx.Client, width: int = 1440, look: Any = "dark", at: str = "image/upscale_image") -> Page:
        people[id(person)] = person
        phone = width < 500
        context = chromium.new_context(
            base_url=house.url,
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=look,
            is_mobile=phone,
            has_touch=phone,
        )
        contexts.append(context)
        context.add_cookies([{"name": c.name, "value": str(c.value), "url": house.url} for c in person.cookies.jar])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"/#{at}")
        page.wait_for_selector(f"#tab-{at.partition('/')[0]} .part")
        page.wait_for_selector(".device:visible")
        return page

    yield open_page
    for person in people.values():
        stop_everything(person)
    for context in contexts:
        context.close()
    # what the studio refuses (a file that is none) the browser reports too: that is no fault of the page
    assert [error for error in errors if not error.startswith("Failed to load resource")] == []


def stop_everything(person: httpx.Client) -> None:
    """Leave no job behind for the next test to wait for."""
    answer = person.get("/api/jobs", headers={"Accept": "application/json"})
    if answer.status_code == 401:  # the test signed them out
        return
    for job in answer.json()["jobs"]:
        if job["can_cancel"]:
            person.post(f"/api/jobs/{job['id']}/cancel").raise_for_status()


def shot(page: Page, name: str) -> None:
    """A picture of the page, for those who ask for one with SHOTS=folder."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(600)
        page.screenshot(path=f"{SHOTS}/{name}.png")
