"""Make small clips of every awkward kind."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace


def gradient(width: int, height: int, shift: int = 0) -> np.ndarray:
    """Return a picture with gradients of red and green, and a bright square that ``shift`` moves."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack((x * 200 // width + 20, y * 200 // height + 20, np.full_like(x, 60)), -1).astype(np.uint8)
    side = max(2, height // 4)
    left = 2 + shift % max(1, width - side - 4)
    pixels[height // 3 : height // 3 + side, left : left + side] = 240
    return pixels


def make_clip(
    path: Path,
    times: Sequence[Fraction],
    *,
    size: tuple[int, int] = (64, 48),
    time_base: Fraction = Fraction(1, 1000),
    frames: Sequence[np.ndarray] | None = None,
    sound: str | None = None,
    full_range: bool = False,
) -> Path:
    """Write an H.264 clip (VP9 in .webm) with frames at ``times`` in seconds, and a beep each second if ``sound`` names
    a codec."""
    webm = path.suffix == ".webm"
    with av.open(str(path), "w", options={"movflags": "+faststart"} if path.suffix == ".mp4" else {}) as out:
        video = out.add_stream("libvpx-vp9" if webm else "libx264", rate=25)
        context = video.codec_context
        context.width, context.height = size
        context.pix_fmt = "yuvj420p" if full_range else "yuv420p"
        context.time_base = time_base
        context.options = {"deadline": "realtime", "crf": "20"} if webm else {"crf": "10", "preset": "veryfast"}
        if full_range:
            context.color_range = ColorRange.JPEG
        context.colorspace = context.color_primaries = context.color_trc = 1
        audio = out.add_stream(sound, rate=48_000, layout="mono") if sound else None
        for number, time in enumerate(times):
            pixels = frames[number] if frames is not None else gradient(*size, shift=3 * number)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
            )
            frame.pts, frame.time_base = round(time / time_base), time_base
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio:
            for block in beeps(float(times[-1]) + 0.04):
                out.mux(audio.encode(block))
            out.mux(audio.encode(None))
    return path


def beeps(seconds: float, rate: int = 48_000) -> list[av.AudioFrame]:
    """Return a tone of 0.1 s at the start of each second."""
    t = np.arange(round(seconds * rate)) / rate
    tone = (0.5 * np.sin(2 * np.pi * 880 * t) * (t % 1 < 0.1)).astype(np.float32)
    blocks = []
    for start in range(0, len(tone), 1024):
        block = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
        block.sample_rate, block.pts, block.time_base = rate, start, Fraction(1, rate)
        blocks.append(block)
    return blocks


def heard(path: Path) -> np.ndarray:
    """Return the sound of a file as mono samples at 48 kHz, including silence before its first packet."""
    resampler = av.AudioResampler("flt", "mono", 48_000)
    pieces: list[np.ndarray] = []
    with av.open(str(path)) as media:
        for frame in media.decode(audio=0):
            if not pieces:
                pieces.append(np.zeros(max(0, round(frame.time * 48_000)), np.float32))
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces)


def lay_on_side(path: Path) -> None:
    """Set a rotation of 90 degrees clockwise in an MP4's header, like phones do."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def beats(count: int, fps: int = 25) -> list[Fraction]:
    """Return the times of ``count`` frames at a constant rate."""
    return [Fraction(number, fps) for number in range(count)]
