"""Cut a clip: a part of it, at a speed, forward or backward, repeated, cropped, faded."""

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
from av.container import OutputContainer

from engines.host.context import Context
from engines.media import sound_stream
from engines.media.clip import ClipReader
from engines.media.clip_sound import (
    Excerpt,
    Sound,
    carry_sound,
    encodable_layout,
    lost_channels,
    name_track,
    usable_tracks,
)
from engines.media.sound_stream import Blocks, SoundForm
from engines.media.streams import open_media, picture_end
from engines.media.timecode import carry_timecode
from engines.requests.finish import ASPECTS, CutClip
from engines.video.finish.checks import begin_and_end, conversion_notes, exact, refuse_hdr, truncation_notes
from engines.video.finish.formats import format_for
from engines.video.finish.mix import faded
from engines.video.finish.picture import Framing, RecConverter
from engines.video.finish.result import Production, save_clip
from engines.video.finish.source import Source, backward
from engines.video.finish.timing import constant_rate, frame_count
from engines.video.finish.writer import AddSound, Output

if TYPE_CHECKING:
    import hashlib


class Part(NamedTuple):
    """What a cut plays: the seconds from ``begin`` to ``end`` on the clip's clock, ``length`` frames of each of its
    plays, ``loop`` times, and the frames of the fades."""

    begin: Fraction
    end: Fraction
    length: int
    loop: int
    fades: tuple[int, int]


def cut_clip(request: CutClip, context: Context) -> None:
    """Write the part of a clip that a request names, as it says. Raises StudioError start_after_end, hdr_clip."""
    path = context.input(request.clip)
    with ClipReader(path) as reader:
        refuse_hdr(reader)
        source = reader.format
        format, rate = format_for(request.format, reader.first.format), constant_rate(source.fps, reader.base_rate)
        size = source.width, source.height
        if aspect := ASPECTS.get(request.aspect):
            framing = Framing.cropped(size, source.pixel_aspect, aspect, request.position)
        else:
            framing = Framing.of(size, source.pixel_aspect, "source", "fit")
        output = Output(format, format.pixels_for(reader.first.format), rate, framing.frame)
        part = _part(request, path, reader, rate)
        frames = Source(reader, rate / exact(request.speed), part.begin, part.end, context.check)

        def notes() -> Iterator[str]:
            yield from truncation_notes(path) if request.reverse else reader.notes
            yield from conversion_notes(reader, rate, is_uneven=frames.uneven and request.speed == 1)

        plays = _plays(request, path, part, rate, context, frames)
        convert = RecConverter(framing, output.pixels, source.color).convert
        total = part.length * part.loop
        save_clip(
            Production(
                output,
                faded(map(convert, plays), total, *part.fades),
                total,
                _sound(request, path, part, output, context.checkpoint_dir),
                lambda stream: carry_timecode(path, stream, rate, exact(request.start or 0)),
                notes,
            ),
            context,
        )


def _part(request: CutClip, path: Path, reader: ClipReader, rate: Fraction) -> Part:
    begin, end = begin_and_end(request.start, request.end, reader)
    ends = picture_end(path)
    end = ends if end is None else min(end, ends)
    count = frame_count(begin, end, rate / exact(request.speed))
    fades = round(exact(request.fade_in) * rate), round(exact(request.fade_out) * rate)
    return Part(begin, end, count, request.loop, fades)


def _plays(
    request: CutClip, path: Path, part: Part, rate: Fraction, context: Context, first: Source
) -> Iterator[av.VideoFrame]:
    """Yield the frames of every play; each but the first forward one reads the clip anew."""
    step = rate / exact(request.speed)
    for number in range(part.loop):
        if request.reverse:
            yield from backward(path, step, part.begin, part.end, context.check)
        elif number == 0:
            yield from first.frames()
        else:
            with ClipReader(path) as reader:
                yield from Source(reader, step, part.begin, part.end, context.check).frames()


def _sound(request: CutClip, path: Path, part: Part, output: Output, folder: Path) -> AddSound:
    codec = output.format.sound
    if request.speed == 1 and not request.reverse and part.loop == 1 and not any(part.fades):
        excerpt = Excerpt(part.begin, None if request.end is None else part.end, codec)
        return lambda out, files, digest: carry_sound(path, out, files, digest, excerpt)

    def add(out: OutputContainer, files: ExitStack, digest: "hashlib._Hash") -> Sound:
        media = files.enter_context(open_media(path))
        numbers, notes = usable_tracks(media)
        tracks = []
        for number in numbers:
            track = media.streams.audio[number]
            form = SoundForm(track.rate, encodable_layout(track))
            blocks = _played(request, path, number, form, part, output.rate, folder)
            stream, packets = sound_stream.encode(blocks, form, codec, out, digest)
            name_track(stream, track, out)
            notes += lost_channels(media, number)
            tracks.append(packets)
        return Sound(tracks, notes)

    return add


def _played(
    request: CutClip, path: Path, number: int, form: SoundForm, part: Part, rate: Fraction, folder: Path
) -> Blocks:
    """Return a sound track as it is played: each play is exactly as long as its frames."""
    samples = form.samples(part.length / rate)

    def play() -> Blocks:
        blocks = sound_stream.decoded(path, number, form, part.begin, part.end)
        if request.reverse:
            blocks = sound_stream.exactly(blocks, form, form.samples(part.end - part.begin))
            blocks = sound_stream.reverse(blocks, form, folder)
        return sound_stream.exactly(sound_stream.at_speed(blocks, form, request.speed), form, samples)

    rise, fall = (form.samples(frames / rate) for frames in part.fades)
    blocks = chain.from_iterable(play() for _ in range(part.loop))
    return sound_stream.faded(blocks, part.loop * samples, rise, fall)
