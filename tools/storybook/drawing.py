"""Draw a scene: sky, ground, things, weather, style."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engines.families.storybook.words import THINGS
from tools.storybook.scene import Scene, Thing
from tools.storybook.shapes import CREAM, LAMP, SHAPES, Color, Pen, dark, light, mixed

SIDE = 96
"""The side of a picture in pixels."""

_FINER = 2
"""Pictures are drawn this many times larger, then reduced, for smooth edges."""

COLORS: dict[str, Color] = {
    "red": (214, 38, 36),
    "orange": (243, 136, 28),
    "yellow": (246, 214, 44),
    "green": (44, 160, 62),
    "blue": (40, 88, 214),
    "purple": (132, 56, 178),
    "pink": (246, 140, 184),
    "brown": (122, 76, 42),
    "white": (246, 246, 244),
    "black": (34, 32, 40),
}
_SKIES: dict[str, tuple[Color, Color]] = {
    "day": ((96, 172, 246), (206, 232, 252)),
    "dawn": ((164, 140, 222), (255, 206, 204)),
    "sunset": ((238, 92, 56), (255, 206, 112)),
    "night": ((10, 12, 44), (44, 56, 112)),
}
_GROUNDS: dict[str, Color] = {
    "meadow": (104, 180, 76),
    "forest": (74, 134, 66),
    "sea": (34, 112, 190),
    "desert": (232, 200, 124),
    "snow": (240, 244, 250),
    "city": (122, 122, 130),
    "room": (176, 128, 84),
}
_DUSK = {"day": 0.0, "dawn": 0.08, "sunset": 0.14, "night": 0.42}
"""How much darker everything on the ground is, 0 to 1."""

_NIGHT: Color = (14, 16, 52)
_FOG: Color = (206, 210, 216)
_VEILED = 0.42
"""The opacity of fog, 0 to 1."""

_THING_SHARE = 0.7
"""Things are darkened less than the ground, so that they stay visible at night."""

_MARKER: Color = (1, 2, 3)
_SAND: Color = (230, 206, 150)
_WALL: Color = (236, 206, 160)


def tint(scene: Scene, share: float = 1.0) -> Callable[[Color], Color]:
    """A function that adapts a color to the hour and the style; ``share`` scales the darkening of the hour."""
    dusk = _DUSK[scene.time] * share * (0.5 if scene.ground == "room" else 1.0)
    pale = 0.22 if scene.style == "soft" else 0.0

    def tinted(color: Color) -> Color:
        return mixed(mixed(color, _NIGHT, dusk), (255, 250, 244), pale)

    return tinted


def draw(scene: Scene, side: int = SIDE) -> Image.Image:
    """The scene as a picture of ``side`` × ``side`` pixels; deterministic."""
    lot, size = Random(scene.seed), side * _FINER
    picture = _backdrop(scene, size, lot)
    pencil = ImageDraw.Draw(picture)
    for thing in scene.things:
        _draw_thing(pencil, scene, thing, size)
    picture = _weathered(picture, scene, lot)
    if scene.style == "soft":
        picture = picture.filter(ImageFilter.GaussianBlur(size / 160))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def marks(scene: Scene, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Two (side, side) maps: the kind of thing at each pixel (1 for the first of ``THINGS``, 0 for none), and whether
    the pixel has the thing's own color, without shading and not part of a window or a wheel."""
    layer = Image.new("RGB", (side, side))
    pencil = ImageDraw.Draw(layer)
    for thing in scene.things:
        number = tuple(THINGS).index(thing.kind) + 1

        def mark(color: Color, number: int = number) -> Color:
            return number, 255 if color == _MARKER else 0, 0

        SHAPES[thing.kind](_pen(pencil, thing, side, mark, 0), _MARKER, thing.variant)
    pixels = np.asarray(layer)
    return pixels[..., 0], pixels[..., 1] > 0


def seen_as(scene: Scene, color: str) -> Color:
    """The visible color of a thing in a scene, at its hour, in its weather and style."""
    seen = tint(scene, _THING_SHARE)(COLORS[color])
    return mixed(seen, _veil(scene), _VEILED) if scene.weather == "fog" else seen


def _draw_thing(pencil: ImageDraw.ImageDraw, scene: Scene, thing: Thing, size: int) -> None:
    if thing.kind not in ("balloon", "bird", "mountain") and not (thing.kind == "boat" and scene.ground == "sea"):
        x, y, wide = thing.x * size, thing.y * size, thing.scale * size * 0.45
        shadow = tint(scene)(dark(_SAND if scene.ground == "sea" else _GROUNDS[scene.ground], 0.3))
        pencil.ellipse((x - wide, y - wide * 0.14, x + wide, y + wide * 0.14), shadow)
    ink = size / 75 if scene.style == "line" else 0
    pen = _pen(pencil, thing, size, tint(scene, _THING_SHARE), ink)
    SHAPES[thing.kind](pen, COLORS[thing.color], thing.variant)


def _pen(pencil: ImageDraw.ImageDraw, thing: Thing, size: int, tinted: Callable[[Color], Color], ink: float) -> Pen:
    return Pen(pencil, (thing.x * size, thing.y * size), thing.scale * size, tinted, ink)


def _backdrop(scene: Scene, size: int, lot: Random) -> Image.Image:
    horizon = round(scene.horizon * size)
    high, low = _SKIES[scene.time]
    if scene.weather != "clear":
        veil = mixed((128, 136, 150), _NIGHT, _DUSK[scene.time] * 1.6)
        high, low = mixed(high, veil, 0.6), mixed(low, veil, 0.45)
    tinted = tint(scene)
    if scene.ground == "room":
        return _indoors(scene, size, horizon, (high, low))
    near = tinted(_GROUNDS[scene.ground])
    sky = Image.fromarray(_blend(high, low, horizon, size))
    _lights(ImageDraw.Draw(sky), scene, size, horizon, lot)
    picture = Image.new("RGB", (size, size))
    picture.paste(Image.fromarray(_blend(near, dark(near, 0.22), size - horizon, size)), (0, horizon))
    picture.paste(sky)
    _ground(ImageDraw.Draw(picture), scene, size, horizon, lot)
    return picture


def _blend(top: Color, bottom: Color, rows: int, size: int) -> np.ndarray:
    part = np.linspace(0, 1, rows)[:, None]
    column = np.asarray(top) * (1 - part) + np.asarray(bottom) * part
    return np.broadcast_to(column[:, None].round().astype(np.uint8), (rows, size, 3))


def _lights(pencil: ImageDraw.ImageDraw, scene: Scene, size: int, horizon: int, lot: Random) -> None:
    def disc(x: float, y: float, radius: float, color: Color) -> None:
        pencil.ellipse((x - radius, y - radius, x + radius, y + radius), color)

    if scene.time == "night" and scene.weather == "clear":
        for _ in range(28):
            disc(lot.random() * size, lot.random() * horizon * 0.9, lot.uniform(0.8, 1.7) * size / 256, (255, 255, 228))
    x = lot.choice((0.14, 0.86)) * size
    if scene.light == "sun":
        disc(x, 0.16 * size, 0.1 * size, (255, 240, 170))
        disc(x, 0.16 * size, 0.078 * size, (255, 222, 60))
    elif scene.light == "moon":
        disc(x, 0.16 * size, 0.085 * size, (250, 246, 214))
        disc(x + 0.025 * size, 0.145 * size, 0.02 * size, (222, 216, 184))
    if scene.time == "sunset" and scene.weather == "clear":
        disc(lot.uniform(0.2, 0.8) * size, horizon, 0.13 * size, (255, 234, 140))


def _ground(pencil: ImageDraw.ImageDraw, scene: Scene, size: int, horizon: int, lot: Random) -> None:
    tinted = tint(scene)
    near = tinted(_GROUNDS[scene.ground])
    if scene.ground == "sea":
        for _ in range(9):
            x, y, wide = lot.random() * size, lot.uniform(horizon + 6, size * 0.8), lot.uniform(0.05, 0.12) * size
            pencil.line((x, y, x + wide, y), light(near, 0.3), max(1, size // 128))
        if any(thing.kind != "boat" for thing in scene.things):
            shore = (scene.horizon + 0.12) * size
            pencil.polygon([(0, shore), (size, shore), (size, size), (0, size)], tinted(_SAND))
            pencil.line((0, shore, size, shore), tinted((250, 250, 250)), size // 64)
    elif scene.ground == "forest":
        for place in range(9):
            x, high = (place + lot.uniform(0.2, 0.8)) / 9 * size, lot.uniform(0.2, 0.3) * size
            fir = [(x - size * 0.075, horizon + 4), (x, horizon - high), (x + size * 0.075, horizon + 4)]
            pencil.polygon(fir, tinted(lot.choice(((30, 84, 52), (38, 98, 58), (24, 72, 48)))))
    elif scene.ground == "city":
        _skyline(pencil, scene, size, horizon, lot)
    elif scene.ground == "desert":
        for _ in range(2):
            x, wide, high = lot.random() * size, lot.uniform(0.3, 0.5) * size, lot.uniform(0.04, 0.08) * size
            pencil.ellipse((x - wide, horizon - high, x + wide, horizon + high * 1.4), dark(near, 0.08))
        pencil.rectangle((0, horizon + size // 20, size, horizon + size // 12), near)


def _skyline(pencil: ImageDraw.ImageDraw, scene: Scene, size: int, horizon: int, lot: Random) -> None:
    tinted, x = tint(scene), 0.0
    while x < size:
        wide, high = lot.uniform(0.1, 0.17) * size, lot.uniform(0.14, 0.36) * size
        pencil.rectangle((x, horizon - high, x + wide, horizon), tinted(lot.choice(((96, 104, 124), (112, 112, 128)))))
        lit = LAMP if scene.time in ("night", "sunset") else tinted((150, 170, 190))
        for row in range(int(high // (size * 0.07))):
            for column in (0.28, 0.68):
                left, top = x + wide * column, horizon - high + size * (0.03 + row * 0.07)
                pencil.rectangle((left - size * 0.012, top, left + size * 0.012, top + size * 0.028), lit)
        x += wide + size * 0.008
    pencil.rectangle((0, horizon, size, horizon + size // 40), tinted((168, 168, 172)))
    for place in range(5):
        left = (place * 0.22 + 0.02) * size
        pencil.rectangle((left, size * 0.93, left + size * 0.12, size * 0.945), tinted((226, 222, 200)))


def _indoors(scene: Scene, size: int, horizon: int, sky: tuple[Color, Color]) -> Image.Image:
    tinted = tint(scene)
    wall, floor = tinted(_WALL), tinted(_GROUNDS["room"])
    rows = [_blend(wall, dark(wall, 0.1), horizon, size), _blend(floor, dark(floor, 0.2), size - horizon, size)]
    picture = Image.fromarray(np.concatenate(rows))
    pencil = ImageDraw.Draw(picture)
    pencil.rectangle((0, horizon - size // 48, size, horizon), tinted(CREAM))
    left, top, right, bottom = (round(part * size) for part in (0.64, 0.1, 0.92, 0.38))
    pencil.rectangle((left - 6, top - 6, right + 6, bottom + 6), tinted(CREAM))
    picture.paste(Image.fromarray(_blend(*sky, bottom - top, right - left)), (left, top))
    middle = (left + right) // 2
    pencil.line((middle, top, middle, bottom), tinted(CREAM), 5)
    pencil.line((left, (top + bottom) // 2, right, (top + bottom) // 2), tinted(CREAM), 5)
    return picture


def _weathered(picture: Image.Image, scene: Scene, lot: Random) -> Image.Image:
    size = picture.width
    if scene.weather == "fog":
        return Image.blend(picture, Image.new("RGB", picture.size, _veil(scene)), _VEILED)
    pencil = ImageDraw.Draw(picture)
    if scene.weather == "rain":
        for _ in range(46):
            x, y, long = lot.random() * size, lot.random() * size, lot.uniform(0.05, 0.09) * size
            pencil.line((x, y, x - long * 0.3, y + long), (204, 218, 236), max(1, size // 128))
    elif scene.weather == "snowfall":
        for _ in range(60):
            x, y, wide = lot.random() * size, lot.random() * size, lot.uniform(0.006, 0.011) * size
            pencil.ellipse((x - wide, y - wide, x + wide, y + wide), (255, 255, 255))
    return picture


def _veil(scene: Scene) -> Color:
    return mixed(_FOG, _NIGHT, _DUSK[scene.time])
