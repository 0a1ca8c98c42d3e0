"""The Studio page in a real browser: inviting a person on a phone, and the owner's tasks."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from auth.lan import addresses
from tests.browser.conftest import shot
from tests.support.live import Live
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def drawn(page: Page) -> Page:
    """The page, once all of it has loaded."""
    page.wait_for_selector("#tab-studio .checks")
    page.wait_for_selector("#tab-studio .settings")
    expect(page.locator("#studio-people .lines > li").first).to_be_visible()
    return page


def person(page: Page, name: str) -> Any:
    return page.locator("#studio-people .lines > li").filter(has=page.locator("b", has_text=re.compile(f"^{name}$")))


def test_a_person_is_invited_on_a_phone(opened: Opened, ann: httpx.Client, chromium: Browser, house: Live) -> None:
    name = f"Dora {uuid.uuid4().hex[:5]}"
    page = opened(ann, 390, at="image")
    page.get_by_role("button", name="Menu").tap()
    page.locator("#menu .owners").tap()
    drawn(page)
    page.get_by_role("button", name="Add a person").tap()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create invite link").tap()
    link = page.get_by_label("Sign-in link")
    expect(link).to_have_value(re.compile(r"/setup/"))
    expect(page.locator("dialog .code svg")).to_be_visible()
    shot(page, "studio-link-phone")
    address = link.input_value()
    page.get_by_role("button", name="Done").tap()
    expect(person(page, name)).to_contain_text(re.compile("link valid until (tomorrow|today)"))
    assert address not in page.content(), "the link is shown only once"

    phone = chromium.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    theirs = phone.new_page()
    theirs.goto(address)
    assert theirs.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    theirs.get_by_label("Password", exact=True).fill(PASSWORD)
    theirs.get_by_label("Repeat password").fill(PASSWORD)
    theirs.get_by_role("button", name="Save and sign in").tap()
    theirs.wait_for_selector(".device .meter", state="attached")
    theirs.get_by_role("button", name="Menu").tap()
    expect(theirs.locator("#menu .owners")).to_be_hidden()
    expect(theirs.locator("#menu a", has_text="Account")).to_be_visible()
    theirs.goto(f"{house.url}/#studio")
    theirs.reload()
    expect(theirs.locator("#tab-studio .closed")).to_contain_text("for the owner")
    expect(theirs.locator("#tab-studio .rooms")).to_be_hidden()

    page.reload()
    drawn(page)
    expect(person(page, name)).to_contain_text("1 browser")
    person(page, name).locator("summary").tap()
    person(page, name).get_by_role("button", name="Block sign-in").tap()
    page.locator("dialog").get_by_role("button", name="Block sign-in").tap()
    expect(person(page, name)).to_contain_text("sign-in blocked")
    theirs.reload()
    expect(theirs.get_by_label("Password", exact=True)).to_be_visible()
    phone.close()


def test_the_last_owner_stays(opened: Opened, ann: httpx.Client) -> None:
    page = drawn(opened(ann, at="studio"))
    person(page, "ann").locator("summary").click()
    person(page, "ann").get_by_role("button", name="Make a member").click()
    expect(page.locator(".toast.bad")).to_contain_text("only owner")


def test_a_password_reset_revokes_tokens(opened: Opened, ann: httpx.Client, house: Live) -> None:
    name = f"Finn {uuid.uuid4().hex[:5]}"
    house.add(name)
    script = house.script(name)
    assert script.get("/api/me").status_code == 200
    page = drawn(opened(ann, at="studio"))
    expect(page.locator("#studio-tokens")).to_contain_text(name)
    person(page, name).locator("summary").click()
    person(page, name).get_by_role("button", name="Reset password").click()
    expect(page.get_by_label("Also revoke their token for scripts")).to_be_checked()
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_label("Sign-in link")).to_have_value(re.compile(r"/setup/"))
    page.keyboard.press("Escape")
    expect(page.locator("#studio-tokens")).not_to_contain_text(name)
    assert script.get("/api/me").status_code == 401


def test_a_backup_is_made_and_reported(opened: Opened, ann: httpx.Client) -> None:
    page = drawn(opened(ann, at="studio"))
    page.get_by_role("button", name="Make a backup").press("Enter")
    expect(page.locator("#studio-backup")).to_contain_text("Last backup: today")
    assert page.evaluate("document.querySelector('#studio-backup').contains(document.activeElement)")


@pytest.mark.parametrize("look", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("bob")
def test_the_page_fits_and_every_control_has_a_name(opened: Opened, ann: httpx.Client, width: int, look: str) -> None:
    page = drawn(opened(ann, width, look, at="studio"))
    for open_one in page.locator("#tab-studio details > summary").all():
        open_one.click()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    nameless = page.evaluate(
        """[...document.querySelectorAll('#tab-studio :is(button, a[href], input)')].filter(it => it.checkVisibility()
        && !(it.getAttribute('aria-label') || it.textContent.trim() || it.labels?.length)).map(it => it.outerHTML)"""
    )
    assert nameless == []
    shot(page, f"studio-{width}-{look}")


def test_the_keyboard_is_enough_to_add_a_person(opened: Opened, ann: httpx.Client) -> None:
    page = drawn(opened(ann, at="studio"))
    name = f"Gwen {uuid.uuid4().hex[:5]}"
    page.get_by_role("button", name="Add a person").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Sign-in link")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#tab-studio dialog")).to_be_hidden()
    expect(person(page, name)).to_be_visible()


@pytest.fixture
def secure(tmp_path: Path, starter: Path) -> Iterator[Live]:
    studio = Live(tmp_path / "data", starter, environment={"C41_HOST": "lan"})
    yield studio.start()
    studio.kill()


def test_a_phone_on_the_network_has_a_secure_page(chromium: Browser, secure: Live) -> None:
    secure.first_account("ann")
    context = chromium.new_context(
        ignore_https_errors=True, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.goto(f"https://{addresses.main_address() or 'localhost'}:{secure.port}/login")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    page.wait_for_selector(".device .meter", state="attached")
    assert page.evaluate("isSecureContext")
    assert page.evaluate("Boolean(navigator.mediaDevices && window.Notification)"), "microphone and notifications"
    assert all(cookie["secure"] for cookie in context.cookies())
    page.goto(page.url.partition("#")[0] + "#studio")
    page.reload()
    drawn(page)
    expect(page.locator("#studio-phone code").first).to_contain_text("https://")
    expect(page.locator("#studio-phone svg")).to_be_visible()
    context.close()
