"""How fast clips are written, compared with FFmpeg's libraries doing the same encode with nothing around.

``clip``: frames in memory to H.264, as generated clips are written. ``prores``, ``h264``: a delivery of a 1080p clip
without its proxy. ``*_fps`` is our speed in frames per second; ``*_ratio`` is that divided by the speed of the bare
loop: decode, scale, encode, mux, with the same filters and options.
"""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from bench.report import in_turns, median, report
from engines import torch_setup
from engines.media.clip import ClipFormat, ClipReader, ClipWriter, Color, Frame
from engines.media.clip_reader import SCALER
from engines.media.clip_sound import Excerpt, carry_sound
from engines.media.clip_writer import X264
from engines.requests.deliver import FileFormatName
from engines.video.finish.formats import FORMATS
from engines.video.finish.picture import REC709, Framing, RecConverter
from engines.video.finish.source import Source
from engines.video.finish.writer import FileWriter, Output

_RATE = Fraction(24)
_SIZE = 1920, 1080
_FRAMES = 48
_RUNS = 3
_NAMES: tuple[FileFormatName, ...] = ("prores_hq", "h264")


def run(bench: str = "write") -> None:
    """Measure each in turns with its bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pairs = {"clip": (partial(_write_clip, place), partial(_encode_bare, place / "bare.mp4"))}
        source = place / "source.mp4"
        _encode_bare(source)
        for name in _NAMES:
            pairs[name] = partial(_deliver, source, place, name), partial(_transcode_bare, source, place, name)
        for case, (ours, bare) in pairs.items():
            our_times, bare_times = in_turns(_RUNS, ours, bare)
            ratio = median([bare / ours for ours, bare in zip(our_times, bare_times, strict=True)])
            report(bench, f"{case}_fps", _FRAMES / median(our_times), "fps", runs=_RUNS)
            report(bench, f"{case}_ratio", ratio, "ratio", ">= 0.9", runs=_RUNS)


def _pictures() -> Iterator[np.ndarray]:
    """Yield frames with fine detail that moves."""
    width, height = _SIZE
    detail = np.random.default_rng(0).integers(0, 12, (height, width + 4 * _FRAMES, 3), np.uint8)
    shade = np.linspace(0, 240, height, dtype=np.uint8)[:, None, None]
    for number in range(_FRAMES):
        yield np.ascontiguousarray(detail[:, 4 * number : 4 * number + width] + shade)


def _write_clip(place: Path) -> None:
    form = ClipFormat(*_SIZE, 1 / _RATE, _RATE, Color(*REC709), Fraction(1))
    writer = ClipWriter(place / "parts", form)
    for number, pixels in enumerate(_pictures()):
        writer.write(Frame(pixels, number / _RATE, 1 / _RATE))
    writer.finish(place / "clip.mp4", None, {})


def _encode_bare(path: Path) -> None:
    with av.open(str(path), "w") as out:
        stream = _stream(out, "libx264", "yuv420p", X264)
        for number, pixels in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
                format="yuv420p",
                dst_colorspace=REC709.matrix,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                interpolation=SCALER,
            )
            frame.pts, frame.time_base = number, 1 / _RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _stream(out: av.container.OutputContainer, codec: str, pixels: str, options: dict[str, str]) -> av.VideoStream:
    stream = out.add_stream(codec, rate=_RATE, options=options)
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height, stream.pix_fmt = *_SIZE, pixels
    stream.codec_context.time_base = 1 / _RATE
    stream.codec_context.thread_count = torch_setup.threads()
    return stream


def _deliver(source: Path, place: Path, name: FileFormatName) -> None:
    format = FORMATS[name]
    with ClipReader(source) as reader:
        output = Output(format, format.pixels, _RATE, _SIZE)
        frames = Source(reader, _RATE, reader.begins, None, lambda: None).frames()
        convert = RecConverter(Framing(_SIZE, _SIZE), format.pixels, reader.format.color).convert
        excerpt = Excerpt(reader.begins, None, format.sound)
        FileWriter(output, lambda frame: None).write(
            place / f"ours{format.suffix}",
            map(convert, frames),
            lambda out, files, digest: carry_sound(source, out, files, digest, excerpt),
        )


def _transcode_bare(source: Path, place: Path, name: FileFormatName) -> None:
    format = FORMATS[name]
    with av.open(str(source)) as media, av.open(str(place / f"bare{format.suffix}"), "w") as out:
        media.streams.video[0].thread_type = "AUTO"
        stream = _stream(out, format.codec, format.pixels, format.encoder_options(torch_setup.threads()))
        for number, frame in enumerate(media.decode(video=0)):
            new = frame.reformat(format=format.pixels, interpolation=SCALER)
            new.pts, new.time_base = number, 1 / _RATE
            out.mux(stream.encode(new))
        out.mux(stream.encode(None))
