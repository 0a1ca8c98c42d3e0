"""The sound of joined clips: one after the other, cross-faded where they overlap."""

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from av.container import OutputContainer

from engines.media import sound_stream
from engines.media.clip_sound import Sound
from engines.media.resample import EDIT_RATE
from engines.media.sound_stream import Blocks, Samples, SoundForm
from engines.video.finish.writer import AddSound

if TYPE_CHECKING:
    import hashlib


class SoundPart(NamedTuple):
    """The sound of one clip: its track's number and layout (None: silence) and where it starts in its file; and where
    it begins and ends in the result, and how long the next one overlaps it, all in seconds."""

    path: Path
    track: tuple[int, str] | None
    starts: Fraction
    begin: Fraction
    end: Fraction
    overlap: Fraction


def crossfaded(parts: Sequence[SoundPart], codec: Literal["aac", "pcm_s24le"]) -> AddSound:
    """Return what adds the sound of all parts as one track, unless none has sound."""

    def add(out: OutputContainer, files: ExitStack, digest: "hashlib._Hash") -> Sound:
        forms = [SoundForm(EDIT_RATE, part.track[1]) for part in parts if part.track]
        if not forms:
            return Sound([], [])
        form = max(forms, key=lambda form: form.channels)
        return Sound([sound_stream.encode(_blocks(parts, form), form, codec, out, digest)[1]], [])

    return add


def _blocks(parts: Sequence[SoundPart], form: SoundForm) -> Blocks:
    """Yield the sound of all parts; where two overlap, one sinks and the other rises at equal power."""
    tail: Samples = np.zeros((form.channels, 0), np.float32)
    for part in parts:
        begin, leave, end = map(form.samples, (part.begin, part.end - part.overlap, part.end))
        cutter = _Cutter(_sound_of(part, form, end - begin), form)
        if tail.shape[1]:
            yield tail + cutter.take(tail.shape[1]) * np.sin(_quarter(tail.shape[1]))
        yield from cutter.until(leave - begin)
        tail = cutter.take(end - leave)
        tail = tail * np.cos(_quarter(tail.shape[1]))


def _quarter(count: int) -> Samples:
    """Return the angles of a quarter of a circle."""
    return ((np.arange(count) + 0.5) / max(1, count) * (np.pi / 2)).astype(np.float32)


def _sound_of(part: SoundPart, form: SoundForm, count: int) -> Blocks:
    if part.track is None:
        return sound_stream.exactly((), form, count)
    end = part.starts + part.end - part.begin
    return sound_stream.exactly(sound_stream.decoded(part.path, part.track[0], form, part.starts, end), form, count)


class _Cutter:
    """Takes samples off a sound from its beginning."""

    def __init__(self, blocks: Blocks, form: SoundForm) -> None:
        self._blocks = blocks
        self._rest: Samples = np.zeros((form.channels, 0), np.float32)
        self._taken = 0

    def until(self, position: int) -> Blocks:
        """Yield the samples up to a position."""
        while self._taken < position:
            block = self._rest if self._rest.shape[1] else next(self._blocks)
            step = min(block.shape[1], position - self._taken)
            self._taken, self._rest = self._taken + step, block[:, step:]
            yield block[:, :step]

    def take(self, count: int) -> Samples:
        """Return the next samples in one piece."""
        return np.concatenate([self._rest[:, :0], *self.until(self._taken + count)], axis=1)
