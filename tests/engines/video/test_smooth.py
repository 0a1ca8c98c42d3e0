"""Smooth motion on delivery: new frames between those of the clip, with all of their bits, never across a cut."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.requests import DeliverClip, parse
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.video.delivery_files import Delivered, gray, plane, write
from tests.support.samples import MEDIA

CLIP = asset_id(0)


def test_the_motion_decides_what_runs_it() -> None:
    assert DeliverClip(clip=CLIP).model == "ffmpeg"
    smooth = parse({"task": "deliver_clip", "clip": CLIP, "motion": "smooth"})
    assert smooth.model == "ffmpeg-rife"
    again = parse({**smooth.model_dump(), "motion": "repeat"})
    assert again.model == "ffmpeg"


@pytest.mark.slow
def test_new_frames_lie_between_their_neighbors_and_never_across_a_cut(starter: Path, tmp_path: Path) -> None:
    desk = Desk(starter, tmp_path)
    detail = np.random.default_rng(0).integers(0, 200, (32, 48)).repeat(4, 0).repeat(4, 1)
    frames = [gray(300 + np.roll(detail, 4 * n, 1)) for n in range(5)]
    clip = write(tmp_path / "c.mov", frames, clicks=(0.2,))
    found = Delivered.of(desk.do(DeliverClip(clip=CLIP, fps="50", motion="smooth"), clip).path)
    assert (found.rate, found.pixels, len(found.frames)) == (50, "yuv422p10le", 10)
    shown = [plane(frame).astype(float) for frame in found.frames]
    for number in (1, 3, 5, 7):
        middle = np.roll(300 + np.roll(detail, 4 * (number // 2), 1), 2, 1)
        blend = (shown[number - 1] + shown[number + 1]) / 2
        ours, theirs = (np.abs(one - middle)[16:-16, 24:-24].mean() for one in (shown[number], blend))
        assert ours < theirs / 2


@pytest.mark.slow
def test_there_is_no_new_frame_across_a_cut(starter: Path, tmp_path: Path) -> None:
    desk = Desk(starter, tmp_path)
    frames = []
    for name in ("lion", "cheetah1"):  # two shots with the same colors: only the place changes
        picture = Image.open(MEDIA / "images" / f"{name}.jpg").convert("L").resize((256, 144))
        frames += [gray(np.roll(np.asarray(picture), n, 1), "yuv420p") for n in range(40)]
    clip = write(tmp_path / "c.mov", frames)
    found = Delivered.of(desk.do(DeliverClip(clip=CLIP, fps="50", motion="smooth", start=1.4, end=1.8), clip).path)
    own = [plane(frame).astype(float) for frame in Delivered.of(clip).frames[38:42]]
    across = plane(found.frames[9]).astype(float) / 4  # at 1.58 s, between the shots
    assert min(np.abs(across - one).mean() for one in own) < 4
    for number in (8, 10):  # the frames of the clip next to it
        assert np.abs(plane(found.frames[number]).astype(float) / 4 - own[number // 2 - 3]).mean() < 4
