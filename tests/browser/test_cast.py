"""The Cast page and the @ in a prompt, in a real browser, with a model that draws."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, shot
from tests.browser.test_accessible import serious
from tests.support.live import Live, upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
LOOK = "a woman of 30 with short red hair and a green coat"


@pytest.fixture(scope="module")
def workshop(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A studio of its own, with a model that draws."""
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
    """Its owner, signed in."""
    return workshop.first_account("cy")


@pytest.fixture
def opened(workshop: Live, chromium: Browser, cy: httpx.Client) -> Iterator[Opened]:
    """``opened(at="cast", width=1440, look="dark")``: the page; nothing may go wrong on it."""
    contexts, errors = [], []

    def show(at: str = "cast", width: int = 1440, look: Any = "dark") -> Page:
        phone = width < 500
        context = chromium.new_context(
            base_url=workshop.url,
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=look,
            is_mobile=phone,
            has_touch=phone,
        )
        contexts.append(context)
        context.add_cookies([{"name": c.name, "value": str(c.value), "url": workshop.url} for c in cy.cookies.jar])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"/#{at}")
        page.wait_for_selector(f"#tab-{at.partition('/')[0]} .part")
        return page

    yield show
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def cast(cy: httpx.Client, photo: Path) -> Iterator[dict[str, str]]:
    """Mara, Maraike and a kettle are in the cast; afterwards nobody is."""
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


def test_an_empty_cast_teaches_and_somebody_is_added(opened: Opened, cy: httpx.Client, photo: Path) -> None:
    page = opened()
    expect(page.get_by_role("heading", name="Nobody is in the cast yet.")).to_be_visible()
    shot(page, "cast-empty")
    page.get_by_role("button", name="Or add somebody").click()
    dialog = page.locator(".cast-detail")
    expect(dialog.locator("[name=name]")).to_be_focused()
    dialog.locator("[name=name]").fill("two words")
    dialog.get_by_role("button", name="Add to the cast").click()
    expect(dialog.get_by_role("alert")).to_contain_text("one word")
    dialog.locator("[name=name]").fill("Mara")
    dialog.get_by_label("How it looks").fill(LOOK)
    dialog.get_by_label("Bring pictures in").set_input_files([photo, photo])
    expect(dialog.locator(".cast-pictures li")).to_have_count(2)
    dialog.get_by_role("button", name="Picture 1 later").click()
    dialog.get_by_label("Voice").select_option(index=1)
    dialog.get_by_role("button", name="Add to the cast").click()
    expect(page.locator(".toast", has_text="write @Mara in any prompt")).to_be_visible()
    expect(card(page, "Mara")).to_contain_text("2 pictures · a voice")
    [mara] = cy.get("/api/cast").json()
    assert (mara["look"], len(mara["pictures"])) == (LOOK, 2)

    card(page, "Mara").click()
    dialog.get_by_role("button", name="Take picture 2 out").click()
    dialog.get_by_text("Style", exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    expect(card(page, "Mara")).to_contain_text("style · 1 picture · a voice")
    card(page, "Mara").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(card(page, "Mara")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "Mara")).to_have_count(1)
    cy.delete(f"/api/cast/{mara['id']}")


def test_an_at_offers_the_cast_by_keys(opened: Opened, cast: dict[str, str]) -> None:
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
    expect(hint).to_contain_text("@Mara: by words. Nobody in the cast is called @Jon.")


def test_an_at_is_taken_by_a_finger(opened: Opened, cast: dict[str, str]) -> None:
    page = opened("image/create_image", 390)
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.tap()
    prompt.press_sequentially("@ket")
    shot(page, "cast-offer-phone")
    page.get_by_role("option", name="@Kettle").tap()
    expect(prompt).to_have_value("@Kettle ")


def test_who_is_opened_goes_into_a_prompt(opened: Opened, cast: dict[str, str]) -> None:
    page = opened()
    card(page, "Mara").click()
    shot(page, "cast-detail")
    page.get_by_role("button", name="Use in a prompt").click()
    expect(page.locator("#task-create_image .field-prompt textarea")).to_have_value("@Mara ")


@pytest.mark.slow
def test_somebody_is_designed(opened: Opened, cy: httpx.Client) -> None:
    page = opened()
    page.get_by_role("button", name="Design somebody").click()
    dialog = page.locator(".cast-design")
    dialog.get_by_label("How it looks").fill("a red fox")
    expect(dialog.locator("[data-way=drafts]")).to_contain_text("draws from your words")
    dialog.get_by_role("button", name="Make four drafts").click()
    drafts = dialog.locator(".cast-round").first.locator(".cast-draft")
    expect(drafts).to_have_count(4, timeout=120_000)
    drafts.nth(2).click()
    expect(drafts.nth(2)).to_have_attribute("aria-pressed", "true")
    page.reload()
    page.wait_for_selector("#tab-cast .part")
    page.get_by_role("button", name="Design somebody").click()
    expect(drafts).to_have_count(4)
    dialog.get_by_label("What should be different?").fill("a blue hat")
    dialog.get_by_role("button", name="Change the kept one").click()
    expect(dialog.locator(".cast-round").nth(1).locator(".cast-draft")).to_have_count(1, timeout=120_000)
    dialog.get_by_role("button", name="Make a sheet").click()
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
def test_it_fits_every_screen_and_everybody(opened: Opened, cast: dict[str, str], width: int, look: str) -> None:
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
