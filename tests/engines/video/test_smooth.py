"""Smooth motion on delivery: new frames between those of the clip, with all of their bits, never across a cut."""

from pathlib import Path

import numpy as np
import pytest

from engines.requests import DeliverClip, parse
from tests.engines.enhance.enhance_worker import Desk, asset_id
from tests.engines.video.delivery_files import Delivered, gray, plane, write

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
    frames += [gray(np.full((128, 192), 800))] * 5  # a cut
    clip = write(tmp_path / "c.mov", frames, clicks=(0.2,))
    found = Delivered.of(desk.do(DeliverClip(clip=CLIP, fps="50", motion="smooth"), clip).path)
    assert (found.rate, found.pixels, len(found.frames)) == (50, "yuv422p10le", 20)
    shown = [plane(frame).astype(float) for frame in found.frames]
    for number in (1, 3, 5):
        middle = np.roll(300 + np.roll(detail, 4 * (number // 2), 1), 2, 1)
        blend = (shown[number - 1] + shown[number + 1]) / 2
        ours, theirs = (np.abs(one - middle)[16:-16, 24:-24].mean() for one in (shown[number], blend))
        assert ours < theirs / 2
    assert [round(float(frame.mean()), -2) for frame in shown[8:11]] == [400, 800, 800]
