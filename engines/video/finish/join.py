"""Join clips: in order, with cuts or dissolves, fitted to one size, rate and pixel aspect."""

from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av

from engines.host.context import Context
from engines.media.clip import ClipReader
from engines.media.clip_sound import encodable_layout, usable_tracks
from engines.media.streams import open_media, picture_end
from engines.media.timecode import carry_timecode
from engines.requests.deliver import named_rate
from engines.requests.finish import JoinClips
from engines.requests.frame_rate import shown_rate
from engines.video.finish.checks import exact, refuse_hdr
from engines.video.finish.formats import format_for
from engines.video.finish.join_sound import SoundPart, crossfaded
from engines.video.finish.mix import dissolve
from engines.video.finish.picture import Framing, RecConverter, Size
from engines.video.finish.result import Production, save_clip
from engines.video.finish.source import Source
from engines.video.finish.timing import constant_rate, frame_count
from engines.video.finish.writer import Output


class Shot(NamedTuple):
    """A clip to join. ``sound`` is the number of its sound track and the layout of its channels, None without sound;
    ``length`` is how many frames it has at the rate of the result."""

    path: Path
    title: str
    begins: Fraction
    size: Size
    pixel_aspect: Fraction
    rate: Fraction
    pixels: av.VideoFormat
    sound: tuple[int, str] | None
    notes: tuple[str, ...]
    length: int = 0


def join_clips(request: JoinClips, context: Context) -> None:
    """Write clips one after the other. Raises StudioError hdr_clip."""
    shots = [_shot(context, id) for id in request.clips]
    rate = named_rate(request.fps) or shots[0].rate
    shots = [shot._replace(length=frame_count(shot.begins, picture_end(shot.path), rate)) for shot in shots]
    overlaps, notes = _overlaps(request, shots, rate)
    first = shots[0]
    frame = Framing.of(first.size, first.pixel_aspect, request.size, request.framing).frame
    richest = max((shot.pixels for shot in shots), key=_richness)
    format = format_for(request.format, richest)
    output = Output(format, format.pixels_for(richest), rate, frame)
    notes += _conformed(shots, output)
    late: list[str] = []
    reels = [_Reel(shot, request, output, context, late) for shot in shots]
    save_clip(
        Production(
            output,
            _joined(reels, overlaps),
            sum(shot.length for shot in shots) - sum(overlaps),
            crossfaded(_sounds(shots, overlaps, rate), format.sound),
            lambda stream: carry_timecode(first.path, stream, rate),
            lambda: [*notes, *late],
        ),
        context,
    )


def _richness(pixels: av.VideoFormat) -> tuple[bool, int]:
    return any(part.is_alpha for part in pixels.components), pixels.components[0].bits


def _shot(context: Context, id: str) -> Shot:
    path, title = context.input(id), context.inputs[id].title or "A clip"
    with open_media(path) as media:
        numbers, notes = usable_tracks(media)
        sound = (numbers[0], encodable_layout(media.streams.audio[numbers[0]])) if numbers else None
    if len(numbers) > 1:
        notes.append("Only its first sound track is used.")
    with ClipReader(path) as reader:
        refuse_hdr(reader)
        form = reader.format
        return Shot(
            path,
            title,
            reader.begins,
            (form.width, form.height),
            form.pixel_aspect,
            constant_rate(form.fps, reader.base_rate),
            reader.first.format,
            sound,
            tuple(f"“{title}”: {note}" for note in notes),
        )


def _overlaps(request: JoinClips, shots: Sequence[Shot], rate: Fraction) -> tuple[list[int], list[str]]:
    """Return the frames of the dissolve at each join. A clip is never in two dissolves at once, so long ones become
    shorter, and notes say which."""
    overlaps, notes = [], []
    for number, seconds in enumerate(request.overlaps):
        wanted = round(exact(seconds) * rate)
        room = min(_room(shots[number], number > 0), _room(shots[number + 1], number + 2 < len(shots)))
        if wanted > room:
            notes.append(
                f"The dissolve at join {number + 1} is shortened to {float(room / rate):.2f} s: a clip is short."
            )
        overlaps.append(min(wanted, room))
    return overlaps, notes


def _room(shot: Shot, is_between: bool) -> int:
    """Return the most frames of a clip that a dissolve may take: half of one that has another on its other side."""
    return shot.length // 2 if is_between else shot.length - 1


def _conformed(shots: Sequence[Shot], output: Output) -> Iterator[str]:
    """Yield notes about what was changed in clips to fit the others."""
    for shot in shots:
        shape = round(shot.size[0] * shot.pixel_aspect), shot.size[1]
        changes = []
        if abs(shape[0] - output.size[0]) > 1 or abs(shape[1] - output.size[1]) > 1:
            changes.append(f"size {shape[0]} × {shape[1]} → {output.size[0]} × {output.size[1]}")
        if shot.rate != output.rate:
            changes.append(f"{shown_rate(shot.rate)} → {shown_rate(output.rate)} fps")
        if shot.sound is None and any(one.sound for one in shots):
            changes.append("no sound: silence added")
        if changes:
            yield f"“{shot.title}” was conformed: {', '.join(changes)}."
        yield from shot.notes


class _Reel:
    """The frames of a clip, in the format of the result. The clip is open only while they are read."""

    def __init__(self, shot: Shot, request: JoinClips, output: Output, context: Context, notes: list[str]) -> None:
        self.length = shot.length
        self._shot = shot
        self._how = request.framing
        self._output = output
        self._check = context.check
        self._notes = notes

    def frames(self) -> Iterator[av.VideoFrame]:
        shot, output = self._shot, self._output
        own = Framing.of(shot.size, shot.pixel_aspect, "source", self._how)
        framing = (
            own if own.frame == output.size else Framing.into(output.size, shot.size, shot.pixel_aspect, self._how)
        )
        with ClipReader(shot.path) as reader:
            end, written = shot.begins + shot.length / output.rate, 0
            convert = RecConverter(framing, output.pixels, reader.format.color).convert
            for frame in Source(reader, output.rate, shot.begins, end, self._check).frames():
                last, written = convert(frame), written + 1
                yield last
            for _ in range(shot.length - written if written else 0):  # a damaged clip: what follows stays in sync
                yield last
            self._notes += [f"“{shot.title}”: {note}" for note in reader.notes]


def _joined(reels: Sequence[_Reel], overlaps: Sequence[int]) -> Iterator[av.VideoFrame]:
    """Yield the frames of all clips; where they overlap, those of both, dissolved. Two clips are open at most."""
    frames = reels[0].frames()
    begun = 0  # frames of the present clip that were in the dissolve before
    for number, reel in enumerate(reels):
        overlap = overlaps[number] if number < len(overlaps) else 0
        yield from islice(frames, reel.length - begun - overlap)
        if number < len(overlaps):
            coming = reels[number + 1].frames()
            yield from dissolve(frames, coming, overlap)
            deque(frames, 0)  # to its end, where its notes are
            frames, begun = coming, overlap


def _sounds(shots: Sequence[Shot], overlaps: Sequence[int], rate: Fraction) -> list[SoundPart]:
    """Return the sound of each clip, with its time in the result."""
    parts, at = [], 0
    for shot, overlap in zip(shots, [*overlaps, 0], strict=True):
        begin, end, fade = at / rate, (at + shot.length) / rate, overlap / rate
        parts.append(SoundPart(shot.path, shot.sound, shot.begins, begin, end, fade))
        at += shot.length - overlap
    return parts
