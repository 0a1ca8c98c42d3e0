"""Scenes that move: what moves and how, drawn frame by frame, with captions that say so."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from engines.starter.storybook.captions import caption
from engines.starter.storybook.drawing import SIDE, draw
from engines.starter.storybook.scene import Scene, random_scene

THING_MOTIONS: dict[str, tuple[str, ...]] = {
    "left": ("moving to the left", "going left", "on its way to the left"),
    "right": ("moving to the right", "going right", "on its way to the right"),
    "rise": ("rising", "going up", "moving upwards"),
    "grow": ("growing", "getting bigger", "coming closer"),
}
CAMERA_MOTIONS: dict[str, tuple[str, ...]] = {
    "pan left": ("the camera pans to the left", "pan to the left"),
    "pan right": ("the camera pans to the right", "pan to the right"),
    "zoom in": ("the camera zooms in", "zoom in"),
    "zoom out": ("the camera zooms out", "zoom out"),
}
STILL: dict[str, tuple[str, ...]] = {"still": ("standing still", "nothing moves")}
MOTIONS = {**THING_MOTIONS, **CAMERA_MOTIONS, **STILL}

_WAY = 0.36
"""How far a thing goes from the first frame to the last, in parts of the picture's side."""

_CLOSER = 1.3
"""How much of a scene a picture leaves out at most while the camera moves."""


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
    """A sentence that tells the scene and its motion."""
    said = lot.choice(MOTIONS[moving.motion])
    told = caption(moving.scene, lot)
    return f"{said}, {told}" if lot.random() < 0.3 else f"{told}, {said}"


def frames(moving: Moving, count: int, side: int = SIDE) -> Iterator[Image.Image]:
    """``count`` (2 or more) pictures of ``side`` pixels, evenly spread over the motion."""
    for number in range(count):
        part = number / (count - 1)
        if moving.motion in CAMERA_MOTIONS:
            yield _seen(moving, part, side)
        else:
            yield draw(at(moving, part), side)


def at(moving: Moving, part: float) -> Scene:
    """The scene after ``part`` (0 to 1) of the motion of its thing; it is where the scene has it half-way."""
    thing, way = moving.scene.things[0], (part - 0.5) * _WAY
    moved = {
        "left": replace(thing, x=thing.x - way),
        "right": replace(thing, x=thing.x + way),
        "rise": replace(thing, y=thing.y - way),
        "grow": replace(thing, scale=thing.scale * (1 + 1.6 * way)),
    }.get(moving.motion, thing)
    return replace(moving.scene, things=(moved,))


def _seen(moving: Moving, part: float, side: int) -> Image.Image:
    """What the camera sees of the scene, which is drawn larger than it sees."""
    large = draw(moving.scene, round(side * _CLOSER))
    spare = large.width - side
    if moving.motion.startswith("pan"):
        left = spare * (part if moving.motion == "pan right" else 1 - part)
        box = (left, spare / 2, left + side, spare / 2 + side)
    else:
        edge = spare / 2 * (part if moving.motion == "zoom in" else 1 - part)
        box = (edge, edge, large.width - edge, large.width - edge)
    return large.resize((side, side), Image.Resampling.BICUBIC, box)
