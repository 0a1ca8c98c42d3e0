"""Moving scenes: the frames show the motion in the caption."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from engines.families.storybook.words import MOTIONS
from tools.storybook import dataset
from tools.storybook.drawing import SIDE, marks
from tools.storybook.motion import (
    Moving,
    at,
    frames,
    moving_caption,
    random_moving,
    some_frames,
    without_motion,
)

PLAIN = ("alone", "medium", "middle", "cat")
SCENE = next(
    scene
    for scene in map(dataset.scene, range(1000))
    if (scene.relation, scene.framing, scene.things[0].place, scene.things[0].kind) == PLAIN
)


def _middle(moving: Moving, part: float) -> tuple[float, float, int]:
    rows, columns = np.nonzero(marks(at(moving, part))[0])
    return columns.mean(), rows.mean(), len(rows)


def test_a_thing_moves_as_the_caption_says() -> None:
    for motion, x, y in (("left", -1, 0), ("right", 1, 0), ("rise", 0, -1), ("still", 0, 0)):
        first, last = _middle(Moving(SCENE, motion), 0), _middle(Moving(SCENE, motion), 1)
        assert np.sign(round((last[0] - first[0]) / 20)) == x, motion
        assert np.sign(round((last[1] - first[1]) / 20)) == y, motion
    first, last = _middle(Moving(SCENE, "grow"), 0), _middle(Moving(SCENE, "grow"), 1)
    assert last[2] > 1.5 * first[2]


@pytest.mark.parametrize("motion", MOTIONS)
def test_frames_differ_exactly_where_something_moves_and_are_the_same_each_time(motion: str) -> None:
    made, again = ([np.asarray(frame) for frame in frames(Moving(SCENE, motion), 5)] for _ in range(2))
    assert [frame.shape for frame in made] == [(SIDE, SIDE, 3)] * 5
    assert all(np.array_equal(one, other) for one, other in zip(made, again, strict=True))
    changes = [not np.array_equal(one, other) for one, other in pairwise(made)]
    assert changes == [motion != "still"] * 4


def test_opposite_camera_motions_are_reversed() -> None:
    for one, other in (("pan left", "pan right"), ("zoom in", "zoom out")):
        forth, back = (list(frames(Moving(SCENE, motion), 3)) for motion in (one, other))
        assert all(np.array_equal(first, second) for first, second in zip(forth, back[::-1], strict=True))


def test_a_thing_starts_at_the_scenes_position() -> None:
    for motion in ("left", "right", "rise", "grow"):
        assert at(Moving(SCENE, motion), 0) == SCENE


def test_selected_frames_match_all_frames() -> None:
    for motion in MOTIONS:
        every = [np.asarray(frame) for frame in frames(Moving(SCENE, motion), 9)]
        some = some_frames(Moving(SCENE, motion), (0, 3, 8), 9)
        assert all(np.array_equal(every[number], frame) for number, frame in zip((0, 3, 8), some, strict=True))


def test_captions_describe_the_motion_and_usually_the_scene() -> None:
    alone = 0
    for number in range(60):
        lot = Random(number)
        moving = random_moving(lot)
        text = moving_caption(moving, lot)
        assert any(said in text for said in MOTIONS[moving.motion])
        assert not any(said in without_motion(text) for group in MOTIONS.values() for said in group)
        alone += not without_motion(text)
        assert random_moving(Random(number)) == moving
        assert len(moving.scene.things) == 1
    assert 0 < alone < 40
