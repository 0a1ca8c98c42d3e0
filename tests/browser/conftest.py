"""A running studio with the owner ann and the member bob, and real browsers for them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.windows import PATIENCE, Windows
from tests.support.live import Live

CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("SHOTS")

expect.set_options(timeout=PATIENCE / 2)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser, closed before other tests start their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def windows(chromium: Browser) -> Windows:
    """The windows of the browser."""
    return Windows(chromium)


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[Live]:
    """A running studio."""
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
def opened(house: Live, windows: Windows) -> Iterator[Callable[..., Page]]:
    """``opened(person, width=1440, look="dark", at="…")``: the page as a person sees it; it may log no errors."""
    errors: list[str] = []
    people: dict[int, httpx.Client] = {}

    def open_page(person: httpx.Client, width: int = 1440, look: Any = "dark", at: str = "image/upscale_image") -> Page:
        people[id(person)] = person
        page = windows.page(house, person, width, look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(f"/#{at}")
        page.wait_for_selector(f"#tab-{at.partition('/')[0]} .part")
        page.wait_for_selector(".device .meter", state="attached")
        return page

    with windows.closing():
        yield open_page
        for person in people.values():
            stop_everything(person)
    # the browser also reports requests the studio refuses (such as a broken file): not an error of the page
    assert [error for error in errors if not error.startswith("Failed to load resource")] == []


def stop_everything(person: httpx.Client) -> None:
    """End all jobs, so that the next test does not have to wait for them."""
    answer = person.get("/api/jobs", headers={"Accept": "application/json"})
    if answer.status_code == 401:  # the test signed them out
        return
    for job in answer.json()["jobs"]:
        if job["can_cancel"]:
            person.post(f"/api/jobs/{job['id']}/cancel").raise_for_status()


def shot(page: Page, name: str) -> None:
    """Save a screenshot of the page if SHOTS=folder is set."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png")
