"""How each thing is drawn, with a pen that knows the thing's place, size and style.

A thing stands on (0, 0), x to the right, y upwards, and is about one unit high.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from PIL import ImageDraw

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

INK: Colour = (28, 26, 34)
BROWN: Colour = (104, 66, 36)
CREAM: Colour = (250, 244, 226)
GLASS: Colour = (176, 218, 242)
LAMP: Colour = (255, 232, 140)
SKINS: tuple[Colour, ...] = ((240, 200, 170), (198, 140, 100), (120, 78, 54))


def mixed(colour: Colour, other: Colour, part: float) -> Colour:
    """``colour`` with ``part`` of ``other`` in it, 0 to 1."""
    red, green, blue = (round(mine * (1 - part) + theirs * part) for mine, theirs in zip(colour, other, strict=True))
    return red, green, blue


def dark(colour: Colour, part: float = 0.38) -> Colour:
    return mixed(colour, (10, 8, 20), part)


def light(colour: Colour, part: float = 0.35) -> Colour:
    return mixed(colour, (255, 255, 255), part)


class Pen:
    """Draws one thing: moves and scales its points, tints its colours and inks its edges where the style asks."""

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        foot: tuple[float, float],
        unit: float,
        tint: Callable[[Colour], Colour],
        ink: float,
    ) -> None:
        """``foot`` and ``unit`` in pixels; ``ink`` the width of outlines in pixels, 0 for none."""
        self._draw, self._foot, self._unit, self._tint, self._ink = draw, foot, unit, tint, ink

    def shape(self, points: Points, colour: Colour) -> None:
        placed = [self._at(x, y) for x, y in points]
        self._draw.polygon(placed, fill=self._tint(colour))
        if self._ink:
            self._draw.line([*placed, placed[0], placed[1]], fill=INK, width=round(self._ink), joint="curve")

    def box(self, left: float, low: float, right: float, high: float, colour: Colour) -> None:
        self.shape([(left, low), (right, low), (right, high), (left, high)], colour)

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """An ellipse around (x, y); ``wide`` and ``high`` are its radii."""
        (left, top), (right, bottom) = self._at(x - wide, y + high), self._at(x + wide, y - high)
        edge = INK if self._ink else None
        self._draw.ellipse((left, top, right, bottom), self._tint(colour), edge, round(self._ink))

    def line(self, points: Points, colour: Colour, width: float) -> None:
        placed = [self._at(x, y) for x, y in points]
        self._draw.line(placed, self._tint(colour), max(2, round(width * self._unit)), joint="curve")

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._foot[0] + x * self._unit, self._foot[1] - y * self._unit


def house(pen: Pen, colour: Colour, variant: int) -> None:
    pen.box(-0.5, 0, 0.5, 0.58, colour)
    pen.box(0.24, 0.7, 0.38, 1.0, dark(colour, 0.55))
    pen.shape([(-0.62, 0.56), (0, 1.02), (0.62, 0.56)], dark(colour))
    pen.box(-0.1, 0, 0.12, 0.36, dark(colour, 0.65))
    pen.box(0.22, 0.2, 0.4, 0.42, LAMP)
    pen.box(-0.4, 0.2, -0.22, 0.42, LAMP)


def tree(pen: Pen, colour: Colour, variant: int) -> None:
    pen.box(-0.08, 0, 0.08, 0.5, BROWN)
    pen.oval(-0.22, 0.56, 0.27, 0.24, dark(colour, 0.2))
    pen.oval(0.22, 0.56, 0.27, 0.24, dark(colour, 0.2))
    pen.oval(0, 0.76, 0.3, 0.27, colour)


def car(pen: Pen, colour: Colour, variant: int) -> None:
    pen.shape([(-0.42, 0.38), (-0.26, 0.66), (0.22, 0.66), (0.42, 0.38)], dark(colour, 0.15))
    pen.shape([(-0.32, 0.4), (-0.21, 0.6), (-0.03, 0.6), (-0.03, 0.4)], GLASS)
    pen.shape([(0.03, 0.4), (0.03, 0.6), (0.18, 0.6), (0.31, 0.4)], GLASS)
    pen.shape(
        [(-0.68, 0.12), (-0.68, 0.36), (-0.6, 0.42), (0.56, 0.42), (0.68, 0.32), (0.7, 0.12)],
        colour,
    )
    for x in (-0.4, 0.4):
        pen.oval(x, 0.13, 0.15, 0.15, INK)
        pen.oval(x, 0.13, 0.06, 0.06, (190, 190, 196))
    pen.oval(0.64, 0.3, 0.04, 0.04, LAMP)


def boat(pen: Pen, colour: Colour, variant: int) -> None:
    pen.line([(0, 0.2), (0, 1.0)], BROWN, 0.045)
    pen.shape([(0.05, 0.98), (0.05, 0.36), (0.5, 0.36)], CREAM)
    pen.shape([(-0.05, 0.86), (-0.05, 0.36), (-0.36, 0.36)], light(CREAM, 0.2))
    pen.shape([(-0.62, 0.28), (0.62, 0.28), (0.4, -0.04), (-0.4, -0.04)], colour)
    pen.shape([(-0.62, 0.28), (0.62, 0.28), (0.57, 0.2), (-0.57, 0.2)], dark(colour))


def dog(pen: Pen, colour: Colour, variant: int) -> None:
    pen.line([(-0.4, 0.5), (-0.62, 0.78)], colour, 0.09)
    for x in (-0.4, 0.24):
        pen.box(x + 0.08, 0, x + 0.19, 0.34, dark(colour))
    for x in (-0.44, 0.18):
        pen.box(x, 0, x + 0.13, 0.36, colour)
    pen.oval(-0.08, 0.44, 0.42, 0.19, colour)
    pen.oval(0.34, 0.74, 0.21, 0.2, colour)
    pen.oval(0.55, 0.67, 0.15, 0.1, light(colour, 0.25))
    pen.oval(0.68, 0.7, 0.05, 0.05, INK)
    pen.oval(0.2, 0.7, 0.09, 0.19, dark(colour, 0.5))
    pen.oval(0.41, 0.8, 0.035, 0.035, INK)


def cat(pen: Pen, colour: Colour, variant: int) -> None:
    pen.line([(0.26, 0.08), (0.5, 0.1), (0.58, 0.3), (0.5, 0.48)], colour, 0.09)
    pen.oval(0, 0.27, 0.32, 0.29, colour)
    for side in (-1, 1):
        pen.shape([(side * 0.33, 0.7), (side * 0.31, 1.08), (side * 0.06, 0.88)], colour)
    pen.oval(0, 0.68, 0.34, 0.27, colour)
    for side in (-1, 1):
        pen.oval(side * 0.14, 0.72, 0.075, 0.085, (170, 226, 110))
        pen.oval(side * 0.14, 0.72, 0.03, 0.075, INK)
        pen.oval(side * 0.13, 0.04, 0.1, 0.06, light(colour, 0.3))
    pen.shape([(-0.05, 0.61), (0.05, 0.61), (0, 0.55)], (236, 130, 140))


def person(pen: Pen, colour: Colour, variant: int) -> None:
    skin = SKINS[variant]
    hair: Colour = ((92, 56, 30), (48, 34, 30), (24, 20, 22))[variant]
    for side in (-1, 1):
        pen.box(side * 0.1 - 0.06, 0, side * 0.1 + 0.06, 0.3, (52, 54, 78))
    for side in (-1, 1):
        pen.line([(side * 0.14, 0.6), (side * 0.3, 0.34)], dark(colour, 0.25), 0.1)
        pen.oval(side * 0.31, 0.32, 0.05, 0.05, skin)
    pen.shape([(-0.15, 0.66), (0.15, 0.66), (0.26, 0.2), (-0.26, 0.2)], colour)
    pen.oval(0, 0.86, 0.17, 0.17, hair)
    pen.oval(0, 0.81, 0.135, 0.135, skin)
    for side in (-1, 1):
        pen.oval(side * 0.055, 0.83, 0.022, 0.022, INK)


def mountain(pen: Pen, colour: Colour, variant: int) -> None:
    pen.shape([(-0.85, 0), (-0.42, 0.6), (-0.3, 0.5), (0, 1.0), (0.3, 0.54), (0.42, 0.62), (0.85, 0)], colour)
    pen.shape([(0, 1.0), (0.3, 0.54), (0.42, 0.62), (0.85, 0), (0.24, 0), (0.1, 0.5)], dark(colour, 0.28))
    pen.shape([(-0.17, 0.72), (0, 1.0), (0.17, 0.74), (0.07, 0.79), (0, 0.7), (-0.09, 0.78)], (250, 250, 255))


def flower(pen: Pen, colour: Colour, variant: int) -> None:
    pen.line([(0, 0), (0, 0.6)], (44, 128, 54), 0.06)
    pen.oval(-0.14, 0.2, 0.14, 0.06, (54, 150, 64))
    pen.oval(0.14, 0.3, 0.14, 0.06, (54, 150, 64))
    for petal in range(6):
        turn = petal * math.pi / 3 + 0.26
        pen.oval(math.cos(turn) * 0.22, 0.7 + math.sin(turn) * 0.22, 0.15, 0.15, colour)
    pen.oval(0, 0.7, 0.13, 0.13, (120, 70, 30) if colour[0] > 200 and colour[1] > 180 > colour[2] else (250, 204, 50))


def balloon(pen: Pen, colour: Colour, variant: int) -> None:
    for x in (-0.1, 0.1):
        pen.line([(x * 1.6, 0.36), (x, 0.16)], BROWN, 0.03)
    pen.shape([(-0.33, 0.5), (0.33, 0.5), (0.12, 0.28), (-0.12, 0.28)], dark(colour, 0.2))
    pen.oval(0, 0.66, 0.38, 0.36, colour)
    pen.oval(0, 0.66, 0.15, 0.36, light(colour, 0.4))
    pen.box(-0.12, 0, 0.12, 0.17, BROWN)


def lighthouse(pen: Pen, colour: Colour, variant: int) -> None:
    edges = [(0.22 - 0.09 * part / 4, part * 0.17) for part in range(5)]
    for part, ((wide, low), (narrow, high)) in enumerate(pairwise(edges)):
        band = colour if part % 2 == 0 else (CREAM if min(colour) < 200 else (200, 70, 60))
        pen.shape([(-wide, low), (wide, low), (narrow, high), (-narrow, high)], band)
    pen.box(-0.19, 0.68, 0.19, 0.73, dark(colour, 0.5))
    pen.box(-0.1, 0.73, 0.1, 0.87, LAMP)
    pen.shape([(-0.16, 0.87), (0, 1.02), (0.16, 0.87)], dark(colour))
    pen.box(-0.06, 0, 0.06, 0.13, dark(colour, 0.6))


def bird(pen: Pen, colour: Colour, variant: int) -> None:
    pen.shape([(-0.38, 0.42), (-0.72, 0.56), (-0.7, 0.34)], dark(colour))
    pen.oval(0, 0.42, 0.42, 0.2, colour)
    pen.oval(0.4, 0.56, 0.19, 0.18, colour)
    pen.shape([(0.56, 0.62), (0.56, 0.48), (0.78, 0.53)], (240, 160, 40))
    pen.shape([(-0.16, 0.46), (0.2, 0.5), (-0.2, 1.0)], dark(colour, 0.22))
    pen.oval(0.45, 0.61, 0.035, 0.035, INK)


SHAPES: dict[str, Callable[[Pen, Colour, int], None]] = {
    "house": house,
    "tree": tree,
    "car": car,
    "boat": boat,
    "dog": dog,
    "cat": cat,
    "person": person,
    "mountain": mountain,
    "flower": flower,
    "balloon": balloon,
    "lighthouse": lighthouse,
    "bird": bird,
}
