"""Arabic and Hebrew run from right to left wherever they are typed or shown, and nothing overflows."""

import io
from collections.abc import Callable

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.support.live import Live
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
HEBREW, ARABIC = "בית אדום", "بيت أحمر"
FIELDS = [
    ("image/create_image", "#task-create_image .field-prompt textarea"),
    ("library", "#tab-library input[name=q]"),
    ("writing", ".box textarea"),
]


@pytest.fixture(scope="module")
def noa(house: Live) -> httpx.Client:
    """A person whose current project has a Hebrew name and notes."""
    client = house.add("noa")
    project = client.post("/api/projects", json={"name": HEBREW, "shared": False}).json()["id"]
    client.post("/api/projects/in-hand", json={"project_id": project}).raise_for_status()
    client.patch(f"/api/projects/{project}", json={"notes": HEBREW, "notes_before": ""}).raise_for_status()
    return client


def side(field: Locator) -> str:
    """The edge of a field that its text is at: left or right."""
    picture = Image.open(io.BytesIO(field.screenshot(caret="hide"))).convert("L")
    text = picture.crop((40, 10, picture.width - 30, min(picture.height, 46) - 8))
    halves = (text.crop((0, 0, text.width // 2, text.height)), text.crop((text.width // 2, 0, text.width, text.height)))
    left, right = (max(half.getextrema()) - min(half.getextrema()) > 60 for half in halves)
    return "left" if left else "right" if right else "neither"  # a search has its × at the right in any case


def expect_side(field: Locator, wanted: str) -> None:
    """Wait until the text of a field is at one of its edges."""
    until(lambda: side(field) == wanted, 5, f"“{field.input_value()}” at the {wanted}", every=0.1)


@pytest.mark.parametrize("width", [1440, 390])
def test_text_runs_from_the_right(opened: Opened, noa: httpx.Client, width: int) -> None:
    page = opened(noa, width, at="image/create_image")
    for at, selector in FIELDS:
        page.evaluate("at => { location.hash = at }", at)
        field = page.locator(selector).first
        for text in (HEBREW, ARABIC):
            field.fill(text)
            expect_side(field, "right")
        field.fill("a red house")
        expect_side(field, "left")
        field.fill(" ".join([HEBREW, ARABIC] * 60)[:190])
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, at
        field.fill("")
    page.evaluate("location.hash = 'project'")
    notes = page.locator(".project-page").get_by_role("textbox", name="Notes")
    expect(notes).to_have_value(HEBREW)
    expect_side(notes, "right")
