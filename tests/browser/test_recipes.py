"""A recipe in a real browser: started from the picture on the stage, reviewed, continued, a step generated again."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
DONE = 60_000
PORTRAIT = Path(__file__).parents[2] / "assets" / "samples" / "portrait.jpg"
STEPS = [
    {"name": "Paint it", "request": {"task": "stylize_image", "image": "input:photograph", "style": "style-04"}},
    {
        "name": "Larger",
        "request": {"task": "upscale_image", "image": "step:1", "scale": 2, "model": "realesrgan-fast"},
        "stop": False,
    },
    {"name": "Free it", "request": {"task": "cut_out", "image": "step:2"}},
]


@pytest.fixture
def made(ann: httpx.Client) -> str:
    """A picture made here, so that the stage shows it."""
    photo = PORTRAIT.read_bytes()
    brought = ann.post("/api/assets", params={"name": "portrait.jpg"}, content=photo).json()["id"]
    asked = {"task": "cut_out", "image": brought, "background": "black"}
    job = ann.post("/api/jobs", json=asked).json()["id"]
    done = until(lambda: seen if (seen := ann.get(f"/api/jobs/{job}").json())["state"] == "done" else None, 60)
    return str(done["assets"][0])


@pytest.mark.parametrize("width", [1440, 390])
def test_a_run_is_started_reviewed_and_finished(opened: Opened, ann: httpx.Client, made: str, width: int) -> None:
    name = f"Poster {width}"
    assert ann.post("/api/recipes", json={"name": name, "steps": STEPS}).status_code == 201
    page = opened(ann, width, at="image/recipes")
    recipes = page.locator("#task-recipes")
    expect(recipes.get_by_role("button", name=re.compile("Film look, in 4K"))).to_be_visible()
    shot(page, f"recipes-list-{width}")
    recipes.get_by_role("button", name=re.compile(f"^{name}")).click()
    expect(recipes.locator(".recipe-given")).to_contain_text("the picture on the stage")
    recipes.get_by_role("button", name="Begin").click()
    said = recipes.locator(".recipe-said")
    expect(said).to_have_text("Step 1 of 3 is done. Check the result, then continue.", timeout=DONE)
    expect(page.locator("#tab-image .view img.after")).to_be_visible()
    expect(recipes.locator(".recipe-steps img")).to_have_count(1)
    go = recipes.get_by_role("button", name="Next: Larger")
    expect(go).to_be_in_viewport()  # on a phone too, where it floats over the page
    shot(page, f"recipes-look-{width}")
    go.click()
    expect(said).to_have_text("Done.", timeout=DONE)
    expect(recipes.locator(".recipe-steps img")).to_have_count(3)
    shot(page, f"recipes-done-{width}")
    recipes.get_by_role("button", name=re.compile("Step 1: Paint it")).click()
    recipes.get_by_role("button", name="Generate again").click()
    expect(recipes.locator(".recipe-steps li.stale")).to_have_count(2)
    expect(said).to_have_text("Step 1 of 3 is done. Check the result, then continue.", timeout=DONE)
    recipes.get_by_role("button", name="Finish here").click()
    expect(said).to_contain_text("Finished before step 2")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_run_is_still_listed_after_a_reload(opened: Opened, ann: httpx.Client, made: str) -> None:
    begun = ann.post("/api/recipe-runs", json={"steps": STEPS, "name": "Door", "inputs": {"photograph": made}}).json()
    until(lambda: ann.get(f"/api/recipe-runs/{begun['id']}").json()["state"] == "looking", 60)
    page = opened(ann, at="image/recipes")
    page.locator("#task-recipes").get_by_role("button", name=re.compile("^Door")).first.click()
    expect(page.locator(".recipe-said")).to_contain_text("Check the result")
    page.locator("#task-recipes").get_by_role("button", name="Save as a recipe").click()
    expect(page.get_by_text("saved as a recipe")).to_be_visible()
