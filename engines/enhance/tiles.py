"""Tiles and passes for a picture of any size, for networks that see a part at a time."""

import math
from collections.abc import Iterator

Box = tuple[int, int, int, int]
Size = tuple[int, int]


def tiles(width: int, height: int, side: int) -> Iterator[Box]:
    """Yield tiles of at most ``side`` px that cover a picture once, row by row: (left, top, right, bottom)."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def count(width: int, height: int, side: int) -> int:
    """Return the number of tiles."""
    return -(-width // side) * -(-height // side)


def stages(size: Size, target: Size, native: int) -> list[Size]:
    """Return the sizes on the way to ``target`` for a network that upscales by ``native``; the last is ``target``.

    Empty if the picture is already as large or larger.
    """
    sizes: list[Size] = []
    while size[0] < target[0] or size[1] < target[1]:
        size = (min(target[0], size[0] * native), min(target[1], size[1] * native))
        sizes.append(size)
    return sizes


def megapixels_seen(size: Size, target: Size, native: int = 4) -> float:
    """Return the megapixels that go through the network, over all stages."""
    sizes = [size, *stages(size, target, native)][:-1]
    return math.fsum(width * height for width, height in sizes) / 1e6
