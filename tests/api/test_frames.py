"""Frames of clips saved as pictures."""

import io
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from engines.media.clip import ClipReader


def test_the_last_frame_of_a_clip_is_saved_as_a_picture(
    as_ann: TestClient, as_bob: TestClient, short_clip: Path
) -> None:
    clip = as_ann.post("/api/assets?name=world.mp4", content=short_clip.read_bytes()).json()
    answer = as_ann.post(f"/api/assets/{clip['id']}/last-frame")
    assert answer.status_code == 201
    still = answer.json()
    assert (still["kind"], still["title"], still["badges"], still["step"]) == ("image", "world", ["Last frame"], True)
    assert [one["id"] for one in as_ann.get(f"/api/assets/{still['id']}/family").json()["parents"]] == [clip["id"]]
    with ClipReader(short_clip) as clip_itself:
        *_, last = clip_itself.read()
    picture = np.asarray(Image.open(io.BytesIO(as_ann.get(f"/api/assets/{still['id']}/file").content)))
    assert np.array_equal(picture, last.pixels)
    assert as_bob.post(f"/api/assets/{clip['id']}/last-frame").status_code == 404
    first = as_ann.get(f"/api/assets/{clip['id']}/first-frame")
    assert Image.open(io.BytesIO(first.content)).size == (clip["width"], clip["height"])
    assert as_bob.get(f"/api/assets/{clip['id']}/first-frame").status_code == 404
    assert as_ann.post(f"/api/assets/{still['id']}/last-frame").json()["code"] == "wrong_kind"


def test_a_still_is_the_frame_on_screen(as_ann: TestClient, as_bob: TestClient, short_clip: Path) -> None:
    clip = as_ann.post("/api/assets?name=world.mp4", content=short_clip.read_bytes()).json()
    with ClipReader(short_clip) as reader:
        frames = list(reader.read())
    for number in (0, 7, len(frames) - 1):
        shown_at = float(frames[number].start + frames[number].duration / 2)
        answer = as_ann.post(f"/api/assets/{clip['id']}/still", json={"seconds": shown_at})
        assert answer.status_code == 201
        still = answer.json()
        assert (still["title"], still["badges"], still["source"]) == ("world", [f"Frame {number}"], f"frame {number}")
        assert (still["step"], still["parents"]) == (False, [clip["id"]])
        picture = np.asarray(Image.open(io.BytesIO(as_ann.get(f"/api/assets/{still['id']}/file").content)))
        assert np.array_equal(picture, frames[number].pixels)
    assert as_bob.post(f"/api/assets/{clip['id']}/still", json={"seconds": 0}).status_code == 404
    for seconds in (-1, 1e18):
        assert as_ann.post(f"/api/assets/{clip['id']}/still", json={"seconds": seconds}).status_code == 422
