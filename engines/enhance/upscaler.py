"""Tiled super-resolution with any network: Real-ESRGAN (Wang et al., ICCV workshops 2021, arXiv:2107.10833) on ncnn,
Swin2SR (Conde et al., ECCV workshops 2022, arXiv:2209.11345) from transformers, and every architecture that spandrel
supports."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.catalog import Catalog, Entry
from engines.enhance.tile_checkpoint import Pixels, Unfinished
from engines.enhance.tiles import Box, Size, count, stages, tiles
from engines.host.context import Context
from engines.memory import Component, NcnnNet

Done = Callable[[Unfinished], None]


class Network(Protocol):
    """An upscaling network: the component to lease, and how to use the leased model."""

    component: Component

    def native(self, model: Any) -> int:
        """Return its scale."""

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        """Return pixels [height, width, 3] upscaled by ``native``."""


class Ncnn:
    """A network on ncnn: the one for a scale, or else the one for 4×."""

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


class Srvgg:
    """The small network of the same files, on torch."""

    def __init__(self, catalog: Catalog, entry: Entry, scale: int) -> None:
        from engines.enhance import srvgg

        self._native, param, bin = _files(catalog, entry, scale)
        self.component: Component = srvgg.component(f"{entry.id}:x{self._native}:torch", param, bin, entry.name)

    def native(self, model: Any) -> int:
        return self._native

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        from engines.enhance import srvgg

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        return _as_pixels(srvgg.run_network(model, planes))


class Torch:
    """A network on torch; ``engines.enhance.torch_upscalers`` loads and runs it."""

    def __init__(self, catalog: Catalog, entry: Entry, context: Context) -> None:
        from engines.enhance import torch_upscalers

        self.component: Component = torch_upscalers.component(catalog.path(entry, "model"), entry, context.device)

    def native(self, model: Any) -> int:
        from engines.enhance import torch_upscalers

        return torch_upscalers.native(model)

    def through(self, model: Any, rgb: Pixels) -> Pixels:
        from engines.enhance import torch_upscalers

        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), np.float32) / np.float32(255)
        return _as_pixels(torch_upscalers.run_network(model, planes))


def network(context: Context, entry: Entry, scale: int) -> Network:
    """Return an entry's best network for a scale."""
    if entry.runtime == "torch":
        return Torch(context.catalog, entry, context)
    if context.entry.lane == "device" and entry.options.get("network") == "compact":
        return Srvgg(context.catalog, entry, scale)  # a failed allocation does not end the studio
    return Ncnn(context.catalog, entry, scale)


def _files(catalog: Catalog, entry: Entry, scale: int) -> tuple[int, Path, Path]:
    """Return the scale of an ncnn entry's best network for ``scale``, and its two files."""
    native = scale if f"x{scale}_param" in entry.parts else 4
    return native, catalog.path(entry, f"x{native}_param"), catalog.path(entry, f"x{native}_bin")


class Upscaler:
    """Upscales pictures with a loaded network, tile by tile, using memory for at most two copies of the result."""

    def __init__(self, network: Network, model: Any, entry: Entry) -> None:
        self._network = network
        self._model = model
        self._native = network.native(model)
        self._tile = int(entry.options["tile"])
        self._overlap = int(entry.options["overlap"])

    def tiles(self, size: Size, target: Size) -> int:
        """Return how many tiles a picture takes."""
        before = [size, *stages(size, target, self._native)][:-1]
        return sum(count(*stage, self._tile) for stage in before)

    def enlarge(self, picture: Pixels, target: Size, done: Done, begun: Unfinished | None = None) -> Pixels:
        """Return the picture [height, width, 3 (RGB) or 4 (RGBA)] at exactly the size ``target``, in as many passes as
        needed. A picture that is already larger is only resized.

        ``done`` is called after each tile with the picture so far; an exception it raises ends the work. With what it
        was called with last as ``begun``, the work continues there.
        """
        before = 0  # tiles of earlier passes
        size = (picture.shape[1], picture.shape[0])
        for stage in stages(size, target, self._native):
            number = count(*size, self._tile)
            if begun is None or begun.tiles <= before + number:
                unfinished = begun or Unfinished(before, picture, _resized(picture, stage))
                picture, begun = self._stage(unfinished, before, stage, done), None
            before, size = before + number, stage
        if (picture.shape[1], picture.shape[0]) != target:
            return np.asarray(Image.fromarray(picture).resize(target, Image.Resampling.LANCZOS))
        return picture

    def _stage(self, unfinished: Unfinished, before: int, target: Size, done: Done) -> Pixels:
        """Return the result of one pass, at most ``native`` times as large, of which some tiles may be finished."""
        _, picture, out = unfinished
        height, width = picture.shape[:2]
        around = self._overlap
        # Each tile includes its surroundings; without padding, the network would see black beyond the border.
        padded = np.pad(picture, ((around, around), (around, around), (0, 0)), mode="edge")
        scale = (target[0] / width, target[1] / height)
        for number, box in enumerate(tiles(width, height, self._tile), start=before + 1):
            if number <= unfinished.tiles:
                continue
            left, top, right, bottom = box
            tile = padded[top : bottom + 2 * around, left : right + 2 * around]
            there = tuple(round(edge * scale[n % 2]) for n, edge in enumerate(box))
            out[there[1] : there[3], there[0] : there[2]] = self._part(tile, box, there, scale)
            done(Unfinished(number, picture, out))
        return out

    def _part(self, padded: Pixels, box: Box, place: tuple[int, ...], scale: tuple[float, float]) -> Pixels:
        """Return the region ``there`` of the upscaled picture, from a tile with its surroundings."""
        large = self._network.through(self._model, np.ascontiguousarray(padded[..., :3]))
        if padded.shape[2] == 4:
            large = np.dstack((large, self._alpha(padded[..., 3])))
        origin = (box[0] - self._overlap, box[1] - self._overlap)
        inside = tuple((edge / scale[n % 2] - origin[n % 2]) * self._native for n, edge in enumerate(place))
        size = (place[2] - place[0], place[3] - place[1])
        if (inside[2] - inside[0], inside[3] - inside[1]) == size:  # exactly the network's output size
            left, top = round(inside[0]), round(inside[1])
            return large[top : top + size[1], left : left + size[0]]
        if not all(size):  # a tile of a pixel or two that falls between two pixels of the result
            return np.empty((size[1], size[0], padded.shape[2]), np.uint8)
        return np.asarray(Image.fromarray(large).resize(size, Image.Resampling.LANCZOS, inside))  # type: ignore[arg-type]

    def _alpha(self, alpha: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Upscale transparency as a gray picture; uniform transparency is only resized."""
        if alpha.min() == alpha.max():
            return np.full((alpha.shape[0] * self._native, alpha.shape[1] * self._native), alpha[0, 0], np.uint8)
        large = self._network.through(self._model, np.repeat(alpha[..., None], 3, axis=2))
        return np.asarray(np.rint(large.mean(axis=2)), np.uint8)


def _resized(picture: Pixels, size: Size) -> Pixels:
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def _as_pixels(planes: npt.NDArray[np.float32]) -> Pixels:
    """Convert planes [3, height, width], 0 to 1, to bytes [height, width, 3]."""
    return np.asarray(np.rint(planes.transpose(1, 2, 0).clip(0, 1) * 255), np.uint8)
