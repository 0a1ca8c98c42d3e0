"""What is given to a form arrives there, also where the form remembers something else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.live import finished, submit, upload
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def made(ann: httpx.Client, photo: Path) -> str:
    """A cut-out that ann made; its id."""
    done = finished(ann, submit(ann, {"task": "cut_out", "image": upload(ann, photo), "background": "green"}))
    return str(done["assets"][0])


@pytest.fixture(scope="module")
def talk(ann: httpx.Client) -> dict[str, Any]:
    """A conversation with an answer in it."""
    options = {"max_tokens": 12, "temperature": 0}
    id = ann.post("/api/conversations", json={"text": "Say hello.", "options": options}).json()["conversation"]["id"]

    def answered() -> dict[str, Any] | None:
        found: dict[str, Any] = ann.get(f"/api/conversations/{id}").json()
        return found if found["messages"][-1]["text"] and found["messages"][-1]["state"] == "done" else None

    return until(answered, 60, "the answer")


def visited(page: Page) -> None:
    """Every form is known to this browser with nothing of use in it, as after an earlier visit."""
    for at, go in (
        ("image/create_image", "create_image"),
        ("video/animate_image", "animate_image"),
        ("audio", "speak"),
    ):
        page.evaluate("at => { location.hash = at }", at)
        expect(page.locator(f"#task-{go} .go")).to_be_visible()
        page.wait_for_function(f"Object.keys(sessionStorage).some((key) => key.endsWith('form/{go}'))")


def again(page: Page, at: str) -> None:
    """Load the page anew, so that no form but the one in front is there."""
    page.goto(f"/#{at}")
    page.reload()


def signed_in(page: Page, person: httpx.Client) -> None:
    """Let somebody else use this browser."""
    page.context.clear_cookies()
    page.context.add_cookies([{"name": c.name, "value": str(c.value), "url": page.url} for c in person.cookies.jar])


def answer(page: Page, talk: dict[str, Any], button: str) -> None:
    """Press a button under the answer."""
    again(page, f"writing/{talk['id']}")
    turn = page.locator(".remark.assistant").last
    turn.hover()
    turn.get_by_role("button", name=button).click()


@pytest.mark.parametrize("width", [1440, 390])
def test_words_and_pictures_arrive_after_a_reload(
    opened: Opened, ann: httpx.Client, made: str, talk: dict[str, Any], width: int
) -> None:
    page = opened(ann, width, at="home")
    visited(page)
    answer(page, talk, "Speak it")
    expect(page.locator("#task-speak .field-text textarea")).not_to_have_value("")
    expect(page.locator("#task-speak .go")).to_contain_text("·")
    answer(page, talk, "Use as prompt in Image")
    expect(page.locator("#task-create_image .field-prompt textarea")).not_to_have_value("")
    again(page, "image/upscale_image")
    page.locator(f"#tab-image [data-asset='{made}']").click()
    page.locator("#tab-image .under").get_by_role("button", name="Animate").click()
    expect(page.locator("#bench-video .filled:visible")).to_contain_text("cut out")
    expect(page.locator("#task-animate_image .hint")).not_to_contain_text("Bring in")


def test_settings_and_inputs_arrive_after_a_reload(
    opened: Opened, ann: httpx.Client, made: str, tmp_path: Path
) -> None:
    page = opened(ann, at="home")
    visited(page)
    again(page, f"library?asset={made}")
    page.locator("dialog.detail").get_by_role("button", name="Reuse settings").click()
    expect(page.locator("#task-cut_out").get_by_label("Green")).to_be_checked()
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("lion")
    page.locator("#bench-image .slot[data-main=yes] [data-do=clear]").click()
    expect(page.locator("#task-cut_out .hint")).to_contain_text("Bring in")
    again(page, f"library?asset={made}")
    page.locator("dialog.detail").get_by_role("group", name="Use as input of").get_by_role(
        "button", name="Enlarge"
    ).first.click()
    expect(page.locator("#task-upscale_image")).to_be_visible()
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("cut out")
    expect(page.locator("#task-upscale_image .go")).to_contain_text("·")
    picture = tmp_path / "told.png"
    picture.write_bytes(ann.get(f"/api/assets/{made}/file").content)
    page.get_by_role("radio", name="3x").check(force=True)
    again(page, "library")
    with page.expect_file_chooser() as chooser:
        page.locator(".read-tool").click()
    chooser.value.set_files(picture)
    expect(page.locator("#task-cut_out").get_by_label("Green")).to_be_checked()
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("lion")
    again(page, "image/upscale_image")
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_be_visible()
    page.locator(f"#tab-image [data-asset='{made}']").drag_to(page.locator("#bench-image .slot-box").first)
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("cut out")


def test_what_a_form_held_is_not_lost_where_no_answer_comes(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="image/create_image")
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.fill("a lighthouse in a storm")
    page.wait_for_function("Object.values(localStorage).some((kept) => kept.includes('a lighthouse in a storm'))")
    lost: list[str] = []

    def join(route: Route) -> None:
        """The first question of a form is whether what it held can be put back: it gets lost."""
        if "a lighthouse in a storm" in (route.request.post_data or "") and not lost:
            lost.append(route.request.url)
        else:
            route.continue_()

    page.route("**/run/predict*", join)
    page.clock.install()
    page.reload()
    page.wait_for_timeout(500)
    for _ in range(40):
        page.clock.run_for(1000)
        if page.get_by_text("could not be restored").count():
            break
    expect(page.get_by_text("Your last entries could not be restored")).to_be_visible()
    assert lost
    page.unroute("**/run/predict*")
    page.reload()
    expect(prompt).to_have_value("a lighthouse in a storm")


def test_a_form_outlives_its_tab_for_its_person_alone(opened: Opened, ann: httpx.Client, bob: httpx.Client) -> None:
    page = opened(ann, at="image/create_image")
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.fill("a red house by the sea")
    page.wait_for_function("Object.values(localStorage).some((kept) => kept.includes('a red house by the sea'))")
    other = page.context.new_page()
    page.close()
    other.goto("/#image/create_image")
    prompt = other.locator("#task-create_image .field-prompt textarea")
    expect(prompt).to_have_value("a red house by the sea")
    signed_in(other, bob)
    other.reload()
    expect(other.locator("#task-create_image .go")).to_contain_text(re.compile("Make it"))
    expect(other.locator("#task-create_image")).not_to_have_attribute("inert", re.compile(".*"))
    expect(prompt).to_have_value("")
    signed_in(other, ann)
    other.reload()
    expect(prompt).to_have_value("a red house by the sea")
    other.evaluate("import('./c41/js/keep.js').then((keep) => keep.forget())")
    assert other.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('c41-keep/'))") == []
