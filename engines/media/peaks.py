"""The shape of a sound: how loud it is over its time, small enough to draw."""

import itertools
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from engines.media.streams import bad_media, open_media, soundtrack

_RATE, _A_SECOND = 8000, 100


def peaks(path: Path, columns: int) -> list[int]:
    """The loudest sample of each of so many equal parts, from 0 to 100, the loudest of all at 100.

    Read in a stream: an hour takes no more memory than a minute. Raises StudioError bad_media.
    """
    found: list[npt.NDArray[np.float32]] = []
    with open_media(path) as media:
        audio = soundtrack(media)
        if audio is None:
            raise bad_media("It holds no sound.")
        resampler = av.AudioResampler("flt", "mono", _RATE, frame_size=_RATE)
        try:
            for frame in media.decode(audio):
                found += [_loudest(piece) for piece in resampler.resample(frame)]
            found += [_loudest(piece) for piece in resampler.resample(None)]
        except FFmpegError:
            pass  # a damaged sound: what decoded before is good enough
    levels = np.concatenate(found) if found else np.zeros(1, np.float32)
    edges = np.linspace(0, len(levels), columns + 1)
    shape = [levels[int(a) : max(int(a) + 1, int(b))].max() for a, b in itertools.pairwise(edges)]
    return [round(100 * float(level) / max(float(levels.max()), 1e-4)) for level in shape]


def _loudest(piece: av.AudioFrame) -> npt.NDArray[np.float32]:
    """Of each hundredth of a second."""
    samples = np.abs(piece.to_ndarray()[0])
    step = _RATE // _A_SECOND
    whole = np.concatenate([samples, np.zeros(-len(samples) % step, np.float32)])
    return np.asarray(whole.reshape(-1, step).max(axis=1), np.float32)
