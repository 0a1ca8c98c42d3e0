"""Convert sound to another sample rate with a linear-phase filter: nothing audible is lost, and nothing is added."""

from functools import lru_cache
from math import gcd, pi

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

EDIT_RATE = 48_000
"""Samples per second that film editing works in."""

_PERIODS = 80
"""Length of the filter on either side, in samples of the slower rate: it passes 91 % of the band unchanged."""
_ATTENUATION = 110.0
"""Decibels by which it removes what lies beyond the band."""


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Return samples ([n] or [n, channels]) at ``new_rate`` (Hz). The duration is exact to a sample."""
    from scipy.signal import resample_poly

    if rate == new_rate:
        return samples
    common = gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    return np.asarray(resample_poly(samples, up, down, axis=0, window=_low_pass(max(up, down))), np.float32)


@lru_cache(maxsize=8)
def _low_pass(steps: int) -> Samples:
    """Return the filter for a band of 1/``steps`` of the working rate's; its slope ends at the edge of the band."""
    from scipy.signal import firwin, kaiser_beta

    half = _PERIODS * steps
    slope = (_ATTENUATION - 7.95) / (2.285 * pi * 2 * half)  # Kaiser's formula, as a part of the band
    taps = firwin(2 * half + 1, 1 / steps - slope / 2, window=("kaiser", kaiser_beta(_ATTENUATION)))
    return np.asarray(taps, np.float32)
