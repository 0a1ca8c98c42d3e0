"""The waveform of a sound as a short list of peaks, of all of it or of a part."""

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.media.sound_frames import MOST_SECONDS, mono_blocks
from engines.media.streams import cut_off, duration, open_soundtrack

_RATE = 8000
A_SECOND = 100


def peaks(path: Path, columns: int) -> list[int]:
    """Return the peak of each of ``columns`` equal parts, from 0 to 100, scaled so that the loudest is 100.

    Raises StudioError bad_media.
    """
    return columns_of(levels(path), columns)


def levels(path: Path) -> npt.NDArray[np.uint8]:
    """Return the peak of each 1/100 s of a sound, from 0 to 100, scaled so that the loudest is 100.

    The sound is streamed: an hour takes no more memory than a minute. Raises StudioError bad_media.
    """
    with open_soundtrack(path) as (media, audio):
        seconds = cut_off(media, audio) or duration(media, audio)
    with open_soundtrack(path) as (media, audio):
        loudest = [_loudest(block) for block in mono_blocks(media, audio, _RATE, _RATE)]
    missing = round(min(float(seconds), MOST_SECONDS) * A_SECOND) - sum(map(len, loudest))
    loudest.append(np.zeros(max(missing, 0 if loudest else 1), np.float32))  # a damaged end counts as silent
    all_levels = np.concatenate(loudest)
    return np.asarray(np.rint(100 * all_levels / max(float(all_levels.max()), 1e-4)), np.uint8)


def columns_of(part: npt.NDArray[np.uint8], columns: int) -> list[int]:
    """Return the peak of each of ``columns`` equal parts of some levels."""
    edges = np.linspace(0, len(part), columns + 1)
    return [int(part[min(int(a), len(part) - 1) : max(int(a) + 1, int(b))].max()) for a, b in itertools.pairwise(edges)]


def _loudest(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the peak of each 1/100 s."""
    step = _RATE // A_SECOND
    whole = np.concatenate([np.abs(samples), np.zeros(-len(samples) % step, np.float32)])
    return np.asarray(whole.reshape(-1, step).max(axis=1), np.float32)
