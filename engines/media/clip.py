"""Clips in and out, a frame at a time: a clip never lies whole in memory."""

from engines.media.clip_reader import ClipFormat, ClipReader, Colour, Frame, Pixels, frame_at, turned, upright
from engines.media.clip_writer import ClipWriter

__all__ = ["ClipFormat", "ClipReader", "ClipWriter", "Colour", "Frame", "Pixels", "frame_at", "turned", "upright"]
