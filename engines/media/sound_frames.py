"""Decode the sound of a file: damaged parts become silence, and everything else keeps its time."""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.error import FFmpegError

from engines.media.streams import bad_media

_GAP_SECONDS = 0.1
"""A shorter gap in seconds between two frames is clock jitter, not a pause."""
MOST_SECONDS = 12 * 3600 + 60.0
"""The most seconds of sound to read; a damaged clock may run for years."""
Packets: TypeAlias = "Iterable[av.Packet[Any]]"
Samples = npt.NDArray[np.float32]


def timed_frames(packets: Packets, track: av.AudioStream) -> Iterator[tuple[Fraction, av.AudioFrame]]:
    """Yield each decodable frame with its start in seconds: the end of the frame before, unless there is a pause."""
    clock: Fraction | None = None
    for packet in packets:
        try:
            frames = track.codec_context.decode(packet)
        except FFmpegError:  # a damaged packet becomes silence
            continue
        for frame in frames:
            start = frame.pts * frame.time_base if frame.pts is not None and frame.time_base else clock or Fraction(0)
            if clock is None or start - clock > _GAP_SECONDS:
                clock = start
            yield clock, frame
            clock += Fraction(frame.samples, frame.sample_rate)


def cut_frames(
    frames: Iterable[tuple[Fraction, av.AudioFrame]], begin: Fraction, end: Fraction | None
) -> Iterator[tuple[Fraction, av.AudioFrame]]:
    """Yield the sound from ``begin`` to ``end``, cut to the sample, with ``begin`` as 0 and silence in its gaps."""
    clock = begin
    for start, frame in frames:
        rate = frame.sample_rate
        if end is not None and start >= end:
            break
        first = max(0, round((begin - start) * rate))
        last = frame.samples if end is None else min(frame.samples, round((end - start) * rate))
        if first >= last:
            continue
        for quiet in _silence(frame, start - clock) if start > clock else ():
            yield clock - begin, quiet
            clock += Fraction(quiet.samples, rate)
        yield clock - begin, _slice(frame, first, last)
        clock += Fraction(last - first, rate)


def _slice(frame: av.AudioFrame, first: int, last: int) -> av.AudioFrame:
    """Return some samples of a frame; the frame itself if it is all of them."""
    if (first, last) == (0, frame.samples):
        return frame
    samples = frame.to_ndarray()
    width = 1 if frame.format.is_planar else frame.layout.nb_channels
    part: npt.NDArray[Any] = np.ascontiguousarray(samples[:, first * width : last * width])
    piece = av.AudioFrame.from_ndarray(part, frame.format.name, frame.layout.name)
    piece.sample_rate = frame.sample_rate
    return piece


def mono_blocks(media: InputContainer, track: av.AudioStream, rate: int, size: int) -> Iterator[Samples]:
    """Yield the sound as mono at ``rate``, in blocks of ``size`` samples; the last may be shorter.

    Raises StudioError bad_media if its channels cannot be mixed.
    """
    return interleaved_blocks(media, track, rate, size, "mono")


def interleaved_blocks(
    media: InputContainer, track: av.AudioStream, rate: int, size: int, layout: str
) -> Iterator[Samples]:
    """Yield the sound in ``layout`` at ``rate``, in blocks of ``size`` samples per channel; the last may be shorter.

    Raises StudioError bad_media if its channels cannot be mixed.
    """
    resampler: av.AudioResampler | None = None
    kind: tuple[str, str, int] | None = None
    first = clock = None
    for start, frame in timed_frames(_packets(media, track), track):
        first = start if first is None else first
        if start - first > MOST_SECONDS:
            break
        before, kind = kind, (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or kind != before:
            if resampler is not None:
                yield from _samples(resampler, None)
            resampler = av.AudioResampler("flt", layout, rate, frame_size=size)
        silence = () if clock is None else _silence(frame, start - clock)
        clock = start + Fraction(frame.samples, frame.sample_rate)
        frame.pts = None  # the inserted silence has no times either
        for one in itertools.chain(silence, (frame,)):
            yield from _samples(resampler, one)
    if resampler is not None:
        yield from _samples(resampler, None)


def _packets(media: InputContainer, track: av.AudioStream) -> Packets:
    with suppress(FFmpegError):  # a truncated file: keep what came before
        yield from media.demux(track)


def _samples(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Samples]:
    try:
        pieces = resampler.resample(frame)
    except FFmpegError as error:  # for example 64 channels
        raise bad_media("Its channels cannot be mixed to mono.") from error
    yield from (piece.to_ndarray()[0] for piece in pieces)


def _silence(like: av.AudioFrame, seconds: Fraction) -> Iterator[av.AudioFrame]:
    """Yield silent frames in the format of another frame, each of at most one second."""
    left = round(seconds * like.sample_rate)
    quiet = b"\x80" if like.format.name.startswith("u8") else b"\0"
    while left > 0:
        frame = av.AudioFrame(like.format.name, like.layout.name, min(left, like.sample_rate))
        frame.sample_rate = like.sample_rate
        for plane in frame.planes:
            plane.update(quiet * plane.buffer_size)
        left -= frame.samples
        yield frame
