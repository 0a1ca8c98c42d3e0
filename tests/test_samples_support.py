"""The samples for the other tests are valid."""

from pathlib import Path

import av
from PIL import Image


def test_photo_is_a_small_photograph(photo: Path) -> None:
    with Image.open(photo) as picture:
        assert picture.width == 160
        assert len(set(picture.convert("L").tobytes())) > 100


def test_short_clip_has_a_second_of_video_and_sound(short_clip: Path) -> None:
    with av.open(str(short_clip)) as clip:
        frames = list(clip.decode(clip.streams.video[0]))
        assert (len(frames), frames[0].width) == (10, 160)
        assert clip.streams.audio
