"""The shape of each thing, drawn with a pen that knows the thing's place, size and style.

A thing stands on (0, 0), with x to the right and y up, and is about one unit high.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from PIL import ImageDraw

Color = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

INK: Color = (28, 26, 34)
BROWN: Color = (104, 66, 36)
CREAM: Color = (250, 244, 226)
GLASS: Color = (176, 218, 242)
LAMP: Color = (255, 232, 140)
SKINS: tuple[Color, ...] = ((240, 200, 170), (198, 140, 100), (120, 78, 54))


def mixed(color: Color, other: Color, part: float) -> Color:
    """``color`` mixed with ``part`` (0 to 1) of ``other``."""
    red, green, blue = (round(mine * (1 - part) + theirs * part) for mine, theirs in zip(color, other, strict=True))
    return red, green, blue


def dark(color: Color, part: float = 0.38) -> Color:
    return mixed(color, (10, 8, 20), part)


def light(color: Color, part: float = 0.35) -> Color:
    return mixed(color, (255, 255, 255), part)


class Pen:
    """Draws one thing: moves and scales its points, tints its colors, and inks its edges in styles with outlines."""

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        foot: tuple[float, float],
        unit: float,
        tint: Callable[[Color], Color],
        ink: float,
    ) -> None:
        """``foot`` and ``unit`` are in pixels; ``ink`` is the width of outlines in pixels, 0 for none."""
        self._draw, self._foot, self._unit, self._tint, self._ink = draw, foot, unit, tint, ink

    def shape(self, points: Points, color: Color) -> None:
        placed = [self._at(x, y) for x, y in points]
        self._draw.polygon(placed, fill=self._tint(color))
        if self._ink:
            self._draw.line([*placed, placed[0], placed[1]], fill=INK, width=round(self._ink), joint="curve")

    def box(self, left: float, low: float, right: float, high: float, color: Color) -> None:
        self.shape([(left, low), (right, low), (right, high), (left, high)], color)

    def oval(self, x: float, y: float, wide: float, high: float, color: Color) -> None:
        """An ellipse around (x, y); ``wide`` and ``high`` are its radii."""
        (left, top), (right, bottom) = self._at(x - wide, y + high), self._at(x + wide, y - high)
        edge = INK if self._ink else None
        self._draw.ellipse((left, top, right, bottom), self._tint(color), edge, round(self._ink))

    def line(self, points: Points, color: Color, width: float) -> None:
        placed = [self._at(x, y) for x, y in points]
        self._draw.line(placed, self._tint(color), max(2, round(width * self._unit)), joint="curve")

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return self._foot[0] + x * self._unit, self._foot[1] - y * self._unit


def house(pen: Pen, color: Color, variant: int) -> None:
    pen.box(-0.5, 0, 0.5, 0.58, color)
    pen.box(0.24, 0.7, 0.38, 1.0, dark(color, 0.55))
    pen.shape([(-0.62, 0.56), (0, 1.02), (0.62, 0.56)], dark(color))
    pen.box(-0.1, 0, 0.12, 0.36, dark(color, 0.65))
    pen.box(0.22, 0.2, 0.4, 0.42, LAMP)
    pen.box(-0.4, 0.2, -0.22, 0.42, LAMP)


def tree(pen: Pen, color: Color, variant: int) -> None:
    pen.box(-0.08, 0, 0.08, 0.5, BROWN)
    pen.oval(-0.22, 0.56, 0.27, 0.24, dark(color, 0.2))
    pen.oval(0.22, 0.56, 0.27, 0.24, dark(color, 0.2))
    pen.oval(0, 0.76, 0.3, 0.27, color)


def car(pen: Pen, color: Color, variant: int) -> None:
    pen.shape([(-0.42, 0.38), (-0.26, 0.66), (0.22, 0.66), (0.42, 0.38)], dark(color, 0.15))
    pen.shape([(-0.32, 0.4), (-0.21, 0.6), (-0.03, 0.6), (-0.03, 0.4)], GLASS)
    pen.shape([(0.03, 0.4), (0.03, 0.6), (0.18, 0.6), (0.31, 0.4)], GLASS)
    pen.shape(
        [(-0.68, 0.12), (-0.68, 0.36), (-0.6, 0.42), (0.56, 0.42), (0.68, 0.32), (0.7, 0.12)],
        color,
    )
    for x in (-0.4, 0.4):
        pen.oval(x, 0.13, 0.15, 0.15, INK)
        pen.oval(x, 0.13, 0.06, 0.06, (190, 190, 196))
    pen.oval(0.64, 0.3, 0.04, 0.04, LAMP)


def boat(pen: Pen, color: Color, variant: int) -> None:
    pen.line([(0, 0.2), (0, 1.0)], BROWN, 0.045)
    pen.shape([(0.05, 0.98), (0.05, 0.36), (0.5, 0.36)], CREAM)
    pen.shape([(-0.05, 0.86), (-0.05, 0.36), (-0.36, 0.36)], light(CREAM, 0.2))
    pen.shape([(-0.62, 0.28), (0.62, 0.28), (0.4, -0.04), (-0.4, -0.04)], color)
    pen.shape([(-0.62, 0.28), (0.62, 0.28), (0.57, 0.2), (-0.57, 0.2)], dark(color))


def dog(pen: Pen, color: Color, variant: int) -> None:
    pen.line([(-0.4, 0.5), (-0.62, 0.78)], color, 0.09)
    for x in (-0.4, 0.24):
        pen.box(x + 0.08, 0, x + 0.19, 0.34, dark(color))
    for x in (-0.44, 0.18):
        pen.box(x, 0, x + 0.13, 0.36, color)
    pen.oval(-0.08, 0.44, 0.42, 0.19, color)
    pen.oval(0.34, 0.74, 0.21, 0.2, color)
    pen.oval(0.55, 0.67, 0.15, 0.1, light(color, 0.25))
    pen.oval(0.68, 0.7, 0.05, 0.05, INK)
    pen.oval(0.2, 0.7, 0.09, 0.19, dark(color, 0.5))
    pen.oval(0.41, 0.8, 0.035, 0.035, INK)


def cat(pen: Pen, color: Color, variant: int) -> None:
    pen.line([(0.26, 0.08), (0.5, 0.1), (0.58, 0.3), (0.5, 0.48)], color, 0.09)
    pen.oval(0, 0.27, 0.32, 0.29, color)
    for side in (-1, 1):
        pen.shape([(side * 0.33, 0.7), (side * 0.31, 1.08), (side * 0.06, 0.88)], color)
    pen.oval(0, 0.68, 0.34, 0.27, color)
    for side in (-1, 1):
        pen.oval(side * 0.14, 0.72, 0.075, 0.085, (170, 226, 110))
        pen.oval(side * 0.14, 0.72, 0.03, 0.075, INK)
        pen.oval(side * 0.13, 0.04, 0.1, 0.06, light(color, 0.3))
    pen.shape([(-0.05, 0.61), (0.05, 0.61), (0, 0.55)], (236, 130, 140))


def person(pen: Pen, color: Color, variant: int) -> None:
    skin = SKINS[variant]
    hair: Color = ((92, 56, 30), (48, 34, 30), (24, 20, 22))[variant]
    for side in (-1, 1):
        pen.box(side * 0.1 - 0.06, 0, side * 0.1 + 0.06, 0.3, (52, 54, 78))
    for side in (-1, 1):
        pen.line([(side * 0.14, 0.6), (side * 0.3, 0.34)], dark(color, 0.25), 0.1)
        pen.oval(side * 0.31, 0.32, 0.05, 0.05, skin)
    pen.shape([(-0.15, 0.66), (0.15, 0.66), (0.26, 0.2), (-0.26, 0.2)], color)
    pen.oval(0, 0.86, 0.17, 0.17, hair)
    pen.oval(0, 0.81, 0.135, 0.135, skin)
    for side in (-1, 1):
        pen.oval(side * 0.055, 0.83, 0.022, 0.022, INK)


def mountain(pen: Pen, color: Color, variant: int) -> None:
    pen.shape([(-0.85, 0), (-0.42, 0.6), (-0.3, 0.5), (0, 1.0), (0.3, 0.54), (0.42, 0.62), (0.85, 0)], color)
    pen.shape([(0, 1.0), (0.3, 0.54), (0.42, 0.62), (0.85, 0), (0.24, 0), (0.1, 0.5)], dark(color, 0.28))
    pen.shape([(-0.17, 0.72), (0, 1.0), (0.17, 0.74), (0.07, 0.79), (0, 0.7), (-0.09, 0.78)], (250, 250, 255))


def flower(pen: Pen, color: Color, variant: int) -> None:
    pen.line([(0, 0), (0, 0.6)], (44, 128, 54), 0.06)
    pen.oval(-0.14, 0.2, 0.14, 0.06, (54, 150, 64))
    pen.oval(0.14, 0.3, 0.14, 0.06, (54, 150, 64))
    for petal in range(6):
        turn = petal * math.pi / 3 + 0.26
        pen.oval(math.cos(turn) * 0.22, 0.7 + math.sin(turn) * 0.22, 0.15, 0.15, color)
    pen.oval(0, 0.7, 0.13, 0.13, (120, 70, 30) if color[0] > 200 and color[1] > 180 > color[2] else (250, 204, 50))


def balloon(pen: Pen, color: Color, variant: int) -> None:
    for x in (-0.1, 0.1):
        pen.line([(x * 1.6, 0.36), (x, 0.16)], BROWN, 0.03)
    pen.shape([(-0.33, 0.5), (0.33, 0.5), (0.12, 0.28), (-0.12, 0.28)], dark(color, 0.2))
    pen.oval(0, 0.66, 0.38, 0.36, color)
    pen.oval(0, 0.66, 0.15, 0.36, light(color, 0.4))
    pen.box(-0.12, 0, 0.12, 0.17, BROWN)


def lighthouse(pen: Pen, color: Color, variant: int) -> None:
    edges = [(0.22 - 0.09 * part / 4, part * 0.17) for part in range(5)]
    for part, ((wide, low), (narrow, high)) in enumerate(pairwise(edges)):
        band = color if part % 2 == 0 else (CREAM if min(color) < 200 else (200, 70, 60))
        pen.shape([(-wide, low), (wide, low), (narrow, high), (-narrow, high)], band)
    pen.box(-0.19, 0.68, 0.19, 0.73, dark(color, 0.5))
    pen.box(-0.1, 0.73, 0.1, 0.87, LAMP)
    pen.shape([(-0.16, 0.87), (0, 1.02), (0.16, 0.87)], dark(color))
    pen.box(-0.06, 0, 0.06, 0.13, dark(color, 0.6))


def bird(pen: Pen, color: Color, variant: int) -> None:
    pen.shape([(-0.38, 0.42), (-0.72, 0.56), (-0.7, 0.34)], dark(color))
    pen.oval(0, 0.42, 0.42, 0.2, color)
    pen.oval(0.4, 0.56, 0.19, 0.18, color)
    pen.shape([(0.56, 0.62), (0.56, 0.48), (0.78, 0.53)], (240, 160, 40))
    pen.shape([(-0.16, 0.46), (0.2, 0.5), (-0.2, 1.0)], dark(color, 0.22))
    pen.oval(0.45, 0.61, 0.035, 0.035, INK)


SHAPES: dict[str, Callable[[Pen, Color, int], None]] = {
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
