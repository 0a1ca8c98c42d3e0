"""Super-resolution tile by tile, whatever network does it: Real-ESRGAN (Wang et al., ICCV workshops 2021,
arXiv:2107.10833) on ncnn, Swin2SR (Conde et al., ECCV workshops 2022, arXiv:2209.11345) by transformers, and every
architecture that spandrel reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.catalog import Catalog, Entry
from engines.context import Context
from engines.enhance.tiles import Box, Size, count, stages, tiles
from engines.swapper import Component, NcnnNet

Pixels = npt.NDArray[np.uint8]
Done = Callable[[int, Pixels], None]


class Network(Protocol):
    """A network that enlarges: the component to lease, and how what was leased is used."""

    component: Component

    def native(self, model: Any) -> int:
        """How many times it enlarges."""

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        """[height, width, 3] enlarged ``native`` times."""


class Ncnn:
    """A network on ncnn, of its own for a scale, or else that for 4x."""

    def __init__(self, catalog: Catalog, entry: Entry, scale: int) -> None:
        self._native, param, bin = _files(catalog, entry, scale)
        self.component: Component = NcnnNet(f"{entry.id}:x{self._native}", param, bin, note=entry.name)

    def native(self, model: Any) -> int:
        return self._native

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        import ncnn

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        with model.create_extractor() as extractor:
            extractor.input("data", ncnn.Mat(planes))
            _, result = extractor.extract("output")
            return _as_pixels(np.array(result))


class Compact:
    """The small network of the same files, on torch."""

    def __init__(self, catalog: Catalog, entry: Entry, scale: int) -> None:
        from engines.enhance import compact

        self._native, param, bin = _files(catalog, entry, scale)
        self.component: Component = compact.component(f"{entry.id}:x{self._native}:torch", param, bin, entry.name)

    def native(self, model: Any) -> int:
        return self._native

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        from engines.enhance import compact

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        return _as_pixels(compact.through(model, planes))


class Torch:
    """A network on torch: ``engines.enhance.torch_upscalers`` says how it is loaded and what it enlarges by."""

    def __init__(self, catalog: Catalog, entry: Entry, context: Context) -> None:
        from engines.enhance import torch_upscalers

        self.component: Component = torch_upscalers.component(catalog.path(entry, "model"), entry, context.device)

    def native(self, model: Any) -> int:
        from engines.enhance import torch_upscalers

        return torch_upscalers.native(model)

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        from engines.enhance import torch_upscalers

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        return _as_pixels(torch_upscalers.through(model, planes))


def network(context: Context, entry: Entry, scale: int) -> Network:
    """An entry's network that is best for enlarging ``scale`` times."""
    if entry.runtime == "torch":
        return Torch(context.catalog, entry, context)
    if context.entry.lane == "device" and entry.options.get("network") == "compact":
        return Compact(context.catalog, entry, scale)  # no allocation that fails ends the studio
    return Ncnn(context.catalog, entry, scale)


def _files(catalog: Catalog, entry: Entry, scale: int) -> tuple[int, Path, Path]:
    """How many times the network of an ncnn entry enlarges that is best for a scale, and its two files."""
    native = scale if f"x{scale}_param" in entry.parts else 4
    return native, catalog.path(entry, f"x{native}_param"), catalog.path(entry, f"x{native}_bin")


class Upscaler:
    """Enlarges pictures with a loaded network, tile by tile, in memory for two copies of the result at the most."""

    def __init__(self, network: Network, model: Any, entry: Entry) -> None:
        self._network = network
        self._model = model
        self._native = network.native(model)
        self._tile = int(entry.options["tile"])
        self._overlap = int(entry.options["overlap"])

    def tiles(self, size: Size, target: Size) -> int:
        """How many tiles a picture takes."""
        before = [size, *stages(size, target, self._native)][:-1]
        return sum(count(*stage, self._tile) for stage in before)

    def enlarge(self, picture: Pixels, target: Size, done: Done) -> Pixels:
        """The picture [height, width, 3 (RGB) or 4 (RGBA)] at exactly the size ``target``, as often through the network
        as that takes. One that is larger already is merely brought to the size.

        ``done`` is told after each tile how many are done, with the picture so far (not yet reached parts are simply
        resized); what it raises ends the work.
        """
        number = 0

        def one_more(so_far: Pixels) -> None:
            nonlocal number
            number += 1
            done(number, so_far)

        for stage in stages((picture.shape[1], picture.shape[0]), target, self._native):
            picture = self._stage(picture, stage, one_more)
        if (picture.shape[1], picture.shape[0]) != target:
            return np.asarray(Image.fromarray(picture).resize(target, Image.Resampling.LANCZOS))
        return picture

    def _stage(self, picture: Pixels, target: Size, done: Callable[[Pixels], None]) -> Pixels:
        """Once through the network, to a size of at most ``native`` times."""
        height, width = picture.shape[:2]
        out = np.array(Image.fromarray(picture).resize(target, Image.Resampling.BICUBIC))
        around = self._overlap
        # Each tile is seen with its surroundings; beyond the border the network would otherwise see black.
        padded = np.pad(picture, ((around, around), (around, around), (0, 0)), mode="edge")
        scale = (target[0] / width, target[1] / height)
        for box in tiles(width, height, self._tile):
            left, top, right, bottom = box
            seen = padded[top : bottom + 2 * around, left : right + 2 * around]
            there = tuple(round(edge * scale[n % 2]) for n, edge in enumerate(box))
            out[there[1] : there[3], there[0] : there[2]] = self._part(seen, box, there, scale)
            done(out)
        return out

    def _part(self, seen: Pixels, box: Box, there: tuple[int, ...], scale: tuple[float, float]) -> Pixels:
        """What a tile with its surroundings becomes: the place ``there`` of the enlarged picture."""
        large = self._network.through(self._model, np.ascontiguousarray(seen[..., :3]))
        if seen.shape[2] == 4:
            large = np.dstack((large, self._alpha(seen[..., 3])))
        origin = (box[0] - self._overlap, box[1] - self._overlap)
        inside = tuple((edge / scale[n % 2] - origin[n % 2]) * self._native for n, edge in enumerate(there))
        size = (there[2] - there[0], there[3] - there[1])
        if (inside[2] - inside[0], inside[3] - inside[1]) == size:  # as large as the network makes it
            left, top = round(inside[0]), round(inside[1])
            return large[top : top + size[1], left : left + size[0]]
        if not all(size):  # a tile of a pixel or two that falls between the result's
            return np.empty((size[1], size[0], seen.shape[2]), np.uint8)
        return np.asarray(Image.fromarray(large).resize(size, Image.Resampling.LANCZOS, inside))  # type: ignore[arg-type]

    def _alpha(self, alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Transparency goes through the network as a grey picture; where it is even there is nothing to find."""
        if alpha.min() == alpha.max():
            return np.full((alpha.shape[0] * self._native, alpha.shape[1] * self._native), alpha[0, 0], np.uint8)
        large = self._network.through(self._model, np.repeat(alpha[..., None], 3, axis=2))
        return np.asarray(np.rint(large.mean(axis=2)), np.uint8)


def _as_pixels(planes: npt.NDArray[np.float32]) -> Pixels:
    """[3, height, width], 0 to 1, as [height, width, 3] bytes."""
    return np.asarray(np.rint(planes.transpose(1, 2, 0).clip(0, 1) * 255), np.uint8)
