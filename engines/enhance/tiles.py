"""A picture of any size through a network that sees a part of it at a time."""

import math
from collections.abc import Iterator

Box = tuple[int, int, int, int]
Size = tuple[int, int]


def tiles(width: int, height: int, side: int) -> Iterator[Box]:
    """Tiles of at most ``side`` px that cover a picture once, row by row: (left, top, right, bottom)."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def count(width: int, height: int, side: int) -> int:
    """How many tiles that are."""
    return -(-width // side) * -(-height // side)


def stages(size: Size, target: Size, native: int) -> list[Size]:
    """The sizes on the way to ``target`` for a network that enlarges up to ``native`` times: the last is ``target``.

    Empty where the picture is that large already, or larger: nothing is to be invented then.
    """
    found: list[Size] = []
    while size[0] < target[0] or size[1] < target[1]:
        size = (min(target[0], size[0] * native), min(target[1], size[1] * native))
        found.append(size)
    return found


def megapixels_seen(size: Size, target: Size, native: int = 4) -> float:
    """How much goes through the network on the way, over all stages."""
    seen = [size, *stages(size, target, native)][:-1]
    return math.fsum(width * height for width, height in seen) / 1e6
