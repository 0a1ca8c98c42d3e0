"""Every writer reports a full disk and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.host.worker import _problem
from engines.media.clip import ClipReader, ClipWriter
from engines.media.picture import save_picture, save_thumb
from engines.media.sound import save_sound
from engines.media.strip_metadata.strip import clean_copy
from engines.media.subtitles import Cue, save_subtitles
from tests.engines.media.clip_files import beats, make_clip

RECORD = {
    "studio": "1",
    "request": {"task": "create_image", "prompt": "a", "width": 8, "height": 8},
    "model": {"id": "x"},
    "seed": 1,
}


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8))


def noise() -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, 200_000).astype(np.float32)


def write_clip(path: Path) -> None:
    frames = [np.random.default_rng(n).integers(0, 255, (120, 160, 3), np.uint8) for n in range(20)]
    source = make_clip(path.with_name("source.mp4"), beats(20), size=(160, 120), frames=frames, sound="aac")
    with ClipReader(source) as reader:
        writer = ClipWriter(path.with_name("parts"), reader.format)
        for frame in reader.read():
            writer.write(frame)
    writer.finish(path, source, {})


def write_copy(path: Path) -> None:
    save_picture(picture(), path.with_name("whole.png"), RECORD)
    clean_copy(path.with_name("whole.png"), path)


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.png": lambda path: save_picture(picture(), path, RECORD),
    "a.webp": lambda path: save_thumb(picture(), path),
    "a.wav": lambda path: save_sound(noise(), 24_000, path, {}),
    "a.mp3": lambda path: save_sound(noise(), 24_000, path, {}),
    "a.mp4": write_clip,
    "a.srt": lambda path: save_subtitles([Cue(0, 1, "word " * 9000)], path, {}),
    "clean.png": write_copy,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.with_name(f"{path.stem}.part{path.suffix}").symlink_to("/dev/full")  # every write fails as on a full disk
    with pytest.raises(Exception) as failed:
        WRITERS[name](path)
    assert _problem(failed.value).code == "disk_full", failed.value
    assert not path.exists()
