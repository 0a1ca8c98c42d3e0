"""Film grain: noise of a size, strongest in shadows and mid-tones, the same for the same seed."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.float32]

_FULL = 0.16
"""The standard deviation of the strongest grain, where it is strongest."""
_MOST = (1 / 3) ** 0.75 * (2 / 3) ** 1.5
"""The largest value of the curve below, at a third of white."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


class Grain:
    """Grain of an ``amount`` (0 to 100) and a ``size`` in px."""

    def __init__(self, amount: float, size: float, seed: int) -> None:
        self._amount = np.float32(_FULL * amount / 100)
        self._size = size
        self._seed = seed

    def apply(self, pixels: Pixels, number: int) -> Pixels:
        """Return pixels [height, width, 3], 0 to 1, of frame ``number`` with grain."""
        if not self._amount:
            return pixels
        luma = (pixels @ _LUMA).clip(0, 1)
        grain = self._noise(luma.shape[0], luma.shape[1], number) * (self._amount * response(luma))
        return pixels + grain[..., None]

    def _noise(self, height: int, width: int, number: int) -> Pixels:
        """Return noise with a standard deviation of 1, as coarse as the grain."""
        from scipy.ndimage import gaussian_filter

        generator = np.random.Generator(np.random.Philox(key=[self._seed, number]))
        noise = generator.standard_normal((height, width), np.float32)
        if self._size <= 1:
            return noise
        sigma = (self._size - 1) / 2
        soft: Pixels = gaussian_filter(noise, sigma, mode="wrap", truncate=3)
        return soft / np.float32(soft.std())


def response(luma: Pixels) -> Pixels:
    """Return how strong grain is at a luma from 0 to 1: none in black and white, most in the lower mid-tones."""
    return np.asarray(luma**0.75 * (1 - luma) ** 1.5 / _MOST, np.float32)
