"""How well pictures show what their captions ask for, counted over unseen captions."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engines.starter.storybook import dataset
from engines.starter.storybook.judge import Eye, Sight, colour_of, look, place_of
from engines.starter.storybook.scene import Scene, Thing

CASES = ("object", "colour", "background", "position")
AIMS = {"object": 0.9, "colour": 0.9, "background": 0.9, "position": 0.8}
_FIRST = 2 * dataset.HELD_OUT
"""Scenes from here on are neither the model's nor the judge's."""

_AT_ONCE = 20


@dataclass(frozen=True)
class Skill:
    """How often each case was ``right`` of how often it was ``asked``."""

    right: Counter[str]
    asked: Counter[str]

    def share(self, case: str) -> float:
        """0 to 1."""
        return self.right[case] / max(1, self.asked[case])


def unseen(count: int, trained_on: int) -> list[tuple[Scene, str]]:
    """Scenes with captions of which none is one of the first ``trained_on`` scenes' captions."""
    known = {text for number in range(trained_on) for text in dataset.captions(number)}
    found = _fresh(known)
    return [next(found) for _ in range(count)]


def measure(asked: list[tuple[Scene, str]], draw: Callable[[list[str]], np.ndarray], eye: Eye) -> Skill:
    """``draw`` makes (count, side, side, 3) bytes from as many captions."""
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        for (scene, text), sight in zip(some, look(eye, draw([text for _, text in some])), strict=True):
            for case, answer in _answers(scene, text, sight):
                every[case] += 1
                right[case] += answer
    return Skill(right, every)


def as_drawn(scenes: list[Scene]) -> np.ndarray:
    """The scenes themselves: what the judge itself can be trusted with."""
    from engines.starter.storybook.drawing import draw

    return np.stack([np.asarray(draw(scene)) for scene in scenes])


def _fresh(known: set[str]) -> Iterator[tuple[Scene, str]]:
    number = _FIRST
    while True:
        (text,) = dataset.captions(number, 1)
        if text not in known:
            yield dataset.scene(number), text
        number += 1


def _answers(scene: Scene, text: str, sight: Sight) -> Iterator[tuple[str, bool]]:
    """Whether each thing the caption tells is there. What it leaves open is not asked."""
    asked = {thing.kind for thing in scene.things}
    largest = list(sight.kinds)[: len(asked)]
    for thing in scene.things:
        yield "object", thing.kind in largest
        if thing.colour in text:
            yield "colour", thing.kind in sight.kinds and colour_of(sight, thing.kind, scene) == thing.colour
        if place_is_told(scene, thing, text):
            yield "position", thing.kind in sight.kinds and place_of(sight, thing.kind) == thing.place
    if scene.relation == "above" and asked <= sight.kinds.keys():
        under, over = (sight.places[thing.kind][1] for thing in scene.things)
        yield "position", over < under
    yield "background", sight.ground == scene.ground and sight.time == scene.time


def place_is_told(scene: Scene, thing: Thing, text: str) -> bool:
    if scene.relation == "beside":
        return True
    words = {"middle": ("middle", "cent")}.get(thing.place, (thing.place,))
    return scene.relation == "alone" and any(word in text for word in words)
