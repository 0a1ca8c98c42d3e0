"""Sources for deliveries in every pixel format, and what is in the delivered files."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange

from engines.media import wav

RATE = 48_000


class Delivered(NamedTuple):
    """The facts about a clip's picture, and every frame as decoded."""

    codec: str
    profile: str | None
    pixels: str
    tag: str
    rate: Fraction
    frames: list[av.VideoFrame]
    seconds: Fraction

    @classmethod
    def of(cls, path: Path) -> "Delivered":
        with av.open(str(path)) as media:
            stream = media.streams.video[0]
            context = stream.codec_context
            frames = list(media.decode(stream))
            return cls(
                context.name,
                context.profile,
                context.pix_fmt,
                context.codec_tag,
                stream.average_rate,
                frames,
                stream.duration * stream.time_base,
            )


def plane(frame: av.VideoFrame, number: int = 0) -> np.ndarray:
    """Return a plane of a frame as integers, with all of their bits."""
    one = frame.planes[number]
    deep = frame.format.components[0].bits > 8
    rows = np.frombuffer(one, np.uint16 if deep else np.uint8).reshape(one.height, -1)
    return rows[:, : one.width]


def gray(values: np.ndarray, pixels: str = "yuv420p10le") -> av.VideoFrame:
    """Return a colorless 4:2:0 frame with these luma values, of 8 or 10 bits."""
    frame = av.VideoFrame(values.shape[1], values.shape[0], pixels)
    sample, neutral = (np.uint16, 512) if pixels.endswith("10le") else (np.uint8, 128)
    for number, one in enumerate(frame.planes):
        rows = np.zeros((one.height, one.line_size // np.dtype(sample).itemsize), sample)
        rows[:, : one.width] = values if number == 0 else neutral
        one.update(rows.tobytes())
    frame.colorspace = frame.color_primaries = frame.color_trc = 1
    frame.color_range = ColorRange.MPEG
    return frame


def write(
    path: Path,
    frames: Sequence[av.VideoFrame],
    *,
    fps: Fraction = Fraction(25),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    clicks: Sequence[float] = (),
    seconds: float | None = None,
    tones: Sequence[np.ndarray] = (),
    **context: Any,
) -> Path:
    """Write frames as they are, and a sound track for each of ``clicks`` with one click at that time, and for each of
    ``tones``, samples [n] from -1 to 1."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=fps, options=options or {"qp": "0"})
        video.width, video.height, video.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        context = {"colorspace": 1, "color_primaries": 1, "color_trc": 1, **context}
        for name, value in context.items():
            setattr(video.codec_context, name, value)
        tracks = [out.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in (*clicks, *tones)]
        for track in tracks:
            track.metadata["language"] = "eng"
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, 1 / Fraction(fps)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        sounds = [(32_767 * tone).astype(np.int16) for tone in tones]
        for click in reversed(clicks):
            samples = np.zeros(round((seconds or len(frames) / fps) * RATE), np.int16)
            samples[round(click * RATE) :][:48] = 20_000
            sounds.insert(0, samples)
        for track, samples in zip(tracks, sounds, strict=True):
            sound = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
            sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
            out.mux(track.encode(sound))
    return path


def numbered(count: int, size: tuple[int, int] = (64, 48)) -> list[av.VideoFrame]:
    """Return frames whose luma tells their number: 64 for the first, then 8 more for each."""
    return [gray(np.full(size[::-1], 64 + 8 * n)) for n in range(count)]


def numbers(frames: Sequence[av.VideoFrame]) -> list[int]:
    """Return the number of each of these frames."""
    means = [float(plane(frame).mean()) * 2.0 ** (10 - frame.format.components[0].bits) for frame in frames]
    return [round((mean - 64) / 8) for mean in means]


def sine(hertz: float, seconds: float, peak: float = 0.3) -> np.ndarray:
    """Return the samples of a tone."""
    return peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def write_sound(path: Path, samples: np.ndarray) -> Path:
    """Write samples [n] from -1 to 1 as a WAV file."""
    wav.write(samples.astype(np.float32), RATE, path, "")
    return path


def clicks(path: Path) -> list[float]:
    """Return when each sound track clicks, in seconds on the clip's clock."""
    found = []
    with av.open(str(path)) as media:
        count = len(media.streams.audio)
    for number in range(count):
        with av.open(str(path)) as media:
            pieces = list(media.decode(audio=number))
        samples = np.concatenate([piece.to_ndarray().ravel().astype(float) for piece in pieces])
        loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() / 2)
        found.append(float(pieces[0].time) + loud[0] / pieces[0].sample_rate)
    return found
