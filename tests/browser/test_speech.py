"""A voice-over on the stage: played, checked, a new take of a sentence and back, at both widths."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
TEXT = "The harbor was quiet that morning. [pause 1] Nguyen waited for the light.\n\nNobody said a word."
LONG = 60_000
SOUND = "document.querySelector('#tab-audio .sounding audio')?.src"
DRAWN = """() => {
  const canvas = document.querySelector('#tab-audio .shape canvas');
  if (!canvas.width) return false;
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const rows = [...Array(height).keys()];
  const tall = (x) => rows.filter((y) => data[4 * (y * width + x) + 3] > 0).length;
  const columns = Array.from({ length: 60 }, (_, i) => tall(Math.floor((i + .5) * width / 60)));
  return Math.max(...columns) > height / 2 && Math.min(...columns) < height / 10;
}"""
"""Whether the canvas shows a waveform: some columns are tall, some are almost flat."""


def spoken(page: Page, text: str = TEXT) -> None:
    """Speak a text, and wait until it is on the stage."""
    expect(page.locator("#task-speak .hint")).not_to_be_empty()  # the form has started
    page.get_by_label("Text to read aloud").fill(text)
    expect(page.locator("#task-speak .go")).to_contain_text("Generate voice-over ·")
    before = page.evaluate(SOUND)
    page.locator("#task-speak .go").click()
    page.wait_for_function(f"before => {{ const now = {SOUND}; return now && now !== before; }}", arg=before)
    expect(page.locator("#tab-audio .line").first).to_be_visible()


def at(page: Page) -> float:
    seconds: float = page.evaluate("document.querySelector('#tab-audio .sounding audio').currentTime")
    return seconds


@pytest.mark.parametrize(("width", "look"), [(1440, "dark"), (390, "light")])
def test_check_new_take_and_back(opened: Opened, ann: httpx.Client, width: int, look: str) -> None:
    page = opened(ann, width, look, at="audio")
    spoken(page)
    page.wait_for_function("document.querySelector('#tab-audio .sounding audio').readyState > 0")
    lines = page.locator("#tab-audio .line")
    expect(lines).to_have_text(
        ["The harbor was quiet that morning.", "Nguyen waited for the light.", "Nobody said a word."]
    )
    page.locator("#tab-audio [data-do=check]").click()
    expect(page.locator("#tab-audio .player .said")).to_contain_text("words", timeout=LONG)
    expect(page.locator("#tab-audio .player .doubt, #tab-audio .player .right")).to_be_visible(timeout=LONG)
    lines.nth(2).click()
    expect(page.locator("#tab-audio .tools")).to_be_visible()
    start = at(page)
    assert start > 3
    shot(page, f"speech-chosen-{width}-{look}")
    page.get_by_role("button", name="New take").press("Enter")
    expect(page.get_by_role("button", name="Recording a new take")).to_be_focused()
    takes = page.get_by_role("group", name="Takes of this sentence")
    expect(takes.get_by_role("button", name="2", exact=True)).to_have_attribute("aria-pressed", "true", timeout=LONG)
    expect(page.locator("#tab-audio .player .doubt, #tab-audio .player .right")).to_be_visible(timeout=LONG)
    shot(page, f"speech-take-{width}-{look}")
    takes.get_by_role("button", name="1", exact=True).click()
    expect(takes.get_by_role("button", name="1", exact=True)).to_have_attribute("aria-pressed", "true", timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.reload()
    expect(page.locator("#tab-audio .line")).to_have_count(3)
    expect(page.locator("#tab-audio .caption").get_by_role("link", name="Subtitles")).to_have_count(1)
    page.wait_for_function("document.querySelector('#tab-audio .shape canvas').width > 300")


def test_speakers_in_a_text_and_samples_of_voices(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="audio")
    page.get_by_role("button", name="Play a sample of Martin").click()
    page.wait_for_function("!document.querySelector('.voices audio').paused")
    page.get_by_role("button", name="Play a sample of Lily").click()
    page.wait_for_function("document.querySelector('.voices audio').src.endsWith('lily.m4a')")
    expect(page.locator(".voices [aria-pressed=true]")).to_have_count(1)
    spoken(page, "CLARA: Good morning.\nArthur: Not a wink.\nBOB: Who?")
    expect(page.locator(".speakers")).to_contain_text("Speakers: Clara and Arthur. “BOB:” is read aloud as text.")
    lines = page.locator("#tab-audio .line")
    expect(lines).to_have_text(["ClaraGood morning.", "ArthurNot a wink.", "ArthurBOB: Who?"])
    lines.nth(1).click()
    page.locator(".otherwise [name=voice]").select_option(label="Ruth")
    page.get_by_role("button", name="New take").click()
    expect(lines.nth(1)).to_have_text("RuthNot a wink.", timeout=LONG)


def test_the_waveform_is_real_and_works_with_the_keyboard(opened: Opened, ann: httpx.Client) -> None:
    page = opened(ann, at="audio")
    spoken(page, "One sentence here. [pause 3] Another one there. [pause 3] And the last.")
    page.wait_for_function("document.querySelector('#tab-audio .sounding audio').readyState > 0")
    page.wait_for_function(DRAWN)
    place = page.get_by_label("Position in the sound")
    place.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#tab-audio .sounding audio').currentTime >= 2")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('#tab-audio .sounding audio').currentTime < 0.1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#tab-audio .line[aria-expanded=true]")).to_have_text("Another one there.")
    expect(page.locator("#tab-audio .line.heard-now")).to_have_text("Another one there.")
    box = place.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.97, box["y"] + box["height"] / 2)
    expect(page.locator("#tab-audio .line.heard-now")).to_have_text("And the last.")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("document.querySelector('#tab-audio .sounding audio').currentTime > 0.3")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_list_of_pronunciations(opened: Opened, ann: httpx.Client, width: int) -> None:
    page = opened(ann, width, at="audio")
    page.locator(".words-open").click()
    dialog = page.get_by_role("dialog", name="Pronunciations")
    dialog.get_by_label("Word").fill("Nguyen")
    dialog.get_by_label("Pronounce as", exact=True).fill("win")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.locator("li")).to_contain_text(["Nguyen"])
    shot(page, f"speech-words-{width}")
    page.keyboard.press("Escape")
    expect(page.locator(".words-open")).to_have_text("Pronunciations · 1")
    spoken(page, "Nguyen waited.")
    page.locator(".words-open").click()
    dialog.get_by_role("button", name="Remove “Nguyen” from the list").click()
    expect(dialog.locator("li")).to_contain_text(["No entries yet"])
    newest = ann.get("/api/assets", params={"kind": "sound", "limit": 1}).json()["assets"][0]
    assert newest["provenance"]["request"]["pronunciations"] == {"Nguyen": "win"}
