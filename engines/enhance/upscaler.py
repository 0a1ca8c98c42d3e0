"""Super-resolution with Real-ESRGAN (Wang et al., ICCV workshops 2021, arXiv:2107.10833) on ncnn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.catalog import Catalog, Entry
from engines.enhance.tiles import count, tiles
from engines.swapper import NcnnNet

Pixels = npt.NDArray[np.uint8]


class Upscaler:
    """Enlarges pictures ``scale`` times with a network that enlarges ``native`` times, tile by tile."""

    def __init__(self, net: Any, native: int, scale: int, tile: int, overlap: int) -> None:
        self._net = net
        self._native = native
        self._scale = scale
        self._tile = tile
        self._overlap = overlap

    def tiles(self, width: int, height: int) -> int:
        """How many tiles a picture takes."""
        return count(width, height, self._tile)

    def enlarge(self, picture: Pixels, done: Callable[[int, Pixels], None]) -> Pixels:
        """The picture [height, width, 3 (RGB) or 4 (RGBA)] enlarged.

        ``done`` is told after each tile how many are done, with the picture so far (not yet reached parts are simply
        resized); what it raises ends the work.
        """
        height, width = picture.shape[:2]
        size = (width * self._scale, height * self._scale)
        out = np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
        around, scale = self._overlap, self._scale
        # Each tile is seen with its surroundings; beyond the border the network would otherwise see black.
        padded = np.pad(picture, ((around, around), (around, around), (0, 0)), mode="edge")
        for number, (left, top, right, bottom) in enumerate(tiles(width, height, self._tile), 1):
            seen = padded[top : bottom + 2 * around, left : right + 2 * around]
            large = self._through(seen[..., :3])
            if seen.shape[2] == 4:
                large = np.dstack((large, self._alpha(seen[..., 3])))
            edge = scale * around
            out[scale * top : scale * bottom, scale * left : scale * right] = large[edge:-edge, edge:-edge]
            done(number, out)
        return out

    def _alpha(self, alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Transparency goes through the network as a grey picture; where it is even there is nothing to find."""
        if alpha.min() == alpha.max():
            return np.full((alpha.shape[0] * self._scale, alpha.shape[1] * self._scale), alpha[0, 0], np.uint8)
        large = self._through(np.repeat(alpha[..., None], 3, axis=2))
        return np.asarray(np.rint(large.mean(axis=2)), np.uint8)

    def _through(self, rgb: Pixels) -> Pixels:
        import ncnn

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        with self._net.create_extractor() as extractor:
            extractor.input("data", ncnn.Mat(planes))
            _, result = extractor.extract("output")
            large = np.array(result).transpose(1, 2, 0)
        pixels = np.asarray(np.rint(large.clip(0, 1) * 255), np.uint8)
        if self._native == self._scale:
            return pixels
        size = (rgb.shape[1] * self._scale, rgb.shape[0] * self._scale)
        return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def network(catalog: Catalog, entry: Entry, scale: int) -> tuple[NcnnNet, int]:
    """An entry's network for ``scale``, and how many times it enlarges: its own for the scale, else 4x."""
    native = scale if f"x{scale}_param" in entry.parts else 4
    param, bin = (catalog.path(entry, f"x{native}_{part}") for part in ("param", "bin"))
    return NcnnNet(f"{entry.id}:x{native}", param, bin, note=entry.name), native


def upscaler(entry: Entry, net: Any, native: int, scale: int) -> Upscaler:
    """An upscaler with the tile size the model's entry asks for."""
    options = entry.options
    return Upscaler(net, native, scale, tile=int(options["tile"]), overlap=int(options["overlap"]))
