"""The Cast page and @ in a prompt, in a real browser, with an image model."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.test_accessible import serious
from tests.browser.windows import Windows
from tests.support.live import Live, upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
LOOK = "a woman of 30 with short red hair and a green coat"


@pytest.fixture(scope="module")
def workshop(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio with an image model."""
    from engines.twins import install

    folder = tmp_path_factory.mktemp("cast")
    (folder / "data" / "catalog").mkdir(parents=True)
    entry = (
        folder
        / "data"
        / "catalog"
        / f"{install('stable-diffusion-1.5', twin_folder, folder / 'data' / 'catalog')}.yaml"
    )
    quick = {"width": 64, "height": 64, "steps": 2}
    entry.write_text(yaml.safe_dump({**yaml.safe_load(entry.read_text()), "defaults": quick}))
    studio = Live(folder / "data", starter, log_file=folder / "log")
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def cy(workshop: Live) -> httpx.Client:
    """The owner of the studio, signed in."""
    return workshop.first_account("cy")


@pytest.fixture
def opened(workshop: Live, windows: Windows, cy: httpx.Client) -> Iterator[Opened]:
    """``opened(at="cast", width=1440, look="dark")``: the page; it may log no errors."""
    errors: list[str] = []

    def show(at: str = "cast", width: int = 1440, look: Any = "dark") -> Page:
        page = windows.page(workshop, cy, width, look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"/#{at}")
        page.wait_for_selector(f"#tab-{at.partition('/')[0]} .part")
        return page

    with windows.closing():
        yield show
    assert errors == []


@pytest.fixture
def cast(cy: httpx.Client, photo: Path) -> Iterator[dict[str, str]]:
    """Put Mara, Maraike and a kettle into the cast, and empty it afterward."""
    picture = upload(cy, photo)
    people = (
        {"name": "Mara", "look": LOOK, "pictures": [picture]},
        {"name": "Maraike"},
        {"name": "Kettle", "kind": "product"},
    )
    made = {one["name"]: cy.post("/api/cast", json=one).json()["id"] for one in people}
    yield made
    for one in cy.get("/api/cast").json():
        cy.delete(f"/api/cast/{one['id']}")


def card(page: Page, name: str) -> Any:
    return page.locator(".cast-card").filter(has=page.get_by_text(f"@{name}", exact=True))


def test_an_empty_cast_explains_itself_and_a_member_is_added(opened: Opened, cy: httpx.Client, photo: Path) -> None:
    page = opened()
    expect(page.get_by_role("heading", name="Your cast is empty.")).to_be_visible()
    shot(page, "cast-empty")
    page.get_by_role("button", name="Or add someone").click()
    dialog = page.locator(".cast-detail")
    expect(dialog.locator("[name=name]")).to_be_focused()
    dialog.locator("[name=name]").fill("two words")
    dialog.get_by_role("button", name="Add to the cast").click()
    expect(dialog.get_by_role("alert")).to_contain_text("one word")
    dialog.locator("[name=name]").fill("Mara")
    dialog.get_by_label("Description").fill(LOOK)
    dialog.get_by_label("Upload pictures").set_input_files([photo, photo])
    expect(dialog.locator(".cast-pictures li")).to_have_count(2)
    dialog.get_by_role("button", name="Move picture 1 later").click()
    dialog.get_by_label("Voice").select_option(index=1)
    dialog.get_by_role("button", name="Add to the cast").click()
    expect(page.locator(".toast", has_text="Write @Mara in any prompt")).to_be_visible()
    expect(card(page, "Mara")).to_contain_text("2 pictures · a voice")
    [mara] = cy.get("/api/cast").json()
    assert (mara["look"], len(mara["pictures"])) == (LOOK, 2)

    card(page, "Mara").click()
    dialog.get_by_role("button", name="Remove picture 2").click()
    dialog.get_by_text("Style", exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(card(page, "Mara")).to_contain_text("style · 1 picture · a voice")
    card(page, "Mara").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(card(page, "Mara")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "Mara")).to_have_count(1)
    cy.delete(f"/api/cast/{mara['id']}")


def test_typing_at_offers_the_cast_to_the_keyboard(opened: Opened, cast: dict[str, str]) -> None:
    page = opened("image/create_image")
    prompt = page.locator("#task-create_image .field-prompt textarea")
    offer = page.get_by_role("listbox", name="The cast")
    prompt.press_sequentially("A photo of @")
    expect(offer.get_by_role("option")).to_have_count(3)
    prompt.press_sequentially("mar")
    expect(offer.get_by_role("option")).to_have_count(2)
    shot(page, "cast-offer")
    prompt.press("ArrowDown")
    expect(offer.get_by_role("option", selected=True)).to_contain_text("@Maraike")
    assert prompt.get_attribute("aria-activedescendant") == "cast-offer-1"
    prompt.press("Escape")
    expect(offer).to_be_hidden()
    expect(prompt).to_have_value("A photo of @mar")
    prompt.press_sequentially("a")
    prompt.press("Enter")
    expect(prompt).to_have_value("A photo of @Mara ")
    prompt.press_sequentially("and @Jon, mail a@Mara.de @ 24 fps")
    expect(offer).to_be_hidden()
    hint = page.locator("#task-create_image .idea-note")
    expect(hint).to_contain_text("@Mara: uses the description. Nobody in the cast is called @Jon.")


def test_tapping_an_offered_member_inserts_it(opened: Opened, cast: dict[str, str]) -> None:
    page = opened("image/create_image", 390)
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.tap()
    prompt.press_sequentially("@ket")
    shot(page, "cast-offer-phone")
    page.get_by_role("option", name="@Kettle").tap()
    expect(prompt).to_have_value("@Kettle ")


def test_an_open_member_is_used_in_a_prompt(opened: Opened, cast: dict[str, str]) -> None:
    page = opened()
    card(page, "Mara").click()
    shot(page, "cast-detail")
    page.get_by_role("button", name="Use in a prompt").click()
    expect(page.locator("#task-create_image .field-prompt textarea")).to_have_value("@Mara ")


@pytest.mark.slow
def test_a_member_is_designed(opened: Opened, cy: httpx.Client) -> None:
    page = opened()
    page.get_by_role("button", name="Create someone new").click()
    dialog = page.locator(".cast-design")
    dialog.get_by_label("Description").fill("a red fox")
    expect(dialog.locator("[data-way=drafts]")).to_contain_text("uses your description")
    dialog.get_by_role("button", name="Generate four drafts").click()
    drafts = dialog.locator(".cast-round").first.locator(".cast-draft")
    expect(drafts).to_have_count(4, timeout=120_000)
    drafts.nth(2).click()
    expect(drafts.nth(2)).to_have_attribute("aria-pressed", "true")
    page.reload()
    page.wait_for_selector("#tab-cast .part")
    page.get_by_role("button", name="Create someone new").click()
    expect(drafts).to_have_count(4)
    dialog.get_by_label("Describe the change").fill("a blue hat")
    dialog.get_by_role("button", name="Change the chosen draft").click()
    expect(dialog.locator(".cast-round").nth(1).locator(".cast-draft")).to_have_count(1, timeout=120_000)
    dialog.get_by_role("button", name="Generate a sheet").click()
    expect(dialog.locator(".cast-round").nth(2).locator(".cast-draft")).to_have_count(3, timeout=120_000)
    shot(page, "cast-design")
    dialog.locator(".cast-round").nth(2).locator(".cast-draft").last.click()
    dialog.get_by_role("button", name="Save to the cast").click()
    detail = page.locator(".cast-detail")
    expect(detail.locator(".cast-pictures li")).to_have_count(3)
    detail.locator("[name=name]").fill("Fox")
    detail.get_by_role("button", name="Add to the cast").click()
    expect(card(page, "Fox")).to_contain_text("3 pictures")
    [fox] = cy.get("/api/cast").json()
    assert fox["look"] == "a red fox"
    cy.delete(f"/api/cast/{fox['id']}")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("look", ["dark", "light"])
def test_it_fits_every_screen_and_is_accessible(opened: Opened, cast: dict[str, str], width: int, look: str) -> None:
    page = opened("cast", width, look)
    expect(page.locator(".cast-card")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"cast-{width}-{look}")
    found = serious(page)
    card(page, "Mara").click()
    expect(page.locator(".cast-pictures li")).to_have_count(1)
    shot(page, f"cast-detail-{width}-{look}")
    assert page.evaluate("document.querySelector('.cast-detail').scrollWidth") <= width
    found += serious(page)
    page.keyboard.press("Escape")
    page.locator(".cast-tools").get_by_role("button", name="Design").click()
    shot(page, f"cast-design-{width}-{look}")
    found += serious(page)
    assert found == []
