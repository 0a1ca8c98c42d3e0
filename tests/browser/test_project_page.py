"""The project page and the search over everything."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import shot
from tests.browser.support import unbundled
from tests.support.live import Live
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def rose(house: Live, photo: Path) -> httpx.Client:
    """A person whose current project has a picture and a document."""
    client = house.add("rose")
    project = client.post("/api/projects", json={"name": "Quay spot", "shared": False}).json()["id"]
    client.post("/api/projects/in-hand", json={"project_id": project}).raise_for_status()
    for name, content in (("quayside.jpg", photo.read_bytes()), ("opening scene.txt", b"INT. HARBOR - DAY")):
        client.post("/api/assets", params={"name": name, "project_id": project}, content=content).raise_for_status()
    return client


def test_a_project_has_a_script_notes_and_an_archive(opened: Opened, rose: httpx.Client) -> None:
    page = opened(rose, at="project")
    tab = page.locator(".project-page")
    expect(tab.get_by_role("button", name=re.compile("^quayside"))).to_be_visible()
    tab.get_by_role("button", name="Pin as script").click()
    expect(tab.get_by_role("region", name="Text of the script")).to_have_text("INT. HARBOR - DAY")
    notes = tab.get_by_role("textbox", name="Notes")
    notes.fill("<b>Shoot at dawn.</b>")
    expect(tab.get_by_text("Saved.")).to_be_visible()
    shot(page, "project")
    tab.get_by_role("button", name="Archive").click()
    expect(tab.get_by_text("Archived", exact=True)).to_be_visible()
    expect(page.locator(".bar .pill.project")).to_contain_text("My own work")
    page.reload()
    tab.get_by_text("Archived projects").click()
    tab.get_by_role("link", name=re.compile("Quay spot")).click()
    expect(notes).to_have_value("<b>Shoot at dawn.</b>")
    tab.get_by_role("button", name="Restore from archive").click()
    expect(page.locator(".bar .pill.project")).to_contain_text("Quay spot")


def test_notes_that_cannot_be_saved_wait_for_a_decision(opened: Opened, rose: httpx.Client) -> None:
    first, second = (rose.post("/api/projects", json={"name": name}).json()["id"] for name in ("Bridge", "Tunnel"))
    page = opened(rose, at="project")
    page.goto(f"{page.url.partition('#')[0]}#project={first}")
    expect(page.locator(".project-page .title")).to_have_value("Bridge")
    notes = page.locator(".project-page").get_by_role("textbox", name="Notes")
    expect(notes).to_have_value("")

    def after_another(route: Route) -> None:
        if route.request.method == "PATCH":
            rose.patch(f"/api/projects/{first}", json={"notes": "From another desk."}).raise_for_status()
        route.continue_()

    page.route(f"**/api/projects/{first}", after_another)
    notes.fill("Written here.")
    expect(page.get_by_text("Yours are not saved yet.")).to_be_visible()
    page.unroute(f"**/api/projects/{first}")
    page.goto(f"{page.url.partition('#')[0]}#project={second}")
    expect(notes).to_have_value("")
    page.goto(f"{page.url.partition('#')[0]}#project={first}")
    expect(notes).to_have_value("Written here.")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert rose.get(f"/api/projects/{first}").json()["notes"] == "Written here."
    notes.fill("Closed right after this.")
    page.close()
    until(lambda: rose.get(f"/api/projects/{first}").json()["notes"] == "Closed right after this.", 5, "saved notes")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_search_by_keyboard_opens_what_it_finds(opened: Opened, rose: httpx.Client, width: int) -> None:
    page = opened(rose, width, at="home")
    expect(page.locator(".home .made button").first).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search everything")
    expect(field).to_be_focused()
    page.keyboard.type("quayside")
    option = page.get_by_role("option", name=re.compile("quayside"))
    expect(option).to_have_attribute("aria-selected", "true")
    field.fill("Quay spot")
    expect(page.get_by_role("group", name="Projects").get_by_role("option")).to_have_attribute("aria-selected", "true")
    shot(page, f"search-{width}")
    page.keyboard.press("Enter")
    expect(page.locator(".project-page .title")).to_have_value("Quay spot")
    page.go_back()
    expect(page.get_by_role("heading", name="What are we making?")).to_be_visible()
    expect(field).to_be_hidden()


def test_a_result_stays_when_the_page_learns_late_which_project_it_is_and_when_that_is_renamed(
    opened: Opened, rose: httpx.Client
) -> None:
    asset = rose.get("/api/assets", params={"kind": "image"}).json()["assets"][0]
    rose.post("/api/projects/in-hand", json={"project_id": asset["project_id"]}).raise_for_status()
    page = opened(rose, at="image/upscale_image")
    held: list[Route] = []
    page.route("**/api/me", lambda route: held.append(route))
    unbundled(page)
    expect(page.locator("#task-upscale_image .go")).to_be_visible()
    page.evaluate(
        "id => import('/c41/js/stage/asset-actions.js').then((actions) => actions.showAsset(id))", asset["id"]
    )
    caption = page.locator("#tab-image .under .caption")
    expect(caption).to_contain_text("quayside")
    until(lambda: held, 15, "the question who this is")
    page.unroute("**/api/me")
    for route in held:
        route.continue_()
    project = page.locator(".bar .pill.project")
    expect(project).to_contain_text("Quay spot")
    expect(caption).to_contain_text("quayside")
    page.evaluate("location.hash = 'project'")
    title = page.locator(".project-page .title")
    expect(title).to_have_value("Quay spot")
    title.fill("Quay film")
    title.press("Enter")
    expect(project).to_contain_text("Quay film")
    page.evaluate("location.hash = 'image'")
    expect(caption).to_contain_text("quayside")
    project.click()
    page.get_by_role("menuitemradio", name=re.compile("My own work")).click()
    expect(project).to_contain_text("My own work")
    expect(caption).to_have_count(0)
