"""Wan's autoencoder in little memory: it decodes a latent at a time, and large frames by tiles, as it encodes them.

Its own ``decode`` lays a whole clip beside itself several times over, and at 720p takes 20 GB.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch

_TILE, _OVERLAP = 512, 64
"""The longest side of a tile, and what two share at least, in px."""
LARGEST_TILE = _TILE**2
"""Its area, in px."""
BYTES_A_PIXEL = 21_600
"""What decoding takes for each pixel of a tile, in single precision, however long the clip."""


class _Span(NamedTuple):
    """From where to where a tile goes along one side."""

    start: int
    end: int


def decoded(vae: Any, latents: "torch.Tensor") -> "Iterator[np.ndarray]":
    """The frames behind latents (1, channels, frames, height, width): (height, width, 3), 0 to 1."""
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
    return _by_tiles(vae, latents, rows, columns)


@contextmanager
def encoding_by_tiles(vae: Any) -> Iterator[None]:
    """While it lasts, ``encode`` takes large frames by tiles too, for which it needs a third of what decoding does."""
    stride = _TILE - _OVERLAP
    vae.enable_tiling(_TILE, _TILE, stride, stride)
    try:
        yield
    finally:
        vae.disable_tiling()


def tile_pixels(width: int, height: int, scale: int) -> int:
    """The area of the largest tile of a frame, in px; ``scale`` is a latent's side."""
    wide, high = (max(end - start for start, end in _spans(side // scale, scale)) for side in (width, height))
    return wide * high * scale**2


def _spans(side: int, scale: int) -> list[_Span]:
    """The tiles along a side, in latents: as many as it takes, and as even as they come."""
    tile, overlap = _TILE // scale, _OVERLAP // scale
    count = max(1, -(-(side - overlap) // (tile - overlap)))
    length = -(-(side + (count - 1) * overlap) // count)
    starts = [number * (side - length) // max(1, count - 1) for number in range(count)]
    return [_Span(start, start + length) for start in starts]


def _one_by_one(vae: Any, latents: "torch.Tensor") -> "Iterator[np.ndarray]":
    """The frames in their order. The decoder keeps of the last ones what it needs for those that follow."""
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


def _by_tiles(vae: Any, latents: "torch.Tensor", rows: list[_Span], columns: list[_Span]) -> "Iterator[np.ndarray]":
    """The same, a tile after the other over all of the time; where two overlap, one turns into the other."""
    import numpy as np

    scale = vae.config.scale_factor_spatial
    height, width = (side * scale for side in latents.shape[-2:])
    clip: list[np.ndarray] = []
    for row, column in product(range(len(rows)), range(len(columns))):
        (top, bottom), (left, right) = rows[row], columns[column]
        share = _share(rows, row, scale)[:, None, None] * _share(columns, column, scale)[None, :, None]
        tile = latents[..., top:bottom, left:right]
        for number, made in enumerate(_one_by_one(vae, tile)):
            if number == len(clip):
                clip.append(np.zeros((height, width, 3), np.float16))
            clip[number][top * scale : bottom * scale, left * scale : right * scale] += (made * share).astype(
                np.float16
            )
    yield from (frame.astype(np.float32) for frame in clip)


def _share(spans: list[_Span], number: int, scale: int) -> "np.ndarray":
    """How much of each pixel along a side comes from a tile: where it overlaps its neighbour, ever less."""
    import numpy as np

    start, end = spans[number]
    share = np.ones((end - start) * scale, np.float32)
    if number > 0 and (both := (spans[number - 1].end - start) * scale) > 0:
        share[:both] = (np.arange(both) + 0.5) / both
    if number + 1 < len(spans) and (both := (end - spans[number + 1].start) * scale) > 0:
        share[-both:] = 1 - (np.arange(both) + 0.5) / both
    return share
