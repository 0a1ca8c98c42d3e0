"""How well clips show what their captions ask for, counted over unseen captions."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from engines.starter.storybook import dataset as scenes
from engines.starter.storybook import skill as pictures
from engines.starter.storybook import vocabulary
from engines.starter.storybook.judge import Eye, Sight, look, place_of
from engines.starter.storybook.motion import MOTIONS, Moving, frames, without_motion
from engines.starter.storybook.moving import dataset, judge, pipeline
from engines.starter.storybook.skill import Skill

AIMS = {"motion": 0.8, "motion_from_picture": 0.8, "kept": 0.9, "position": 0.8}
_FIRST = 2 * scenes.HELD_OUT
"""Clips from here on are neither the model's nor the judge's."""

Asked = tuple[Moving, str]
Film = Callable[[Moving, str, int], np.ndarray]
"""From a moving scene, its caption and a seed to (frames, side, side, 3) bytes."""


def unseen(count: int, trained_on: int) -> list[Asked]:
    """Moving scenes, every motion as often, with captions of which none is one of the first ``trained_on`` clips'."""
    known = {text for number in range(trained_on) for text in dataset.captions(number)}
    found = _fresh(known)
    wanted = Counter({motion: -(-count // len(MOTIONS)) for motion in MOTIONS})
    asked: list[Asked] = []
    while len(asked) < count:
        moving, text = next(found)
        if wanted[moving.motion]:
            wanted[moving.motion] -= 1
            asked.append((moving, text))
    return asked


def measure(asked: list[Asked], film: Film, eye: Eye, watcher: judge.Watcher, case: str = "motion") -> Skill:
    """What is seen in the clips: their motion (as ``case``), whether the thing is still there half-way (``kept``), and
    where it is at the beginning (``position``), if the caption says so."""
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
    """The clip itself: what the judges can be trusted with."""
    return np.stack([np.asarray(frame) for frame in frames(moving, dataset.FRAMES)])


def from_picture(loaded: Any) -> Film:
    """Clips that begin with the drawn first frame."""

    def film(moving: Moving, text: str, seed: int) -> np.ndarray:
        return pipeline.animated(loaded, next(frames(moving, dataset.FRAMES)), text, seed)

    return film


def from_words(loaded: Any, painter: Any) -> Film:
    """Clips whose first frame the picture model draws from the same words."""
    from engines.starter.storybook.pipeline import drawn

    def film(moving: Moving, text: str, seed: int) -> np.ndarray:
        (picture,) = drawn(painter, [vocabulary.read(without_motion(text)).prompt], seed)
        return pipeline.animated(loaded, Image.fromarray((picture * 255).round().astype(np.uint8)), text, seed)

    return film


def _fresh(known: set[str]) -> Iterator[Asked]:
    number = _FIRST
    while True:
        for text in dataset.captions(number):
            moving = dataset.moving(number)
            if text not in known and text not in MOTIONS[moving.motion]:
                yield moving, text
                break
        number += 1


def _answers(moving: Moving, text: str, first: Sight, middle: Sight) -> Iterator[tuple[str, bool]]:
    (thing,) = moving.scene.things
    yield "kept", thing.kind in first.kinds and thing.kind in middle.kinds
    if pictures.place_is_told(moving.scene, thing, without_motion(text)):
        yield "position", thing.kind in first.kinds and place_of(first, thing.kind) == thing.place
