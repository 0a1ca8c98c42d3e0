"""A picture of any size through a network that sees a part of it at a time."""

from collections.abc import Iterator

Box = tuple[int, int, int, int]


def tiles(width: int, height: int, side: int) -> Iterator[Box]:
    """Tiles of at most ``side`` px that cover a picture once, row by row: (left, top, right, bottom)."""
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield left, top, min(left + side, width), min(top + side, height)


def count(width: int, height: int, side: int) -> int:
    """How many tiles that are."""
    return -(-width // side) * -(-height // side)
