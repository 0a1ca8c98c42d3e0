"""The Image tab in a real browser, with the tiny twin of a model: from a prompt to a picture, a mask, a variation."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import shot
from tests.browser.support import kept, more_action, wait_kept
from tests.browser.test_accessible import serious
from tests.support.live import Live
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
DONE = 120_000
PORTRAIT = Path(__file__).parents[2] / "assets" / "samples" / "portrait.jpg"
TASKS = ("create_image", "change_image", "fill_image", "extend_image")


@pytest.fixture(scope="module")
def house(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio with an image model."""
    from engines.twins import install

    data = tmp_path_factory.mktemp("image tab") / "data"
    install("stable-diffusion-1.5", twin_folder, data / "catalog")
    studio = Live(data, starter)
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def cy(house: Live) -> httpx.Client:
    """The owner of the studio."""
    return house.first_account("cy")


def form(page: Page, task: str) -> Locator:
    return page.locator(f"#task-{task}")


def bring(page: Page) -> None:
    page.set_input_files("#bench-image .slot[data-main=yes] input[type=file]", PORTRAIT)
    expect(page.locator("#bench-image .filled").first).to_contain_text("512 × 512")


def finished(page: Page) -> None:
    page.wait_for_selector("#tab-image .stage[data-state=result]", timeout=DONE)


def drag(page: Page, over: Locator, *points: tuple[float, float]) -> None:
    """Draw a stroke over an element; its points are fractions of the width and height."""
    box = over.bounding_box()
    assert box
    places = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def test_the_looks_show_the_chosen_picture_and_work_with_the_keyboard(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image/stylize_image")
    looks = form(page, "stylize_image").locator(".styles")
    expect(looks.get_by_role("radio", name="Starry swirls")).to_be_checked()
    page.locator("#bench-image").get_by_role("button", name="Try a sample").first.click()
    page.wait_for_function("document.querySelector('.styles img[src^=\"api/\"]')", timeout=DONE)
    looks.get_by_role("radio", name="Starry swirls").focus()
    page.keyboard.press("ArrowRight")
    expect(looks.get_by_role("radio", name="Deep red")).to_be_checked()
    expect(looks.locator(".styles-about")).to_contain_text("Deep red")
    wait_kept(page, "stylize_image", style="style-20")


def test_from_a_prompt_to_a_picture_and_a_variation(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image")
    create = form(page, "create_image")
    prompt = create.get_by_label("Describe the picture")
    prompt.fill("a red house by the sea")
    expect(create.locator(".quality small").first).to_have_text(re.compile("≈ .+"))
    create.get_by_role("button", name="Hero image").click()
    expect(create.get_by_role("radio", name="16 : 9")).to_be_checked()
    expect(create.get_by_role("radio", name=re.compile("Best"))).to_be_checked()
    expect(create.locator("[name=megapixels] option").first).to_have_text(re.compile(r"^\d+ × \d+"))
    create.get_by_role("radio", name=re.compile("Draft")).check(force=True)
    expect(create.locator(".presets-line")).to_contain_text("Edited.")
    counted = create.get_by_role("spinbutton", name="Number of pictures")
    more, less = (create.get_by_role("button", name=name) for name in ("One more", "One less"))
    more.click()
    more.click()
    wait_kept(page, "create_image", count="3")
    counted.press("ArrowDown")
    expect(counted).to_have_value("2")
    counted.fill("99")
    counted.blur()
    expect(counted).to_have_value("16")
    expect(more).to_have_attribute("aria-disabled", "true")
    counted.fill("2")
    less.click()
    wait_kept(page, "create_image", count="1")
    box = more.bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    shot(page, "image-create")
    create.locator(".go").click()
    finished(page)
    expect(page.locator("#tab-image .caption")).to_contain_text("a red house by the sea, wide establishing shot")
    expect(prompt).to_have_value("a red house by the sea")  # the form never clears
    steps = page.locator("#tab-image .under")
    for name in ("Enlarge…", "Edit…", "Download"):
        expect(steps.get_by_text(name, exact=True)).to_be_visible()
    steps.get_by_role("button", name="Vary").click()
    page.wait_for_selector("#tab-image .stage[data-state=live]")
    finished(page)
    expect(page.locator("#tab-image .frame")).to_have_count(2)
    made = cy.get("/api/assets", params={"origin": "made"}).json()["assets"]
    one, other = (asset["provenance"]["request"] for asset in made)
    assert one["seed"] != other["seed"]
    assert {**one, "seed": 0} == {**other, "seed": 0}
    more_action(page, "image", "Reuse settings")
    expect(create.get_by_role("radio", name="16 : 9")).to_be_checked()
    expect(create.get_by_role("radio", name=re.compile("Draft"))).to_be_checked()


def test_a_prompt_is_expanded_reviewed_and_undone(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image")
    create = form(page, "create_image")
    prompt = create.get_by_label("Describe the picture")
    prompt.fill("two boats")
    wait_kept(page, "create_image", prompt="two boats")
    create.get_by_role("button", name="Expand my prompt").click()
    box = create.locator(".idea-box")
    expect(box).to_contain_text("Two boats")
    expect(prompt).to_have_value("two boats")
    first = box.locator("p").inner_text()
    box.get_by_role("button", name="Try again").click()
    expect(box.locator("p")).not_to_have_text(first)
    box.get_by_role("button", name="Use", exact=True).click()
    expect(prompt).to_have_value(re.compile("^Two boats, .+"))
    expect(box).to_be_hidden()
    create.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value("two boats")


def test_a_preset_is_saved_and_deleted(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image")
    create = form(page, "create_image")
    create.get_by_role("button", name="Product").click()
    wait_kept(page, "create_image", quality="good")
    create.locator(".size-shapes label", has_text="9 : 16").click()
    create.get_by_role("button", name="Save as preset").click()
    create.get_by_label("Preset name").fill("Tall product")
    create.get_by_label("Preset name").press("Enter")
    mine = create.get_by_role("button", name="Tall product", exact=True)
    expect(mine).to_have_attribute("aria-pressed", "true")
    create.get_by_role("button", name="Delete the preset Tall product").click()
    expect(mine).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_mask_is_painted_and_filled(opened: Opened, cy: httpx.Client, width: int) -> None:
    page = opened(cy, width, at="image/fill_image")
    fill = form(page, "fill_image")
    bring(page)
    fill.get_by_role("button", name="Paint", exact=True).click()
    dialog = page.get_by_role("dialog", name="Paint: Area to replace")
    sheet = dialog.locator(".mask-sheet")
    expect(dialog.get_by_role("button", name="Undo")).to_be_disabled()
    drag(page, sheet, (0.3, 0.3), (0.6, 0.3), (0.6, 0.6))
    drag(page, sheet, (0.2, 0.8), (0.4, 0.8))
    shot(page, f"image-mask-{width}")
    dialog.get_by_role("button", name="Undo").click()
    dialog.get_by_role("button", name="Redo").click()
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("button", name="Done")).to_be_in_viewport()
    dialog.get_by_role("button", name="Done").click()
    expect(fill.get_by_role("button", name="Remove mask")).to_be_visible()
    fill.get_by_label("Describe the picture").fill("a window")
    expect(fill.locator(".go")).to_contain_text("·")
    mask = wait_kept(page, "fill_image", prompt="a window")["mask"]
    known = cy.get(f"/api/assets/{mask}").json()
    assert (known["source"], known["step"], known["width"]) == ("mask", True, 512)
    assert mask not in [asset["id"] for asset in cy.get("/api/assets").json()["assets"]]
    fill.locator(".go").click()
    finished(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_another_picture_removes_the_mask(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image/fill_image")
    bring(page)
    form(page, "fill_image").get_by_role("button", name="Paint", exact=True).click()
    dialog = page.get_by_role("dialog", name="Paint: Area to replace")
    drag(page, dialog.locator(".mask-sheet"), (0.3, 0.3), (0.6, 0.6))
    dialog.get_by_role("button", name="Done").click()
    expect(form(page, "fill_image").get_by_role("button", name="Remove mask")).to_be_visible()
    bring(page)
    expect(form(page, "fill_image").get_by_role("button", name="Paint", exact=True)).to_be_visible()
    wait_kept(page, "fill_image", mask=None)


def test_a_picture_is_extended_to_an_aspect_ratio(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image/extend_image")
    extend = form(page, "extend_image")
    bring(page)
    extend.get_by_role("button", name="16:9").click()
    expect(extend.locator(".sides .size-out")).to_have_text("512 × 512 → 910 × 512")
    extend.get_by_label("Above").fill("40")
    extend.get_by_label("Above").press("Enter")
    wait_kept(page, "extend_image", sides={"left": 199, "right": 199, "top": 40, "bottom": 0})


def test_reference_pictures_have_an_order(opened: Opened, cy: httpx.Client) -> None:
    page = opened(cy, at="image")
    references = form(page, "create_image").locator(".slots")
    for number in (1, 2):
        references.locator("input[type=file]").set_input_files(PORTRAIT)
        expect(references.locator("li[data-at]")).to_have_count(number)
    before = until(lambda: two if len(two := kept(page, "create_image").get("references", [])) == 2 else None)
    references.get_by_role("button", name="Move picture 2 earlier").click()
    wait_kept(page, "create_image", references=before[::-1])
    references.get_by_role("button", name="Remove picture 1").click()
    wait_kept(page, "create_image", references=before[:1])


@pytest.mark.parametrize(("width", "look"), [(1440, "dark"), (1440, "light"), (390, "dark"), (390, "light")])
def test_every_task_is_accessible_with_its_button_visible(
    opened: Opened, cy: httpx.Client, width: int, look: str
) -> None:
    page = opened(cy, width, look, at="image/create_image")
    bring_in = page.locator("#bench-image .choice")
    for task in TASKS:
        bring_in.locator(f"input[value={task}]").check(force=True)
        expect(form(page, task).locator(".go")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), task
        form(page, task).locator(".advanced button").first.click()
    page.set_viewport_size({"width": width, "height": 3400})  # axe cannot measure the contrast of covered elements
    for task in TASKS:
        bring_in.locator(f"input[value={task}]").check(force=True)
        assert serious(page) == [], task
    shot(page, f"image-{width}-{look}")
