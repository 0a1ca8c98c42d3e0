"""Deliver a clip as numbered pictures in a ZIP file, with its sound as WAV files next to them."""

import hashlib
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

import av
import numpy as np

from engines import protocol, torch_setup
from engines.host.context import Context
from engines.media import sound_stream
from engines.media.clip import ClipReader, frame_at
from engines.media.clip_sound import Excerpt, carry_sound, encodable_layout, usable_tracks
from engines.media.files import proxy_path, thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.media.sound_stream import SoundForm
from engines.media.streams import open_media
from engines.media.timecode import carried_timecode, frame_number
from engines.requests.base import SEQUENCE_MIME
from engines.requests.deliver import DeliverClip, SequenceName
from engines.video.finish.checks import exact
from engines.video.finish.color import DISPLAY_GAMMA
from engines.video.finish.delivery import Delivery
from engines.video.finish.formats import PROXY, PROXY_SIDE
from engines.video.finish.picture import REC709, Framing, RecConverter
from engines.video.finish.result import Progress
from engines.video.finish.rgb import WHITE, floats, rgb_pixels
from engines.video.finish.writer import FileWriter, Output


class SequenceFormat(NamedTuple):
    """The suffix of the pictures, which is FFmpeg's name of their codec, and its options."""

    suffix: SequenceName
    options: dict[str, str]


_FORMATS: dict[SequenceName, SequenceFormat] = {
    "png": SequenceFormat("png", {"compression_level": "3", "pred": "paeth"}),
    "exr": SequenceFormat("exr", {"format": "half", "compression": "zip16"}),
}
_BIG_ENDIAN = {"rgb48le": "rgb48be", "rgba64le": "rgba64be"}
"""The pixel formats of 16 bits that PNG stores."""
_FIRST = 1
"""The number of the first picture of a clip without a timecode."""


def save_sequence(request: DeliverClip, delivery: Delivery, context: Context) -> None:
    """Write the pictures and the sound of a delivery, a proxy to look at, and add them to the job."""
    assert request.format in _FORMATS
    clip, format = context.input(request.clip), _FORMATS[request.format]
    name = _file_name(context.inputs[request.clip].title)
    code, notes = carried_timecode(clip, delivery.rate, exact(request.start or 0))
    first = frame_number(code, delivery.rate) if code else _FIRST
    progress, digest = Progress(context, delivery.count, has_proxy=True), hashlib.sha256()
    path, record = context.new_file(".zip"), context.provenance()
    with write_atomically(path) as part, ZipFile(part, "w") as package:
        for number, picture in zip(count(first), _pictures(delivery, format, progress), strict=False):
            digest.update(picture)
            package.writestr(ZipInfo(f"{name}/{name}.{number:07}.{format.suffix}"), picture)
        frames = progress.done
        target = package, name, context.checkpoint_dir
        notes += _add_sound(target, clip, delivery, frames / delivery.rate, digest)
    notes += delivery.notes()
    _write_proxy(proxy_path(path), request, context, progress)
    seconds = frames / delivery.rate
    save_thumb(frame_at(proxy_path(path), float(seconds / 3)), thumb_path(path))
    width, height = delivery.framing.frame
    context.add(
        protocol.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            proxy=proxy_path(path).name,
            kind="clip",
            mime=SEQUENCE_MIME,
            width=width,
            height=height,
            seconds=float(seconds),
            fps=float(delivery.rate),
            frames=frames,
            content_sha256=digest.hexdigest(),
            provenance=record,
            notes=tuple(notes),
        )
    )


def _file_name(title: str) -> str:
    """Return a title as a name that every system accepts."""
    return re.sub(r"[^\w-]+", "_", title).strip("_")[:60] or "clip"


def _pictures(delivery: Delivery, format: SequenceFormat, progress: Progress) -> Iterator[bytes]:
    """Yield the encoded pictures in order."""
    deep = delivery.bits > 8 or format.suffix == "exr"
    pixels = rgb_pixels(delivery.has_alpha) if deep else "rgba" if delivery.has_alpha else "rgb24"
    frames = map(RecConverter(delivery.framing, pixels, delivery.color).convert, delivery.frames())
    if format.suffix == "exr":
        frames = map(_linear, frames)
    encoder: av.VideoCodecContext | None = None
    for number, frame in enumerate(frames):
        if encoder is None:
            encoder = av.VideoCodecContext.create(format.suffix, "w")
            encoder.width, encoder.height, encoder.options = frame.width, frame.height, format.options
            encoder.pix_fmt = _BIG_ENDIAN.get(frame.format.name, frame.format.name)
            encoder.time_base, encoder.thread_count = 1 / delivery.rate, torch_setup.threads()
        frame.pts, frame.time_base = number, 1 / delivery.rate
        yield from map(bytes, encoder.encode(frame))
        progress.written(frame)
    yield from map(bytes, encoder.encode(None) if encoder else ())


def _linear(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a frame of 16 bits in linear light, as floats."""
    values = frame.to_ndarray()
    light = floats(values) ** np.float32(DISPLAY_GAMMA)
    if values.shape[2] == 3:
        return av.VideoFrame.from_ndarray(light, "gbrpf32le")
    alpha = values[..., 3:].astype(np.float32) / WHITE
    return av.VideoFrame.from_ndarray(np.concatenate([light, alpha], axis=2), "gbrapf32le")


def _add_sound(
    target: tuple[ZipFile, str, Path], clip: Path, delivery: Delivery, seconds: Fraction, digest: "hashlib._Hash"
) -> list[str]:
    """Add the sound tracks as WAV files, exactly as long as the pictures; return notes about those left out.

    ``target`` is the ZIP, the name of the folder in it, and a folder for temporary files.
    """
    package, name, folder = target
    folder.mkdir(parents=True, exist_ok=True)
    with open_media(clip) as media:
        numbers, notes = usable_tracks(media)
        forms = [SoundForm(track.rate, encodable_layout(track)) for track in media.streams.audio]
    for place, number in enumerate(numbers, 1):
        form, file = forms[number], folder / "sound.wav"
        end = delivery.begin + seconds
        blocks = sound_stream.decoded(clip, number, form, delivery.begin, end)
        with av.open(str(file), "w", format="wav", options={"rf64": "auto"}) as out:
            whole = sound_stream.exactly(blocks, form, form.samples(seconds))
            for packet in sound_stream.encode(whole, form, "pcm_s24le", out, digest)[1]:
                out.mux(packet)
        package.write(file, f"{name}/{name}{f'.{place}' if place > 1 else ''}.wav")
        file.unlink()
    return notes


def _write_proxy(path: Path, request: DeliverClip, context: Context, progress: Progress) -> None:
    """Write the small copy of the sequence that browsers play, from the same clip."""
    clip = context.input(request.clip)
    with ClipReader(clip) as reader, write_atomically(path) as part:
        delivery = Delivery(request, context, reader)
        framing = Framing.within(delivery.framing.frame, PROXY_SIDE)
        large = RecConverter(delivery.framing, "yuv444p", delivery.color).convert
        small = RecConverter(framing, PROXY.pixels, REC709).convert
        excerpt = Excerpt(delivery.begin, delivery.end, PROXY.sound)
        FileWriter(Output(PROXY, PROXY.pixels, delivery.rate, framing.frame), progress.written).write(
            part,
            map(small, map(large, delivery.frames())),
            lambda out, files, digest: carry_sound(clip, out, files, digest, excerpt),
        )
