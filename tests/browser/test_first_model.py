"""A new owner downloads a model from a hub and makes a picture with it. Nothing is installed, and only the address of
the hub is set; see ``tests/facsimiles/``."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PATIENCE, shot
from tests.facsimiles.build import build_repository
from tests.facsimiles.conftest import hub_with, normal_machine
from tests.facsimiles.facts import facts
from tests.facsimiles.owner_steps import FETCHED, check_model

pytestmark = pytest.mark.browser

ENTRY = FETCHED["stable-diffusion-1.5"]


def test_a_downloaded_model_makes_a_picture(chromium: Browser, twin_folder: Path, tmp_path: Path) -> None:
    repositories = {part.repo for part in ENTRY.parts.values()}
    with (
        hub_with(repositories, lambda name: build_repository(facts()[name], twin_folder)) as hub,
        normal_machine(hub, tmp_path) as live,
    ):
        owner = live.first_account("ann")
        context = chromium.new_context(base_url=live.url)
        context.add_cookies([{"name": c.name, "value": str(c.value), "url": live.url} for c in owner.cookies.jar])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto("/#models")
        card = page.locator(f"[data-model='{ENTRY.id}']")
        card.get_by_role("button", name="Download").click()
        expect(card).to_contain_text("on disk", timeout=2 * PATIENCE)
        page.goto("/#image/create_image")
        form = page.locator("#task-create_image")
        form.get_by_label("Describe the picture").fill("a red house")
        form.locator(".go").click()
        page.wait_for_selector("#tab-image .stage[data-state=result]", timeout=4 * PATIENCE)
        shot(page, "first-model")
        (asset,) = owner.get("/api/assets").json()["assets"]
        check_model(asset["provenance"]["model"], ENTRY)
        context.close()
