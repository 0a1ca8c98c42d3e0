"""Sound as a stream of blocks of samples, to be cut, stretched, faded and mixed: never completely in memory."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer
from av.error import FFmpegError
from av.filter import Graph

from engines.media.clip_sound import AAC_BITRATE, Packet, aac_rate, relabeled
from engines.media.sound import limit_peaks
from engines.media.sound_frames import cut_frames, timed_frames
from engines.media.streams import open_media

if TYPE_CHECKING:
    import hashlib

Samples = npt.NDArray[np.float32]
Blocks = Iterator[Samples]
"""Samples [channels, n], -1 to 1."""

_SEEK_SECONDS = 5
"""Sound this close to the beginning is decoded from there; later sound from a second before."""
_SLOWEST_STEP = 0.5
"""atempo's slowest speed; slower sound passes it several times."""
_EARLY_SECONDS = 0.0105
"""How early atempo's output is, at any speed, in seconds of its input (measured)."""
_MARGIN_SECONDS = 0.1
"""How far the limiter looks to both sides."""


class SoundForm(NamedTuple):
    """Samples per second, and FFmpeg's name of the channel layout."""

    rate: int
    layout: str

    @property
    def channels(self) -> int:
        return int(av.AudioLayout(self.layout).nb_channels)

    def samples(self, seconds: Fraction) -> int:
        """Return how many samples last so long."""
        return round(seconds * self.rate)


def decoded(path: Path, number: int, form: SoundForm, begin: Fraction, end: Fraction | None) -> Blocks:
    """Yield a sound track of a file from ``begin`` to ``end`` in seconds, in a form; its gaps are silent."""
    with open_media(path) as media:
        track = media.streams.audio[number]
        if begin > _SEEK_SECONDS and track.time_base:
            media.seek(int((begin - 1) / track.time_base), stream=track)
        resampler: av.AudioResampler | None = None
        before: tuple[str, str, int] | None = None
        for _, frame in cut_frames(timed_frames(_packets(media, track), track), begin, end):
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if kind != before:
                yield from _resampled(resampler, None)
                resampler, before = av.AudioResampler("fltp", form.layout, form.rate), kind
            yield from _resampled(resampler, _without_time(frame, form))
        yield from _resampled(resampler, None)


def _packets(media: av.container.InputContainer, track: av.AudioStream) -> Iterator[Packet]:
    with suppress(FFmpegError):  # a damaged or truncated source: keep what came before
        yield from media.demux(track)


def _without_time(frame: av.AudioFrame, form: SoundForm) -> av.AudioFrame:
    frame = relabeled(frame, form.layout) if frame.layout.nb_channels == form.channels else frame
    frame.pts = None  # silence between frames has no times either
    return frame


def _resampled(resampler: av.AudioResampler | None, frame: av.AudioFrame | None) -> Blocks:
    for piece in resampler.resample(frame) if resampler else ():
        yield np.asarray(piece.to_ndarray(), np.float32)


def exactly(blocks: Iterable[Samples], form: SoundForm, count: int) -> Blocks:
    """Yield ``count`` samples: what is beyond them is left out, what is missing is silent."""
    left = count
    for block in blocks:
        if left <= 0:
            return
        yield block[:, :left]
        left -= min(left, block.shape[1])
    while left > 0:
        step = min(left, form.rate)
        yield np.zeros((form.channels, step), np.float32)
        left -= step


def at_speed(blocks: Iterable[Samples], form: SoundForm, speed: float) -> Blocks:
    """Yield the sound faster or slower, with its pitch kept and in sync to a few hundredths of a second."""
    while speed < _SLOWEST_STEP:
        blocks, speed = _stretched(blocks, form, _SLOWEST_STEP), speed / _SLOWEST_STEP
    return iter(blocks) if speed == 1 else _stretched(blocks, form, speed)


def _stretched(blocks: Iterable[Samples], form: SoundForm, speed: float) -> Blocks:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=form.rate, format="fltp", layout=form.layout, time_base=Fraction(1, form.rate)
    )
    tempo, sink = graph.add("atempo", f"{speed:.9f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    position = 0
    for block in chain([np.zeros((form.channels, round(_EARLY_SECONDS * form.rate)), np.float32)], blocks):
        graph.push(_frame(block, form, position))
        position += block.shape[1]
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Blocks:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield np.asarray(frame.to_ndarray(), np.float32)


def reverse(blocks: Iterable[Samples], form: SoundForm, folder: Path) -> Blocks:
    """Yield the sound backward. It waits in a temporary file in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        for block in blocks:
            file.write(block.T.tobytes())
        size = 4 * form.channels
        left = file.tell() // size
        while left > 0:
            step = min(left, form.rate)
            left -= step
            file.seek(left * size)
            samples = np.frombuffer(file.read(step * size), np.float32).reshape(step, form.channels)
            yield np.ascontiguousarray(samples[::-1].T)


def faded(blocks: Iterable[Samples], count: int, fade_in: int, fade_out: int) -> Blocks:
    """Yield ``count`` samples with an even rise over the first ``fade_in`` and an even fall over the last ones."""
    position = 0
    for block in blocks:
        at = np.arange(position, position + block.shape[1])
        gain = np.minimum(at / max(1, fade_in) if fade_in else 1, (count - at) / fade_out if fade_out else 1)
        yield block * np.asarray(gain, np.float32).clip(0, 1)
        position += block.shape[1]


def louder(blocks: Iterable[Samples], decibels: float) -> Blocks:
    """Yield the sound ``decibels`` louder, or quieter."""
    factor = np.float32(10 ** (decibels / 20))
    return (block * factor for block in blocks)


def summed(first: Iterable[Samples], second: Iterable[Samples]) -> Blocks:
    """Yield the sum of two sounds of the same length and number of channels, whatever the sizes of their blocks."""
    blocks = iter(second)
    other: Samples = np.zeros((1, 0), np.float32)
    for block in first:
        at = 0
        while at < block.shape[1]:
            other = other if other.shape[1] else next(blocks)
            step = min(block.shape[1] - at, other.shape[1])
            yield block[:, at : at + step] + other[:, :step]
            at, other = at + step, other[:, step:]


class Limiter:
    """Keeps true peaks below -1 dBFS; ``limited`` says afterwards whether there were any above."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.limited = False

    def apply(self, blocks: Iterable[Samples]) -> Blocks:
        """Yield the sound limited, in pieces that overlap by the limiter's look-ahead."""
        margin = round(_MARGIN_SECONDS * self._rate)
        held: Samples | None = None
        begun = 0  # samples of ``held`` that were already yielded
        for block in blocks:
            held = block if held is None else np.concatenate([held, block], axis=1)
            ready = held.shape[1] - margin
            if ready - begun >= self._rate:
                yield self._limit(held)[:, begun:ready]
                cut = max(0, ready - margin)
                held, begun = held[:, cut:], ready - cut
        if held is not None:
            yield self._limit(held)[:, begun:]

    def _limit(self, block: Samples) -> Samples:
        samples = block.T
        result = limit_peaks(samples, self._rate)
        self.limited = self.limited or result is not samples
        return result.T


def encode(
    blocks: Iterable[Samples],
    form: SoundForm,
    codec: Literal["aac", "pcm_s24le"],
    out: OutputContainer,
    digest: "hashlib._Hash",
) -> tuple[av.AudioStream, Iterator[Packet]]:
    """Add a sound track to ``out``; return it and its packets. ``digest`` is updated with the samples."""
    rate = aac_rate(form.rate) if codec == "aac" else form.rate
    stream = out.add_stream(codec, rate=rate, layout=form.layout)
    if codec == "aac":
        stream.bit_rate = AAC_BITRATE * max(2, form.channels)

    def packets() -> Iterator[Packet]:
        position = 0
        for block in blocks:
            samples = np.ascontiguousarray(np.nan_to_num(block).clip(-1, 1))
            digest.update(samples.astype("<f4").tobytes())
            yield from stream.encode(_frame(samples, form, position))
            position += samples.shape[1]
        yield from stream.encode(None)

    return stream, packets()


def _frame(block: Samples, form: SoundForm, position: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", form.layout)
    frame.sample_rate, frame.pts, frame.time_base = form.rate, position, Fraction(1, form.rate)
    return frame
