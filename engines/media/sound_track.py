"""Generated sound in memory, to be added to a clip."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np
from av.container import OutputContainer

from engines.media.clip_sound import AAC_BITRATE, Packet, aac_rate
from engines.media.sound import Samples, samples_sha256

if TYPE_CHECKING:
    import hashlib

_LAYOUTS = {1: "mono", 2: "stereo"}


class SoundTrack(NamedTuple):
    """Samples (length, channels) or (length,), -1 to 1, with one or two channels, and their rate in Hz."""

    samples: Samples
    rate: int


def add_sound(sound: SoundTrack, out: OutputContainer, digest: "hashlib._Hash") -> Iterator[Packet]:
    """Add an AAC track to ``out`` and return its packets. NaN values become silence; samples beyond ±1 are clipped.

    ``digest`` is updated with the samples.
    """
    samples = np.nan_to_num(sound.samples).clip(-1, 1).astype(np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    stream = out.add_stream("aac", rate=aac_rate(sound.rate), layout=_LAYOUTS[samples.shape[1]])
    stream.bit_rate = 2 * AAC_BITRATE
    digest.update(samples_sha256(samples, sound.rate).encode())
    return _packets(samples, sound.rate, stream)


def _packets(samples: Samples, rate: int, stream: av.AudioStream) -> Iterator[Packet]:
    for start in range(0, len(samples), rate):
        block = np.ascontiguousarray(samples[start : start + rate].T)
        frame = av.AudioFrame.from_ndarray(block, "fltp", stream.layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield from stream.encode(frame)
    yield from stream.encode(None)
