"""Decode with Wan's autoencoder in little memory: one latent frame at a time, and large frames in tiles.

Its own ``decode`` keeps several copies of the whole clip in memory, which takes 20 GB at 720p.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch

_TILE, _OVERLAP = 512, 64
"""The longest side of a tile and the least overlap of two tiles, in px."""
LARGEST_TILE = _TILE**2
"""Its area, in px."""
BYTES_PER_PIXEL = 21_600
"""The memory of decoding per pixel of a tile, in float32, whatever the length of the clip."""


_WHITE = 65_535


class _Span(NamedTuple):
    """The start and end of a tile along one side, in latents."""

    start: int
    end: int


def decode_frames(vae: Any, latents: "torch.Tensor", scratch: Path) -> "Iterator[np.ndarray]":
    """Decode latents (1, channels, frames, height, width) and yield frames (height, width, 3), 0 to 1. Tiles of large
    frames are stored in temporary files in the folder ``scratch``, at most 16 bytes per pixel of each frame."""
    import torch

    scale = vae.config.scale_factor_spatial
    rows, columns = (_spans(side, scale) for side in latents.shape[-2:])
    config, latents = vae.config, latents.to(vae.device, vae.dtype)
    mean, spread = (
        torch.tensor(values).view(1, -1, 1, 1, 1).to(latents) for values in (config.latents_mean, config.latents_std)
    )
    latents = latents / (1.0 / spread) + mean
    if len(rows) == len(columns) == 1:
        return _one_by_one(vae, latents)
    return _by_tiles(vae, latents, rows, columns, scratch)


@contextmanager
def tiled_encoding(vae: Any) -> Iterator[None]:
    """Make ``encode`` tile large frames too, for the duration of the block; it needs a third of decoding's memory."""
    stride = _TILE - _OVERLAP
    vae.enable_tiling(_TILE, _TILE, stride, stride)
    try:
        yield
    finally:
        vae.disable_tiling()


def tile_pixels(width: int, height: int, scale: int) -> int:
    """Return the area of the largest tile of a frame, in px; ``scale`` is the side of a latent in px."""
    wide, high = (max(end - start for start, end in _spans(side // scale, scale)) for side in (width, height))
    return wide * high * scale**2


def _spans(side: int, scale: int) -> list[_Span]:
    """Return the tiles along a side, in latents: as few as possible, of equal length."""
    tile, overlap = _TILE // scale, _OVERLAP // scale
    count = max(1, -(-(side - overlap) // (tile - overlap)))
    length = -(-(side + (count - 1) * overlap) // count)
    starts = [number * (side - length) // max(1, count - 1) for number in range(count)]
    return [_Span(start, start + length) for start in starts]


def _one_by_one(vae: Any, latents: "torch.Tensor") -> "Iterator[np.ndarray]":
    """Yield the frames in order. The decoder caches what it needs of previous frames."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

    vae.clear_cache()
    try:
        with torch.no_grad():
            every = vae.post_quant_conv(latents)
            for number in range(every.shape[2]):
                vae._conv_idx = [0]
                made = vae.decoder(
                    every[:, :, number : number + 1],
                    feat_cache=vae._feat_map,
                    feat_idx=vae._conv_idx,
                    first_chunk=number == 0,
                )
                if vae.config.patch_size is not None:
                    made = unpatchify(made, patch_size=vae.config.patch_size)
                frames = (made[0].clamp(-1, 1) / 2 + 0.5).permute(1, 2, 3, 0).float().cpu().numpy()
                del made
                yield from frames
    finally:
        vae.clear_cache()


def _by_tiles(
    vae: Any, latents: "torch.Tensor", rows: list[_Span], columns: list[_Span], scratch: Path
) -> "Iterator[np.ndarray]":
    """Decode one tile after the other, each over the whole duration, and blend them where they overlap.

    Decoded tiles are stored in files until all are done, so the whole clip is never in memory.
    """
    import numpy as np

    scale = vae.config.scale_factor_spatial
    height, width = (side * scale for side in latents.shape[-2:])
    with ExitStack() as files:
        tiles = []
        for (top, bottom), (left, right) in product(rows, columns):
            file = files.enter_context(TemporaryFile(dir=scratch))
            count = _write(file, _one_by_one(vae, latents[..., top:bottom, left:right]))
            file.seek(0)
            tiles.append(file)
        for _ in range(count):
            frame = np.zeros((height, width, 3), np.float32)
            for file, (row, column) in zip(tiles, product(range(len(rows)), range(len(columns))), strict=True):
                (top, bottom), (left, right) = rows[row], columns[column]
                share = _share(rows, row, scale)[:, None, None] * _share(columns, column, scale)[None, :, None]
                part = frame[top * scale : bottom * scale, left * scale : right * scale]
                part += _read(file, part.shape) * share
            yield frame


def _write(file: "IO[bytes]", frames: "Iterator[np.ndarray]") -> int:
    """Write frames with 16 bits per channel; return their number."""
    import numpy as np

    count = 0
    for count, frame in enumerate(frames, 1):  # noqa: B007
        file.write((frame * _WHITE).round().astype(np.uint16).tobytes())
    return count


def _read(file: "IO[bytes]", shape: tuple[int, ...]) -> "np.ndarray":
    """Read the next frame."""
    import numpy as np

    written = file.read(math.prod(shape) * np.dtype(np.uint16).itemsize)
    return np.frombuffer(written, np.uint16).reshape(shape).astype(np.float32) / _WHITE


def _share(spans: list[_Span], number: int, scale: int) -> "np.ndarray":
    """Return a tile's share of each pixel along a side; it falls to 0 across the overlap with a neighbor."""
    import numpy as np

    start, end = spans[number]
    share = np.ones((end - start) * scale, np.float32)
    if number > 0 and (both := (spans[number - 1].end - start) * scale) > 0:
        share[:both] = (np.arange(both) + 0.5) / both
    if number + 1 < len(spans) and (both := (end - spans[number + 1].start) * scale) > 0:
        share[-both:] = 1 - (np.arange(both) + 0.5) / both
    return share
