"""Values sent to a form arrive there, even if the form has a draft with other values."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.support import more_action, wait_kept
from tests.browser.windows import Windows
from tests.support.live import finished, submit, upload
from tests.support.waiting import until

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def made(ann: httpx.Client, photo: Path) -> str:
    """The id of a cut-out by ann."""
    done = finished(ann, submit(ann, {"task": "cut_out", "image": upload(ann, photo), "background": "green"}))
    return str(done["assets"][0])


@pytest.fixture(scope="module")
def talk(ann: httpx.Client) -> dict[str, Any]:
    """A conversation with an answer."""
    options = {"max_tokens": 12, "temperature": 0}
    id = ann.post("/api/conversations", json={"text": "Say hello.", "options": options}).json()["conversation"]["id"]

    def answered() -> dict[str, Any] | None:
        found: dict[str, Any] = ann.get(f"/api/conversations/{id}").json()
        return found if found["messages"][-1]["text"] and found["messages"][-1]["state"] == "done" else None

    return until(answered, 60, "the answer")


def visited(page: Page) -> None:
    """Give this person a draft of every form, as after an earlier visit."""
    for task, field in (("create_image", "prompt"), ("animate_image", "prompt"), ("speak", "text")):
        draft = {"name": f"form/{task}", "value": {field: "something else"}}
        assert page.request.put("/api/drafts", data=draft).ok


def again(page: Page, at: str) -> None:
    """Reload the page, so that only the visible form exists."""
    page.goto(f"/#{at}")
    page.reload()


def signed_in(page: Page, person: httpx.Client) -> None:
    """Let another person use this browser. Their cookies replace the others at once: a request without any would send
    the page to the sign-in."""
    page.context.add_cookies([{"name": c.name, "value": str(c.value), "url": page.url} for c in person.cookies.jar])


def answer(page: Page, talk: dict[str, Any], button: str) -> None:
    """Click a button under the answer."""
    again(page, f"writing/{talk['id']}")
    turn = page.locator(".remark.assistant").last
    turn.hover()
    turn.get_by_role("button", name=button).click()


@pytest.mark.parametrize("width", [1440, 390])
def test_texts_and_pictures_arrive_after_a_reload(
    opened: Opened, ann: httpx.Client, made: str, talk: dict[str, Any], width: int
) -> None:
    page = opened(ann, width, at="home")
    visited(page)
    answer(page, talk, "Generate voice-over")
    expect(page.locator("#task-speak .field-text textarea")).not_to_have_value("")
    expect(page.locator("#task-speak .go")).to_contain_text("·")
    answer(page, talk, "Use as prompt in Image")
    expect(page.locator("#task-create_image .field-prompt textarea")).not_to_have_value("")
    again(page, "image/upscale_image")
    page.locator(f"#tab-image [data-asset='{made}']").click()
    if width < 500:
        more_action(page, "image", "Animate…")
    else:
        page.locator("#tab-image .under").get_by_role("button", name="Animate").click()
    expect(page.locator("#bench-video .filled:visible")).to_contain_text("Cut out")
    expect(page.locator("#task-animate_image .hint")).not_to_contain_text("Add a")


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
    expect(page.locator("#task-cut_out .hint")).to_contain_text("Add a")
    again(page, f"library?asset={made}")
    page.locator("dialog.detail").get_by_role("group", name="Use as input for").get_by_role(
        "button", name="Enlarge"
    ).first.click()
    expect(page.locator("#task-upscale_image")).to_be_visible()
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("Cut out")
    expect(page.locator("#task-upscale_image .go")).to_contain_text("·")
    picture = tmp_path / "told.png"
    picture.write_bytes(ann.get(f"/api/assets/{made}/file").content)
    page.get_by_role("radio", name="3×").check(force=True)
    again(page, "library")
    with page.expect_file_chooser() as chooser:
        page.locator(".read-tool").click()
    chooser.value.set_files(picture)
    expect(page.locator("#task-cut_out").get_by_label("Green")).to_be_checked()
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("lion")
    again(page, "image/upscale_image")
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_be_visible()
    page.locator(f"#tab-image [data-asset='{made}']").drag_to(page.locator("#bench-image .slot-box").first)
    expect(page.locator("#bench-image .slot[data-main=yes] .filled")).to_contain_text("Cut out")


def test_a_draft_is_not_lost_if_the_studio_does_not_respond(
    opened: Opened, windows: Windows, ann: httpx.Client
) -> None:
    page = opened(ann, at="image/create_image")
    windows.use_once(page)  # the test controls its clock
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.fill("a lighthouse in a storm")
    wait_kept(page, "create_image", prompt="a lighthouse in a storm")
    lost: list[str] = []

    def join(route: Route) -> None:
        """Drop the form's first request, which restores its draft."""
        if "a lighthouse in a storm" in (route.request.post_data or "") and not lost:
            lost.append(route.request.url)
        else:
            route.continue_()

    page.route("**/run/predict*", join)
    page.clock.install()
    page.reload()
    complaint = page.get_by_text("Your last entries could not be restored")

    def complains() -> bool:
        page.clock.run_for(1000)
        return complaint.is_visible()

    until(complains, 30, "the complaint", every=0)
    assert lost
    page.unroute("**/run/predict*")
    page.reload()
    expect(prompt).to_have_value("a lighthouse in a storm")


def test_a_draft_survives_a_closed_tab_for_its_person_only(
    opened: Opened, ann: httpx.Client, bob: httpx.Client
) -> None:
    page = opened(ann, at="image/create_image")
    prompt = page.locator("#task-create_image .field-prompt textarea")
    prompt.fill("a red house by the sea")
    wait_kept(page, "create_image", prompt="a red house by the sea")
    other = page.context.new_page()
    page.close()
    other.goto("/#image/create_image")
    prompt = other.locator("#task-create_image .field-prompt textarea")
    expect(prompt).to_have_value("a red house by the sea")
    signed_in(other, bob)
    other.reload()
    expect(other.locator("#task-create_image .go")).to_contain_text(re.compile("Generate"))
    expect(other.locator("#task-create_image .fields")).not_to_have_attribute("inert", re.compile(".*"))
    expect(prompt).to_have_value("")
    signed_in(other, ann)
    other.reload()
    expect(prompt).to_have_value("a red house by the sea")
