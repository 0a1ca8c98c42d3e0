"""The viewer in a real browser: exact frames of a clip, stills, loops; on a phone, a sound."""

import io
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import shot
from tests.browser.test_accessible import serious
from tests.support.live import upload

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
FILM = Fraction(24000, 1001)
LEVEL = """() => { const video = document.querySelector(".viewer video"), canvas = new OffscreenCanvas(1, 1);
  const pen = canvas.getContext("2d"); pen.drawImage(video, 0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data[1]; }"""


def numbered(path: Path) -> Path:
    """A clip of 40 gray frames at 23.976 fps: the level of each is six times its number."""
    with av.open(str(path), "w") as media:
        stream = media.add_stream("libx264", rate=FILM, options={"crf": "4", "g": "12", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(40):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 6 * number, np.uint8), format="rgb24")
            frame.pts = number
            media.mux(stream.encode(frame))
        media.mux(stream.encode())
    return path


def view(opened: Opened, person: httpx.Client, asset: str, width: int = 1440) -> Page:
    """The page with the viewer open, from the library."""
    page = opened(person, width, at="library")
    page.evaluate("id => { location.hash = `library?asset=${id}` }", asset)
    page.locator("dialog.detail").get_by_role("button", name="Open in the viewer").click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    return page


def test_a_clip_is_stepped_by_the_frame_and_a_still_is_the_frame_shown(
    opened: Opened, ann: httpx.Client, tmp_path: Path
) -> None:
    clip = upload(ann, numbered(tmp_path / "numbered.mp4"))
    page = view(opened, ann, clip)
    viewer, readout = page.locator("dialog.viewer"), page.locator(".viewer-readout")
    expect(readout).to_contain_text("of 0–39")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press(".")
    page.keyboard.press(",")
    expect(readout).to_have_text(re.compile(r"Frame 8 of 0–39 00:00:00:08 NDF\s+23.976 fps"))
    page.wait_for_function(f"Math.abs(({LEVEL})() - 48) < 3")
    page.keyboard.press("i")
    for _ in range(4):
        page.keyboard.press(".")
    page.keyboard.press("o")
    expect(readout).to_contain_text("loop 8–12")
    page.keyboard.press(" ")
    page.wait_for_function(f"Math.abs(({LEVEL})() - 60) < 3")
    page.keyboard.press(" ")
    frame = int(re.findall(r"Frame (\d+)", readout.inner_text())[0])
    page.keyboard.press("p")
    expect(viewer.get_by_role("status").last).to_have_text(f"“numbered · Frame {frame}” saved to the library.")
    still = ann.get("/api/assets", params={"kind": "image", "q": "numbered"}).json()["assets"][0]
    assert still["parents"] == [clip]
    picture = Image.open(io.BytesIO(ann.get(f"/api/assets/{still['id']}/file").content)).convert("L")
    assert abs(int(np.asarray(picture)[24, 32]) - 6 * frame) < 3
    for name in ("Scopes", "Safe areas"):
        viewer.get_by_role("button", name=name).click()
    assert serious(page) == []
    shot(page, "viewer-clip")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(page.locator("dialog.detail")).to_be_visible()


def test_a_sound_is_zoomed_and_a_part_of_it_repeats_on_a_phone(opened: Opened, ann: httpx.Client, speech: Path) -> None:
    page = view(opened, ann, upload(ann, speech), 390)
    viewer, readout = page.locator("dialog.viewer"), page.locator(".viewer-readout")
    viewer.get_by_role("button", name="Zoom in").click()
    expect(viewer.locator(".viewer-zoom")).to_have_text("2×")
    box = viewer.locator(".viewer-waveform").bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 20, steps=3)
    page.mouse.up()
    expect(readout).to_contain_text("loop 0:")
    page.keyboard.press(" ")
    expect(viewer.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []
    shot(page, "viewer-sound-phone")
    page.go_back()
    expect(viewer).to_be_hidden()


def test_a_square_picture_opens_swipes_and_zooms_on_a_phone(opened: Opened, ann: httpx.Client, tmp_path: Path) -> None:
    newest = ""
    for name in ("one", "two"):
        Image.new("RGB", (600, 600), "teal").save(tmp_path / f"{name}.png")
        newest = upload(ann, tmp_path / f"{name}.png")
    page = view(opened, ann, newest, 390)  # nothing covers the button
    viewer = page.locator("dialog.viewer")
    expect(viewer.get_by_role("heading")).to_have_text("two")
    expect(viewer.get_by_role("button", name="Next result")).to_be_visible()
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: int) -> None:
        fingers = [{"x": x, "y": 300, "id": number} for number, x in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    for kind, at in (("touchStart", 320), ("touchMove", 200), ("touchMove", 80)):
        touch(kind, at)
    touch("touchEnd")
    expect(viewer.get_by_role("heading")).to_have_text("one")
    fitted = viewer.locator(".viewer-zoom").inner_text()
    touch("touchStart", 180)
    for spread in (20, 40, 80, 120):
        touch("touchStart" if spread == 20 else "touchMove", 190 - spread, 190 + spread)
    touch("touchEnd")
    expect(viewer.locator(".viewer-zoom")).not_to_have_text(fitted)
    scopes = viewer.get_by_role("button", name="Scopes").bounding_box()
    assert scopes
    middle = {"x": scopes["x"] + 20, "y": scopes["y"] + 20, "id": 0}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [middle]})
    expect(page.locator(".tip")).to_contain_text("Scopes")
    touch("touchEnd")
    expect(viewer.get_by_role("group", name="Scopes")).to_be_hidden()  # a long press asks, it does not press
