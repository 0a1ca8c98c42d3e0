"""LoRAs in a real browser: choose one, set its weight, use its trigger words; add one; in the library."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.support import kept
from tests.browser.test_accessible import serious
from tests.browser.windows import Windows
from tests.engines.loras.plain_files import lora_bytes
from tests.support.live import Live
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
TAGS = {"ss_tag_frequency": json.dumps({"10_mara": {"mara woman": 12}}), "modelspec.title": "Mara"}


@pytest.fixture(scope="module")
def workshop(twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio with an image model and nothing else."""
    from engines.twins import install

    folder = tmp_path_factory.mktemp("loras")
    (folder / "data" / "catalog").mkdir(parents=True)
    (folder / "starter").mkdir()
    install("stable-diffusion-1.5", twin_folder, folder / "data" / "catalog")
    studio = Live(folder / "data", folder / "starter", log_file=folder / "log")
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def cy(workshop: Live) -> httpx.Client:
    """The owner of the studio, with a LoRA for the model and one for another model."""
    client = workshop.first_account("cy")
    for name, width in (("Mara", 768), ("Harbour", 2048)):
        content = lora_bytes(width, TAGS if width == 768 else {})
        client.post("/api/assets", params={"name": f"{name}.safetensors"}, content=content).raise_for_status()
    return client


@pytest.fixture
def opened(workshop: Live, windows: Windows, cy: httpx.Client) -> Iterator[Opened]:
    errors: list[str] = []

    def show(at: str = "image", width: int = 1440) -> Page:
        page = windows.page(workshop, cy, width)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"/#{at}")
        page.wait_for_selector(f"#tab-{at.partition('?')[0]} .part")
        return page

    with windows.closing():
        yield show
    assert errors == []


def editor(page: Page) -> Page:
    """Open the form's advanced section."""
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.fill("a red fox")
    prompt.blur()  # on a phone, the prompt covers the form while it is being written
    page.locator("#task-create_image .advanced > button").click()
    expect(page.locator("#task-create_image .loras")).to_be_visible()
    return page


@pytest.mark.parametrize("width", [1440, 390])
def test_a_lora_is_chosen_and_its_weight_and_trigger_word_set(opened: Opened, width: int) -> None:
    page = editor(opened(width=width))
    form = page.locator("#task-create_image")
    form.get_by_role("button", name="Add a LoRA").click()
    dialog = page.get_by_role("dialog", name="Choose a LoRA")
    expect(dialog.locator(".loras-found li")).to_have_count(2)
    expect(dialog.locator(".loras-found li").first).to_contain_text("Mara")
    expect(dialog.locator(".loras-found button").nth(1)).to_be_disabled()
    expect(dialog.locator(".loras-misfit")).to_contain_text("No installed model can use it here")
    shot(page, f"loras-pick-{width}")
    assert serious(page) == []
    dialog.locator(".loras-found button").first.click()
    expect(dialog).to_be_hidden()

    row = form.locator(".loras-list li")
    expect(row).to_contain_text("Stable Diffusion 1.5")
    slider = row.get_by_label("Strength of Mara")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expect(row.locator("output")).to_have_text("0.80")
    row.get_by_role("button", name="mara woman").click()
    expect(form.locator(".field-prompt textarea")).to_have_value("mara woman, a red fox")
    expect(row.get_by_role("button", name="mara woman")).to_be_disabled()
    shot(page, f"loras-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    until(lambda: [lora["weight"] for lora in kept(page, "create_image").get("loras") or ()] == [0.8], 15, "the draft")
    page.reload()
    page.locator("#task-create_image .advanced > button").click()
    expect(form.locator(".loras-list output")).to_have_text("0.80")
    row.get_by_role("button", name="Remove Mara").click()
    expect(form.locator(".loras-list li")).to_have_count(0)
    expect(form.get_by_role("button", name="Add a LoRA")).to_be_focused()


def test_a_lora_is_added_from_a_folder_and_a_bad_file_is_refused(opened: Opened, workshop: Live) -> None:
    folder = workshop.data / "models" / "loras"
    folder.mkdir(parents=True)
    (folder / "lamp.safetensors").write_bytes(lora_bytes(768))
    (folder / "broken.safetensors").write_bytes(lora_bytes(768)[:-9])
    page = editor(opened())
    page.locator("#task-create_image .loras-add").click()
    dialog = page.get_by_role("dialog", name="Choose a LoRA")
    dialog.get_by_text("Add a LoRA", exact=True).click()
    dialog.locator("input[type=file]").set_input_files(folder / "broken.safetensors")
    dialog.get_by_role("button", name="Upload").click()
    expect(dialog.get_by_role("alert")).to_contain_text("damaged")
    dialog.get_by_role("radio", name="A folder").check()
    dialog.get_by_label("Folder on the studio's computer").fill(str(folder))
    dialog.get_by_role("button", name="Scan").click()
    expect(dialog.locator(".loras-files li")).to_have_count(2)
    dialog.get_by_role("button", name="Add", exact=True).first.click()
    expect(dialog.locator(".loras-found")).to_contain_text("lamp")


def test_the_library_shows_the_facts_of_a_lora(opened: Opened) -> None:
    page = opened(at="library?kind=lora")
    tile = page.locator(".tile.lora", has_text="Mara")
    expect(tile).to_contain_text("Stable Diffusion 1.5 · mara woman")
    shot(page, "loras-library")
    tile.click()
    about = page.locator("dialog.detail .about")
    expect(about).to_contain_text("The LoRA")
    answers = about.get_by_label("Trigger words")
    expect(answers).to_have_value("mara woman")
    answers.fill("mrawmn,  red coat,")
    answers.blur()
    expect(answers).to_have_value("mrawmn, red coat")
    expect(about.get_by_role("link", name="Download", exact=True)).to_be_visible()
    expect(about.get_by_text("Download for client")).to_have_count(0)
    shot(page, "loras-detail")
    page.keyboard.press("Escape")
    expect(tile).to_contain_text("Stable Diffusion 1.5 · mrawmn")


def test_what_is_typed_while_the_last_change_is_saved_is_kept(opened: Opened, cy: httpx.Client) -> None:
    page = opened(at="loras")
    card = page.locator(".loras-grid li", has=page.locator('input[value="Harbour"]'))
    asset = card.get_attribute("data-asset")
    card.get_by_label("Name").fill("Old harbour")
    page.keyboard.press("Tab")  # saves the name, whose answer redraws the list
    page.keyboard.type("quay, ", delay=20)
    page.keyboard.type("mist", delay=20)
    page.keyboard.press("Enter")
    known = until(
        lambda: one if (one := cy.get(f"/api/assets/{asset}").json())["lora"]["triggers"] else None, 20, "words"
    )
    assert (known["title"], known["lora"]["triggers"]) == ("Old harbour", ["quay", "mist"])
    expect(page.locator(f'.loras-grid li[data-asset="{asset}"]').get_by_label("Trigger words")).to_be_focused()
