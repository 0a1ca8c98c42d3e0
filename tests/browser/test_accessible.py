"""Every page passes axe without serious issues, in the dark and light themes, on a desktop, a tablet and a
phone."""

from collections.abc import Callable

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tabs import MENU_PAGES, TABS
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
PAGES = ("home", *(name for name, _, _ in (*TABS, *MENU_PAGES)))
LOOKS = [(1440, "dark"), (1440, "light"), (390, "dark"), (390, "light")]


def serious(page: Page) -> list[str]:
    """The serious or critical issues axe finds, each with its first elements."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {[(node['html'][:120], node['failureSummary'][:300]) for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "look"), [*LOOKS, (768, "dark"), (844, "light")])
def test_no_page_has_a_serious_issue(opened: Opened, ann: httpx.Client, width: int, look: str) -> None:
    page = opened(ann, width, look, at="home")
    # A phone on its side keeps its height; elsewhere axe could not measure the contrast of covered elements.
    page.set_viewport_size({"width": width, "height": 390 if width == 844 else 2600})
    barriers = {}
    for name in PAGES:
        page.evaluate("name => { location.hash = name }", name)
        page.wait_for_function("name => document.body.dataset.tab === name", arg=name)
        page.wait_for_selector(f"#tab-{name} .part")
        barriers[name] = serious(page)
    page.evaluate("document.querySelector('#projects').showPopover()")
    barriers["projects"] = serious(page)
    assert {name: found for name, found in barriers.items() if found} == {}


@pytest.mark.parametrize("path", ["/login", "/account"])
def test_no_sign_in_page_has_a_serious_issue(house: Live, chromium: Browser, ann: httpx.Client, path: str) -> None:
    for look in ("dark", "light"):
        context = chromium.new_context(base_url=house.url, color_scheme=look)  # type: ignore[arg-type]
        if path == "/account":
            context.add_cookies([{"name": c.name, "value": str(c.value), "url": house.url} for c in ann.cookies.jar])
        page = context.new_page()
        page.goto(path)
        assert serious(page) == []
        context.close()
