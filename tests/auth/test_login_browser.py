"""The sign-in pages and Gradio behind the gate in a real browser, at 1440 and 390 px."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.auth import gated_app as houses
from tests.auth.gated_app import PASSWORD, House, served

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("SHOTS")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url(gradio_house: House) -> Iterator[str]:
    with served(gradio_house) as address:
        yield address


def opened(chromium: Browser, width: int, scheme: Any = "dark", script: bool = True) -> tuple[Page, list[str]]:
    """Return a new page and its console errors."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900 if width > 500 else 844},
        color_scheme=scheme,
        java_script_enabled=script,
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


def look(page: Page, name: str) -> None:
    """Check for no horizontal scroll and inputs too large for phones to zoom; take a screenshot on request."""
    page.wait_for_load_state()  # with styles loaded
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    sizes = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden])')].map(e => getComputedStyle(e).fontSize)"
    )
    assert all(float(size.removesuffix("px")) >= 16 for size in sizes)
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_first_link_to_the_account_page(chromium: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    house = houses.build(tmp_path / "data")
    link = house.accounts.first_run_link()
    with served(house) as url:
        page, errors = opened(chromium, width, scheme)
        shot = f"{width}-{scheme}"
        page.goto(url + str(link))
        look(page, f"setup-{shot}")
        page.get_by_label("Your name").fill("ann")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Repeat password").fill("something else")
        page.get_by_role("button", name="Create account").click()
        assert "do not match" in page.get_by_role("alert").inner_text()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Repeat password").fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_url(lambda address: "/setup/" not in address)
        page.goto(f"{url}/account")
        page.get_by_label("What is the token for?").fill("Nightly renders on the edit machine")
        page.get_by_role("button", name="Create token").click()
        assert page.get_by_role("status").locator("code").inner_text().startswith("c41_")
        look(page, f"account-{shot}")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/login")
        look(page, f"login-{shot}")
        page.wait_for_function("document.activeElement.name === 'username'")  # the field has the focus
        page.keyboard.type("ann")
        page.keyboard.press("Tab")
        page.keyboard.type("wrong password")
        page.keyboard.press("Enter")
        assert "Wrong name or password" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Name").input_value() == "ann"
        look(page, f"wrong-{shot}")
        page.goto(url + str(link))
        assert page.get_by_role("alert").is_visible()
        look(page, f"dead-{shot}")
        assert [error for error in errors if "status of 4" not in error] == []
        page.context.close()
    house.database.close()


def contrast(page: Page) -> list[tuple[str, float]]:
    """Return every visible text with less contrast to its background than AA requires."""
    return page.evaluate(
        """() => {
        const numbers = c => c.match(/[\\d.]+/g).map(Number)
        const linear = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4
        const light = c => { const [r, g, b] = c.map(linear)
                             return .2126 * r + .7152 * g + .0722 * b }
        const behind = e => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor)
                              if (c.length < 4 || c[3] === 1) return c.slice(0, 3) } return [255, 255, 255] }
        const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p)
                                  return (x + .05) / (y + .05) }
        return [...document.querySelectorAll('body *')].filter(e => e.offsetParent && !e.closest('.unseen') &&
            [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
          .map(e => [e.outerHTML.slice(0, 60), ratio(numbers(getComputedStyle(e).color).slice(0, 3), behind(e))])
          .filter(([, r]) => r < 4.5) }"""
    )


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_all_text_has_enough_contrast(chromium: Browser, url: str, scheme: str) -> None:
    page, _ = opened(chromium, 1440, scheme)
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    page.wait_for_load_state()  # with the style sheet
    assert contrast(page) == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/login" not in address)
    page.goto(f"{url}/account")
    assert contrast(page) == []
    page.context.close()


def test_signing_in_works_without_scripts(chromium: Browser, url: str) -> None:
    page, _ = opened(chromium, 390, script=False)
    page.goto(f"{url}/account")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("heading", name="bob").is_visible()
    page.context.close()


def test_signing_in_leaves_no_extra_history_entry(chromium: Browser, url: str) -> None:
    page, _ = opened(chromium, 1440)
    page.goto(f"{url}/login?next=/account")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/account")
    page.reload()
    assert page.url == f"{url}/account"
    page.go_back()
    page.wait_for_url(f"{url}/account")
    assert page.get_by_role("heading", name="bob").is_visible()
    page.context.close()


def test_a_browser_that_blocks_cookies_gets_an_explanation(chromium: Browser, url: str) -> None:
    page, _ = opened(chromium, 390)

    def without_cookies(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        page.context.clear_cookies()
        kept = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        route.fulfill(status=answer.status, headers=kept, body=answer.body())

    page.goto(f"{url}/account")
    page.route("**/login", without_cookies)
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert "Allow cookies" in page.get_by_role("alert").inner_text()
    look(page, "no-cookies")
    assert contrast(page) == []
    page.reload()
    assert page.get_by_role("alert").count() == 0
    page.unroute("**/login")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/account")
    page.context.close()


def test_gradio_works_behind_the_gate(chromium: Browser, url: str, tmp_path: Path) -> None:
    page, errors = opened(chromium, 1440)
    refused: list[str] = []
    page.on(
        "response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )
    page.goto(url)
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Text").fill("hello")
    note = tmp_path / "note.txt"
    note.write_text("from the browser")
    page.locator("input[type=file]").first.set_input_files(note)
    page.get_by_text("note.txt").first.wait_for()
    page.get_by_role("button", name="Read").click()
    page.wait_for_function(
        "[...document.querySelectorAll('textarea')].some(e => e.value === 'ann|hello|from the browser')"
    )
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "gradio.png")
    assert refused == []
    assert errors == []
    page.context.close()
