"""A picture of any size through a network that sees a part of it at a time."""

from collections.abc import Iterator
from typing import NamedTuple


class Tile(NamedTuple):
    """A part of a picture in px: ``outer`` is what the network sees, ``inner`` the part of the result that is kept.

    Both are (left, top, right, bottom).
    """

    inner: tuple[int, int, int, int]
    outer: tuple[int, int, int, int]


def tiles(width: int, height: int, side: int, overlap: int) -> Iterator[Tile]:
    """Tiles of at most ``side`` that cover a picture, each seen with ``overlap`` px around it; row by row."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            right, bottom = min(left + side, width), min(top + side, height)
            outer = (
                max(left - overlap, 0),
                max(top - overlap, 0),
                min(right + overlap, width),
                min(bottom + overlap, height),
            )
            yield Tile((left, top, right, bottom), outer)


def count(width: int, height: int, side: int) -> int:
    """How many tiles that are."""
    return -(-width // side) * -(-height // side)
