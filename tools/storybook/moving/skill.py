"""How accurately clips follow their captions, counted over unseen captions."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from engines.families.storybook import vocabulary
from engines.families.storybook.words import MOTIONS
from tools.storybook import dataset as scenes
from tools.storybook import skill as pictures
from tools.storybook.judge import Detection, Eye, look, place_of
from tools.storybook.motion import Moving, frames, without_motion
from tools.storybook.moving import dataset, judge, pipeline
from tools.storybook.skill import Skill

AIMS = {"motion": 0.8, "motion_from_picture": 0.8, "kept": 0.9, "position": 0.8}
_FIRST = 2 * scenes.HELD_OUT
"""Clips from this number on are in neither the model's nor the judge's training data."""

AskedMotion = tuple[Moving, str]
Film = Callable[[Moving, str, int], np.ndarray]
"""Makes a clip of (frames, side, side, 3) bytes from a moving scene, its caption and a seed."""


def unseen(count: int, trained_on: int) -> list[AskedMotion]:
    """Moving scenes, each motion equally often, with captions that none of the first ``trained_on`` clips has."""
    known = {text for number in range(trained_on) for text in dataset.captions(number)}
    found = _fresh(known)
    wanted = Counter({motion: -(-count // len(MOTIONS)) for motion in MOTIONS})
    asked: list[AskedMotion] = []
    while len(asked) < count:
        moving, text = next(found)
        if wanted[moving.motion]:
            wanted[moving.motion] -= 1
            asked.append((moving, text))
    return asked


def measure(asked: list[AskedMotion], film: Film, eye: Eye, watcher: judge.Watcher, case: str = "motion") -> Skill:
    """Measure the clips: their motion (as ``case``), whether the thing is still there halfway (``kept``), and where it
    starts (``position``), if the caption says so."""
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for number, (moving, text) in enumerate(asked):
        clip = film(moving, text, number)
        (seen,) = judge.motions(watcher, [clip])
        first, middle = look(eye, clip[[0, len(clip) // 2]])
        for name, answer in ((case, seen == moving.motion), *_answers(moving, text, first, middle)):
            every[name] += 1
            right[name] += answer
    return Skill(right, every)


def as_drawn(moving: Moving, text: str, seed: int) -> np.ndarray:
    """The drawn clip itself, which measures the judges."""
    return np.stack([np.asarray(frame) for frame in frames(moving, dataset.FRAMES)])


def from_picture(loaded: Any) -> Film:
    """A function that makes clips from the drawn first frame."""

    def film(moving: Moving, text: str, seed: int) -> np.ndarray:
        return pipeline.animated(loaded, next(frames(moving, dataset.FRAMES)), text, seed)

    return film


def from_words(loaded: Any, painter: Any) -> Film:
    """A function that makes clips from a first frame that the picture model generates from the same caption."""
    from tools.storybook.pipeline import drawn

    def film(moving: Moving, text: str, seed: int) -> np.ndarray:
        (picture,) = drawn(painter, [vocabulary.read(without_motion(text)).prompt], seed)
        return pipeline.animated(loaded, Image.fromarray((picture * 255).round().astype(np.uint8)), text, seed)

    return film


def _fresh(known: set[str]) -> Iterator[AskedMotion]:
    number = _FIRST
    while True:
        for text in dataset.captions(number):
            moving = dataset.moving(number)
            if text not in known and text not in MOTIONS[moving.motion]:
                yield moving, text
                break
        number += 1


def _answers(moving: Moving, text: str, first: Detection, middle: Detection) -> Iterator[tuple[str, bool]]:
    (thing,) = moving.scene.things
    yield "kept", thing.kind in first.kinds and thing.kind in middle.kinds
    if pictures.place_is_told(moving.scene, thing, without_motion(text)):
        yield "position", thing.kind in first.kinds and place_of(first, thing.kind) == thing.place
