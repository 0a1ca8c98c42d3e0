"""Home: from signing in to the first result, and recent results."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def newcomer(house: Live, ann: httpx.Client) -> httpx.Client:
    """A person without any results."""
    return house.add("nell")


@pytest.mark.parametrize(("width", "look"), [(1440, "dark"), (390, "light")])
def test_from_signing_in_to_an_own_result_in_two_clicks(
    opened: Opened, newcomer: httpx.Client, width: int, look: str
) -> None:
    page = opened(newcomer, width, look, at="home")
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
    shot(page, f"home-first-{width}-{look}")
    page.get_by_role("button", name="Try it").click()
    go = page.locator("#task-stylize_image .go")
    expect(go).to_contain_text(re.compile(r"Restyle ·"))
    go.click()
    expect(page.locator("#tab-image .stage .after")).to_be_visible()
    for asset in newcomer.get("/api/assets?project_id=own&limit=200").json()["assets"]:
        newcomer.delete(f"/api/assets/{asset['id']}").raise_for_status()


def test_home_shows_the_recent_assets_of_the_current_project(
    opened: Opened, newcomer: httpx.Client, photo: Path
) -> None:
    asset = newcomer.post("/api/assets?name=lion.jpg", content=photo.read_bytes()).json()
    page = opened(newcomer, at="home")
    expect(page.locator(".home .lately h3")).to_have_text("My own work")
    card = page.get_by_role("button", name=re.compile("^lion"))
    expect(card).to_be_visible()
    expect(page.locator(".home .example")).to_be_visible()  # no results yet
    newcomer.delete(f"/api/assets/{asset['id']}").raise_for_status()


def test_a_card_opens_its_tab_and_task(opened: Opened, newcomer: httpx.Client) -> None:
    page = opened(newcomer, at="home")
    page.locator(".home .kind").get_by_role("link", name="Cut out", exact=True).click()
    expect(page.locator("#task-cut_out .go")).to_be_visible()
    page.get_by_role("link", name="C41 Studio").click()
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()


def test_a_new_project_asks_who_can_see_it(opened: Opened, newcomer: httpx.Client) -> None:
    page = opened(newcomer, at="home")
    page.get_by_role("button", name=re.compile("^Project")).click()
    page.get_by_label("New project").fill("Fog spot")
    page.locator("#projects").get_by_text("Only me", exact=True).click()
    page.get_by_role("button", name="Create").click()
    expect(page.locator(".bar .pill.project .in-hand")).to_have_text("Fog spot")
    assert [one["shared"] for one in newcomer.get("/api/projects").json() if one["name"] == "Fog spot"] == [False]


def test_a_phone_has_three_navigation_buttons(opened: Opened, newcomer: httpx.Client) -> None:
    page = opened(newcomer, 390, "dark", at="home")
    links = page.get_by_role("navigation", name="Studio")
    links.get_by_role("link", name="Library").click()
    expect(page.locator("#tab-library .part").first).to_be_visible()
    links.get_by_role("link", name="Create").click()
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
