"""Moving scenes: drawn frame by frame, with captions that describe the motion."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from engines.families.storybook.words import CAMERA_MOTIONS, MOTIONS, STILL
from tools.storybook.captions import caption
from tools.storybook.drawing import SIDE, draw
from tools.storybook.scene import Scene, random_scene

_WAY = 0.32
"""The distance a thing moves from the first frame to the last, as a fraction of the picture's side."""

_CLOSER = 1.3
"""How many times larger than the frame a scene is drawn for camera motion."""

_UNTOLD = 0.35
"""The share of captions with the motion only: to animate a picture, people need not describe it."""


@dataclass(frozen=True)
class Moving:
    """A scene with one thing, and how it or the camera moves."""

    scene: Scene
    motion: str


def random_moving(lot: Random) -> Moving:
    """A random moving scene, determined by ``lot``."""
    motion = lot.choice(tuple(MOTIONS))
    scene = random_scene(lot)
    while len(scene.things) > 1 or scene.framing == "close":
        scene = random_scene(lot)
    return Moving(scene, motion)


def moving_caption(moving: Moving, lot: Random) -> str:
    """A sentence that describes the scene and its motion, or only the motion."""
    said = lot.choice(MOTIONS[moving.motion])
    if lot.random() < _UNTOLD:
        return said
    told = caption(moving.scene, lot)
    return f"{said}, {told}" if lot.random() < 0.3 else f"{told}, {said}"


def without_motion(text: str) -> str:
    """The part of a caption that describes the scene."""
    for said in sorted((said for group in MOTIONS.values() for said in group), key=len, reverse=True):
        text = text.replace(said, "")
    return text.strip(" ,").replace(" ,", ",")


def frames(moving: Moving, count: int, side: int = SIDE) -> Iterator[Image.Image]:
    """Yield ``count`` (2 or more) frames of ``side`` × ``side`` pixels, evenly spaced over the motion."""
    yield from some_frames(moving, range(count), count, side)


def some_frames(moving: Moving, numbers: Iterable[int], count: int, side: int = SIDE) -> Iterator[Image.Image]:
    """Yield only the frames with these ``numbers``, of ``count``. What does not change is drawn once."""
    if moving.motion in CAMERA_MOTIONS:
        large = draw(moving.scene, round(side * _CLOSER))
        yield from (_seen(large, moving.motion, number / (count - 1), side) for number in numbers)
    elif moving.motion in STILL:
        picture = draw(moving.scene, side)
        yield from (picture for _ in numbers)
    else:
        yield from (draw(at(moving, number / (count - 1)), side) for number in numbers)


def at(moving: Moving, part: float) -> Scene:
    """The scene after ``part`` (0 to 1) of its thing's motion, which starts at the scene's position."""
    thing, way = moving.scene.things[0], part * _WAY
    moved = {
        "left": replace(thing, x=thing.x - way),
        "right": replace(thing, x=thing.x + way),
        "rise": replace(thing, y=thing.y - way),
        "grow": replace(thing, scale=thing.scale * (1 + 1.8 * way)),
    }.get(moving.motion, thing)
    return replace(moving.scene, things=(moved,))


def _seen(large: Image.Image, motion: str, part: float, side: int) -> Image.Image:
    """The camera's view of a scene that is drawn larger than the frame."""
    spare = large.width - side
    if motion.startswith("pan"):
        left = spare * (part if motion == "pan right" else 1 - part)
        box = (left, spare / 2, left + side, spare / 2 + side)
    else:
        edge = spare / 2 * (part if motion == "zoom in" else 1 - part)
        box = (edge, edge, large.width - edge, large.width - edge)
    return large.resize((side, side), Image.Resampling.BICUBIC, box)
