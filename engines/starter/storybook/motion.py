"""Scenes that move: what moves and how, drawn frame by frame, with captions that say so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from engines.starter.storybook.captions import caption
from engines.starter.storybook.drawing import SIDE, draw
from engines.starter.storybook.scene import Scene, random_scene

_WAYS = ("moving to the {}", "moves to the {}", "going {}", "on its way to the {}", "travelling {}")
THING_MOTIONS: dict[str, tuple[str, ...]] = {
    "left": tuple(way.format("left") for way in _WAYS),
    "right": tuple(way.format("right") for way in _WAYS),
    "rise": ("rising", "rises", "going up", "moving upwards", "floating up"),
    "grow": ("growing", "grows", "getting bigger", "coming closer", "comes closer"),
}
CAMERA_MOTIONS: dict[str, tuple[str, ...]] = {
    "pan left": ("the camera pans to the left", "pan left", "pan to the left", "the camera pans left"),
    "pan right": ("the camera pans to the right", "pan right", "pan to the right", "the camera pans right"),
    "zoom in": ("the camera zooms in", "zoom in", "zooming in", "the camera pushes in", "push in"),
    "zoom out": ("the camera zooms out", "zoom out", "zooming out", "the camera pulls back", "pull back"),
}
STILL: dict[str, tuple[str, ...]] = {"still": ("standing still", "nothing moves", "a still shot")}
MOTIONS = {**THING_MOTIONS, **CAMERA_MOTIONS, **STILL}

_WAY = 0.32
"""How far a thing goes from the first frame to the last, in parts of the picture's side."""

_CLOSER = 1.3
"""How much of a scene a picture leaves out at most while the camera moves."""

_UNTOLD = 0.35
"""How often the motion alone is told: whoever animates a picture need not say what it shows."""


@dataclass(frozen=True)
class Moving:
    """A scene of one thing, and how it or the camera moves."""

    scene: Scene
    motion: str


def random_moving(lot: Random) -> Moving:
    """A moving scene drawn by lot: the same lot gives the same one."""
    motion = lot.choice(tuple(MOTIONS))
    scene = random_scene(lot)
    while len(scene.things) > 1 or scene.framing == "close":
        scene = random_scene(lot)
    return Moving(scene, motion)


def moving_caption(moving: Moving, lot: Random) -> str:
    """A sentence that tells the scene and its motion, or the motion alone."""
    said = lot.choice(MOTIONS[moving.motion])
    if lot.random() < _UNTOLD:
        return said
    told = caption(moving.scene, lot)
    return f"{said}, {told}" if lot.random() < 0.3 else f"{told}, {said}"


def without_motion(text: str) -> str:
    """What a caption says of the scene alone."""
    for said in sorted((said for group in MOTIONS.values() for said in group), key=len, reverse=True):
        text = text.replace(said, "")
    return text.strip(" ,").replace(" ,", ",")


def frames(moving: Moving, count: int, side: int = SIDE) -> Iterator[Image.Image]:
    """``count`` (2 or more) pictures of ``side`` pixels, evenly spread over the motion."""
    yield from some_frames(moving, range(count), count, side)


def some_frames(moving: Moving, numbers: Iterable[int], count: int, side: int = SIDE) -> Iterator[Image.Image]:
    """The frames with these numbers alone, of ``count``. What does not change is drawn once."""
    if moving.motion in CAMERA_MOTIONS:
        large = draw(moving.scene, round(side * _CLOSER))
        yield from (_seen(large, moving.motion, number / (count - 1), side) for number in numbers)
    elif moving.motion in STILL:
        picture = draw(moving.scene, side)
        yield from (picture for _ in numbers)
    else:
        yield from (draw(at(moving, number / (count - 1)), side) for number in numbers)


def at(moving: Moving, part: float) -> Scene:
    """The scene after ``part`` (0 to 1) of the motion of its thing, which begins where the scene has it."""
    thing, way = moving.scene.things[0], part * _WAY
    moved = {
        "left": replace(thing, x=thing.x - way),
        "right": replace(thing, x=thing.x + way),
        "rise": replace(thing, y=thing.y - way),
        "grow": replace(thing, scale=thing.scale * (1 + 1.8 * way)),
    }.get(moving.motion, thing)
    return replace(moving.scene, things=(moved,))


def _seen(large: Image.Image, motion: str, part: float, side: int) -> Image.Image:
    """What the camera sees of a scene that is drawn larger than it sees."""
    spare = large.width - side
    if motion.startswith("pan"):
        left = spare * (part if motion == "pan right" else 1 - part)
        box = (left, spare / 2, left + side, spare / 2 + side)
    else:
        edge = spare / 2 * (part if motion == "zoom in" else 1 - part)
        box = (edge, edge, large.width - edge, large.width - edge)
    return large.resize((side, side), Image.Resampling.BICUBIC, box)
