"""The Video tab in a real browser, with the tiny twin of a video model: a clip from a prompt and from a picture."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import shot
from tests.browser.support import more_action
from tests.browser.test_accessible import LOOKS, serious
from tests.support.live import Live

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
DONE = 180_000
TASKS = (
    "create_clip",
    "animate_image",
    "continue_clip",
    "upscale_clip",
    "interpolate_clip",
    "cut_clip",
    "join_clips",
    "grade_clip",
    "add_sound",
    "deliver_clip",
)
PICTURE = {"task": "create_image", "prompt": "a red boat on the sea at sunset", "steps": 4, "seed": 1}


@pytest.fixture(scope="module")
def house(starter: Path, twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A separate studio with a video model."""
    from engines.twins import install

    data = tmp_path_factory.mktemp("video tab") / "data"
    install("storybook-motion", twin_folder, data / "catalog")
    studio = Live(data, starter)
    yield studio.start()
    studio.kill()


@pytest.fixture(scope="module")
def di(house: Live) -> httpx.Client:
    """The owner of the studio."""
    return house.first_account("di")


def form(page: Page, task: str) -> Locator:
    return page.locator(f"#task-{task}")


def film(page: Page, task: str) -> None:
    """Submit the form as a draft, and wait for the clip."""
    form(page, task).get_by_role("radio", name=re.compile("Draft")).check(force=True)
    expect(form(page, task).locator(".go")).to_contain_text("·")
    form(page, task).locator(".go").click()
    page.wait_for_selector("#tab-video .preview:not([hidden])", state="attached", timeout=DONE)
    shot(page, f"video-live-{task}")
    page.wait_for_selector("#tab-video .stage[data-state=result]", timeout=DONE)


def plays(page: Page) -> None:
    """The clip on the stage plays automatically, muted, in a loop."""
    page.wait_for_function("document.querySelector('#tab-video video').currentTime > 0.2")
    video = page.locator("#tab-video video")
    assert video.evaluate("it => [it.muted, it.loop, it.paused]") == [True, True, False]
    assert video.evaluate("it => it.duration") == pytest.approx(2.125, abs=0.05)


def test_a_prompt_becomes_a_clip_that_plays_and_is_continued(opened: Opened, di: httpx.Client) -> None:
    page = opened(di, at="video")
    create = form(page, "create_clip")
    prompt = create.get_by_label("Describe the shot")
    expect(prompt).to_be_visible()  # Create is the first task
    prompt.fill("a red boat by the quantum reactor")
    expect(create.locator(".idea-note")).to_contain_text("does not know: quantum reactor")
    prompt.fill("")
    create.get_by_role("button", name="a red boat on the sea").click()
    expect(prompt).to_have_value("a red boat on the sea at sunset, moving to the right")
    expect(create.locator(".idea-note")).to_be_empty()
    calm = create.get_by_text("A small model running on the CPU")
    calm.scroll_into_view_if_needed()
    expect(calm).to_be_in_viewport()
    expect(create.get_by_label("Duration").locator("option")).to_contain_text(["Standard (2.1 s)", "4 s, in parts"])
    expect(create.locator(".size-out")).to_have_text("384 × 384 (fixed)")
    film(page, "create_clip")
    plays(page)
    shot(page, "video-made")
    steps = page.locator("#tab-video .under")
    for name in ("Vary", "Enlarge…", "Frame rate…", "Download"):
        expect(steps.get_by_text(name, exact=True)).to_be_visible()
    prompt.fill("something else")
    more_action(page, "video", "Reuse settings")
    expect(prompt).to_have_value("a red boat on the sea at sunset, moving to the right")
    expect(create.get_by_role("radio", name=re.compile("Draft"))).to_be_checked()
    steps.get_by_role("button", name="Continue…").click()
    expect(form(page, "continue_clip").locator(".go")).to_be_visible()
    expect(page.locator("#bench-video > .card > .part-slot .filled")).to_contain_text("384 × 384")
    page.locator("#tab-video").get_by_role("radio", name="Animate").check(force=True)
    more_action(page, "video", "Use as input…")  # Animate takes no clip: the first task that does
    expect(form(page, "continue_clip").locator(".go")).to_be_visible()
    expect(page.locator("#bench-video > .card > .part-slot .filled")).to_contain_text("2 s")


def test_a_picture_is_animated_from_its_next_steps(opened: Opened, di: httpx.Client) -> None:
    job = di.post("/api/jobs", json={"request": PICTURE}).raise_for_status().json()
    page = opened(di, at="image")
    page.wait_for_selector("#tab-image .stage[data-state=result]", timeout=DONE)
    page.locator("#tab-image .under").get_by_role("button", name="Animate").click()
    animate = form(page, "animate_image")
    expect(animate.locator(".filled")).to_contain_text("a red boat")
    animate.get_by_role("group", name="Examples").get_by_role("button", name="the camera zooms in").click()
    film(page, "animate_image")
    plays(page)
    expect(animate.locator(".filled")).to_contain_text("a red boat")  # the form is never cleared
    [picture] = di.get(f"/api/jobs/{job['id']}").json()["assets"]
    newest = di.get("/api/assets", params={"origin": "made", "kind": "clip"}).json()["assets"][0]
    assert newest["parents"] == [picture]
    assert newest["provenance"]["request"]["image"] == picture


@pytest.mark.parametrize(("width", "look"), LOOKS)
def test_every_task_is_accessible_with_its_button_visible(
    opened: Opened, di: httpx.Client, width: int, look: str
) -> None:
    page = opened(di, width, look, at="video/create_clip")
    choice = page.locator("#bench-video .choice").first
    for task in TASKS:
        choice.locator(f"input[value={task}]").check(force=True)
        expect(form(page, task).locator(".go")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), task
        shot(page, f"video-{task}-{width}-{look}")
        if (folded := form(page, task).locator(".advanced button")).count():
            folded.first.click()
    page.set_viewport_size({"width": width, "height": 3000})  # axe cannot measure the contrast of covered elements
    for task in TASKS:
        choice.locator(f"input[value={task}]").check(force=True)
        assert serious(page) == [], task


def test_takes_are_compared_and_one_is_kept(opened: Opened, di: httpx.Client) -> None:
    page = opened(di, at="video")
    request = {"task": "create_clip", "model": "storybook-motion.twin", "prompt": "a red boat moves to the left"}
    job = di.post("/api/jobs", json={"request": {**request, "steps": 1, "count": 2}}).raise_for_status().json()
    page.locator("#tab-video .under").get_by_role("button", name="Compare takes").click(timeout=DONE)
    dialog = page.get_by_role("dialog", name="Compare takes")
    expect(dialog.locator("video")).to_have_count(2)
    page.wait_for_function("[...document.querySelectorAll('.takes video')].every((video) => video.currentTime > 0.2)")
    page.keyboard.press(" ")
    times = "[...document.querySelectorAll('.takes video')].map((video) => [video.paused, video.currentTime])"
    (first, second) = page.evaluate(times)
    assert first[0]
    assert first == second
    assert serious(page) == []
    shot(page, "takes")
    dialog.get_by_role("button", name="Keep take 2").click()
    expect(dialog).to_be_hidden()
    kept = di.get(f"/api/jobs/{job['id']}").json()["assets"][1]
    expect(page.get_by_text("One take kept, 1 deleted.")).to_be_visible()
    clips = di.get("/api/assets", params={"job_id": job["id"]}).json()["assets"]
    assert [clip["id"] for clip in clips] == [kept]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored.")).to_be_visible()
    assert len(di.get("/api/assets", params={"job_id": job["id"]}).json()["assets"]) == 2
