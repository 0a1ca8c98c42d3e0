"""Read and write clips frame by frame; a clip is never completely in memory."""

from engines.media.clip_reader import (
    ClipFormat,
    ClipReader,
    Color,
    DecodedFrame,
    FloatFrame,
    Frame,
    Pixels,
    frame_at,
    frame_on_screen,
    rotate,
    upright_size,
)
from engines.media.clip_writer import ClipWriter
from engines.media.sound_track import SoundTrack

__all__ = [
    "ClipFormat",
    "ClipReader",
    "ClipWriter",
    "Color",
    "DecodedFrame",
    "FloatFrame",
    "Frame",
    "Pixels",
    "SoundTrack",
    "frame_at",
    "frame_on_screen",
    "rotate",
    "upright_size",
]
