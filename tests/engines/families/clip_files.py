"""The content hash of clips that were not made by the studio."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from engines.enhance.frame_interpolation import clock
from engines.media.clip import ClipFormat, ClipWriter, Color, Frame
from engines.media.sound_track import SoundTrack


def content_sha256(frames: np.ndarray, fps: int, folder: Path, sound: SoundTrack | None = None) -> str:
    """Return the hash of frames (frames, height, width, 3), 0 to 1, with their sound, as the studio computes it."""
    rate, (height, width) = Fraction(fps), frames.shape[1:3]
    writer = ClipWriter(folder, ClipFormat(width, height, clock(rate), rate, Color(1, 1, 1), Fraction(1)))
    for number, frame in enumerate(frames):
        writer.write(Frame((frame * 255).round().astype(np.uint8), number / rate, 1 / rate))
    return writer.finish(folder / "bare.mp4", sound, {}).content_sha256
