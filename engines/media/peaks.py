"""The shape of a sound: how loud it is over its time, small enough to draw."""

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.media.sound_frames import LONGEST, mono_blocks
from engines.media.streams import cut_off, duration, open_soundtrack

_RATE, _A_SECOND = 8000, 100


def peaks(path: Path, columns: int) -> list[int]:
    """The loudest sample of each of so many equal parts, from 0 to 100, the loudest of all at 100.

    Read in a stream: an hour takes no more memory than a minute. Raises StudioError bad_media.
    """
    with open_soundtrack(path) as (media, audio):
        seconds = cut_off(media, audio) or duration(media, audio)
    with open_soundtrack(path) as (media, audio):
        found = [_loudest(block) for block in mono_blocks(media, audio, _RATE, _RATE)]
    missing = round(min(float(seconds), LONGEST) * _A_SECOND) - sum(map(len, found))
    found.append(np.zeros(max(missing, 0 if found else 1), np.float32))  # a damaged end is drawn silent
    levels = np.concatenate(found)
    edges = np.linspace(0, len(levels), columns + 1)
    shape = [levels[int(a) : max(int(a) + 1, int(b))].max() for a, b in itertools.pairwise(edges)]
    return [round(100 * float(level) / max(float(levels.max()), 1e-4)) for level in shape]


def _loudest(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of each hundredth of a second."""
    step = _RATE // _A_SECOND
    whole = np.concatenate([np.abs(samples), np.zeros(-len(samples) % step, np.float32)])
    return np.asarray(whole.reshape(-1, step).max(axis=1), np.float32)
