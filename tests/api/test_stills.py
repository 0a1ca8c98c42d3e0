"""Frames of clips as pictures."""

import io
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from engines.media.clip import ClipReader


def test_the_last_frame_of_a_clip_is_a_picture_beside_it(
    as_ann: TestClient, as_bob: TestClient, short_clip: Path
) -> None:
    clip = as_ann.post("/api/assets?name=world.mp4", content=short_clip.read_bytes()).json()
    answer = as_ann.post(f"/api/assets/{clip['id']}/last-frame")
    assert answer.status_code == 201
    still = answer.json()
    assert (still["kind"], still["title"], still["step"]) == ("image", "world · last frame", True)
    assert [one["id"] for one in as_ann.get(f"/api/assets/{still['id']}/family").json()["parents"]] == [clip["id"]]
    with ClipReader(short_clip) as clip_itself:
        *_, last = clip_itself.read()
    picture = np.asarray(Image.open(io.BytesIO(as_ann.get(f"/api/assets/{still['id']}/file").content)))
    assert np.array_equal(picture, last.pixels)
    assert as_bob.post(f"/api/assets/{clip['id']}/last-frame").status_code == 404
    assert as_ann.post(f"/api/assets/{still['id']}/last-frame").json()["code"] == "wrong_kind"
