"""Jobs in a real browser: submit, watch, get the result; with two people, across a reload."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.support import more_action
from tests.support import samples

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
DONE = 60_000


def bring(page: Page, tab: str, path: Path) -> None:
    """Add a file to the form of a tab."""
    page.set_input_files(f"#bench-{tab} .slot[data-main=yes] input[type=file]", path)
    expect(page.locator(f"#bench-{tab} .filled").first).to_be_visible()


def stage(page: Page, tab: str, state: str) -> None:
    """Wait until the stage of a tab is in a state: empty, live, result or failed."""
    page.wait_for_selector(f"#tab-{tab} .stage[data-state={state}]", timeout=DONE)


def length(page: Page, player: str) -> float:
    """The duration of the media in a player, in seconds."""
    page.wait_for_function("player => document.querySelector(player).duration > 0", arg=player)
    return float(page.locator(player).evaluate("it => it.duration"))


def test_enlarge_a_photo_and_compare(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    page = opened(ann)
    bar = page.locator("#task-upscale_image .submit-bar")
    expect(bar.locator(".hint")).to_have_text("Add a picture first.")
    bring(page, "image", samples.photo(tmp_path / "cheetah.jpg", 96))
    expect(page.locator("#bench-image .filled")).to_contain_text("96 ×")
    expect(bar.locator(".go")).to_contain_text(re.compile(r"Enlarge · (about|usually) \d"))
    page.keyboard.press("Control+Enter")
    stage(page, "image", "live")
    expect(page.locator(".bar .status b")).to_have_text("cheetah · 2×")
    stage(page, "image", "result")
    after = page.locator("#tab-image .view img.after")
    assert after.evaluate("image => image.decode().then(() => image.naturalWidth)") == 192
    slider = page.get_by_label("Compare before and after")
    slider.focus()
    slider.press("Home")
    assert page.locator(".compare").evaluate("it => it.style.getPropertyValue('--at')") == "0%"
    slider.press("Enter")
    viewer = page.locator("dialog.viewer")
    expect(viewer.get_by_role("heading")).to_contain_text("cheetah · 2×")
    page.keyboard.press("g")
    expect(viewer.get_by_label("Compare with")).to_contain_text("Made from: cheetah")
    page.go_back()
    expect(viewer).to_be_hidden()
    expect(slider).to_be_focused()
    expect(page.locator("#tab-image .frame[aria-pressed=true]")).to_have_attribute("title", re.compile("cheetah · 2×"))
    expect(page.locator("#bench-image .filled")).to_be_visible()  # the form is never cleared
    shot(page, "enlarged")


def test_a_sample_fills_an_empty_form(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann)
    page.locator("#bench-image").get_by_role("button", name="Try a sample").press("Enter")
    expect(page.locator("#bench-image .filled")).to_contain_text("portrait512 × 512")
    expect(page.locator("#task-upscale_image .go")).to_contain_text(re.compile(r"Enlarge · (about|usually) \d"))
    shot(page, "sample")


def test_a_reload_restores_the_job_and_the_form(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    page = opened(ann, at="image/upscale_image")
    bring(page, "image", samples.photo(tmp_path / "wide.jpg", 320))
    page.get_by_role("radio", name="3×").check(force=True)
    expect(page.locator("#task-upscale_image .go")).to_contain_text("·")
    page.locator("#task-upscale_image .go").click()
    stage(page, "image", "live")
    page.reload()
    stage(page, "image", "live")
    expect(page.locator("#bench-image .filled")).to_contain_text("wide")
    expect(page.get_by_role("radio", name="3×")).to_be_checked()
    shot(page, "live")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".bar .status.busy")).to_have_count(0, timeout=DONE)
    assert page.locator("#tab-image .stage").get_attribute("data-state") in ("empty", "result")


def test_a_person_sees_the_jobs_ahead_of_them(
    opened: Opened, ann: httpx.Client, bob: httpx.Client, tmp_path: Path
) -> None:
    hers, his = opened(ann), opened(bob)
    bring(hers, "image", samples.photo(tmp_path / "wide.jpg", 320))
    bring(his, "image", samples.photo(tmp_path / "small.jpg", 64))
    hers.locator("#task-upscale_image .go").click()
    stage(hers, "image", "live")
    his.locator(".bar .status").click()
    expect(his.locator(".queue .job")).to_contain_text("ann · picture")
    assert "wide" not in his.locator("#queue").inner_text() + his.locator(".bar .status").inner_text()
    expect(his.locator("#task-upscale_image .hint")).to_contain_text("ann's")
    his.locator("#task-upscale_image .go").click()
    expect(his.locator(".queue .job", has_text="small · 2×")).to_be_visible()
    shot(his, "second")
    hers.locator("#tab-image").get_by_role("button", name="Cancel").click()
    stage(his, "image", "result")


def test_speak_a_sentence(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="audio")
    page.get_by_label("Text to read aloud").fill("The harbor was quiet that morning.")
    expect(page.locator("#task-speak .go")).to_contain_text("Generate voice-over ·")
    page.locator("#task-speak .go").click()
    stage(page, "audio", "result")
    assert length(page, "#tab-audio .sounding audio") > 1
    expect(page.locator("#tab-audio blockquote")).to_have_text("The harbor was quiet that morning.")
    expect(page.locator("#tab-audio .caption")).to_contain_text("Subtitles")
    shot(page, "spoken")


def test_smooth_a_clip(opened: Opened, ann: httpx.Client, short_clip: Path) -> None:
    page = opened(ann, at="video/interpolate_clip")
    bring(page, "video", short_clip)
    rate = page.locator("#task-interpolate_clip").get_by_label("Frame rate")
    rate.fill("20")
    rate.press("Enter")
    page.locator("#task-interpolate_clip .go").click()
    stage(page, "video", "result")
    expect(page.locator("#tab-video .caption")).to_contain_text("20 fps")
    assert length(page, "#tab-video video") > 0.5
    shot(page, "smoothed")


def test_deliver_a_clip(opened: Opened, ann: httpx.Client, short_clip: Path) -> None:
    page = opened(ann, at="video/deliver_clip")
    bring(page, "video", short_clip)
    page.locator("#task-deliver_clip .go").click()
    stage(page, "video", "result")
    expect(page.locator("#tab-video .caption")).to_contain_text("ProRes HQ")
    assert length(page, "#tab-video video") > 0.5  # the browser plays its proxy
    expect(page.locator("#tab-video .under").get_by_role("button", name="Deliver…")).to_be_visible()
    shot(page, "delivered")


def test_cut_join_and_score_a_clip(opened: Opened, ann: httpx.Client, short_clip: Path, speech: Path) -> None:
    page = opened(ann, at="video/cut_clip")
    bring(page, "video", short_clip)
    cut = page.locator("#task-cut_clip")
    cut.get_by_label("End at (s)").fill("0.4")
    cut.get_by_role("radio", name="1:1").check(force=True)
    cut.locator(".go").click()
    stage(page, "video", "result")
    expect(page.locator("#tab-video .caption")).to_contain_text("Cut")
    shot(page, "cut")
    more_action(page, "video", "Join…")
    join = page.locator("#task-join_clips")
    expect(join.locator(".slots-list li[data-at]")).to_have_count(1)
    join.locator(".go").click()
    expect(join.locator(".problem")).to_contain_text("Add two or more clips")
    page.set_input_files("#task-join_clips .slots input[type=file]", short_clip)
    expect(join.locator(".slots-list li[data-at]")).to_have_count(2)
    join.locator(".go").click()
    expect(page.locator("#tab-video .caption")).to_contain_text("2 clips", timeout=60_000)
    shot(page, "joined")
    more_action(page, "video", "Sound…")
    sound = page.locator("#task-add_sound")
    page.set_input_files("#task-add_sound .slot[data-kind=sound] input[type=file]", speech)
    expect(sound.locator(".slot[data-kind=sound] .filled")).to_be_visible()
    sound.locator(".go").click()
    expect(page.locator("#tab-video .caption")).to_contain_text("Sound", timeout=60_000)
    shot(page, "scored")


def test_a_look_is_added_to_a_clip(opened: Opened, ann: httpx.Client, short_clip: Path, tmp_path: Path) -> None:
    look = tmp_path / "look.cube"
    look.write_text("LUT_3D_SIZE 2\n" + "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 0.5)))
    page = opened(ann, at="video/grade_clip")
    bring(page, "video", short_clip)
    grade = page.locator("#task-grade_clip")
    page.set_input_files("#task-grade_clip .slot[data-kind=lut] input[type=file]", short_clip)
    expect(grade.locator(".slot[data-kind=lut] .wrong")).to_contain_text("is not a LUT")
    page.set_input_files("#task-grade_clip .slot[data-kind=lut] input[type=file]", look)
    expect(grade.locator(".slot[data-kind=lut] .filled")).to_contain_text("look")
    grade.locator(".go").click()
    stage(page, "video", "result")
    expect(page.locator("#tab-video .caption")).to_contain_text("Graded")
    shot(page, "graded")


def test_errors_are_shown_next_to_the_button(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    page = opened(ann, at="image/cut_out")
    expect(page.locator("#task-cut_out .hint")).not_to_be_empty()  # the form has started
    page.locator("#task-cut_out .go").click()
    expect(page.locator("#task-cut_out .problem")).to_have_text(re.compile("Add a picture first"))
    (tmp_path / "letter.jpg").write_bytes(bytes(100))
    page.set_input_files("#bench-image .slot[data-main=yes] input[type=file]", tmp_path / "letter.jpg")
    expect(page.locator("#bench-image .slot[data-main=yes] .wrong")).to_contain_text("is not a supported file")
