"""How accurately pictures follow their captions, counted over unseen captions."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tools.storybook import dataset
from tools.storybook.judge import Detection, Eye, color_of, look, place_of
from tools.storybook.scene import Scene, Thing

CASES = ("object", "color", "background", "position")
AIMS = {"object": 0.9, "color": 0.9, "background": 0.9, "position": 0.8}
_FIRST = 2 * dataset.HELD_OUT
"""Scenes from this number on are in neither the model's nor the judge's training data."""

_AT_ONCE = 20


@dataclass(frozen=True)
class Skill:
    """For each case, how often it was ``right`` and how often it was ``asked``."""

    right: Counter[str]
    asked: Counter[str]

    def share(self, case: str) -> float:
        """The share of right answers, 0 to 1."""
        return self.right[case] / max(1, self.asked[case])


def unseen(count: int, trained_on: int) -> list[tuple[Scene, str]]:
    """Scenes with captions that none of the first ``trained_on`` scenes has."""
    known = {text for number in range(trained_on) for text in dataset.captions(number)}
    found = _fresh(known)
    return [next(found) for _ in range(count)]


def measure(asked: list[tuple[Scene, str]], draw: Callable[[list[str]], np.ndarray], eye: Eye) -> Skill:
    """Measure the pictures that ``draw`` makes from captions: (count, side, side, 3) bytes."""
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
    """The drawn scenes themselves, which measure the judge."""
    from tools.storybook.drawing import draw

    return np.stack([np.asarray(draw(scene)) for scene in scenes])


def _fresh(known: set[str]) -> Iterator[tuple[Scene, str]]:
    number = _FIRST
    while True:
        (text,) = dataset.captions(number, 1)
        if text not in known:
            yield dataset.scene(number), text
        number += 1


def _answers(scene: Scene, text: str, sight: Detection) -> Iterator[tuple[str, bool]]:
    """Yield whether each detail of the caption is in the picture. Details that it leaves open are skipped."""
    asked = {thing.kind for thing in scene.things}
    largest = list(sight.kinds)[: len(asked)]
    for thing in scene.things:
        yield "object", thing.kind in largest
        if thing.color in text:
            yield "color", thing.kind in sight.kinds and color_of(sight, thing.kind, scene) == thing.color
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
