"""What the judge reads from pixels with a perfect detector, and what it counts."""

from collections.abc import Callable

import numpy as np
import pytest

from engines import torch_setup

torch_setup.import_heavy("diffusers", "transformers")

import torch  # noqa: E402

from engines.families.storybook import words  # noqa: E402
from tools.storybook import dataset, judge, skill  # noqa: E402
from tools.storybook.drawing import SIDE, marks  # noqa: E402
from tools.storybook.scene import Scene  # noqa: E402

ASKED = [
    (dataset.scene(number), dataset.captions(number, 1)[0])
    for number in range(2 * dataset.HELD_OUT, 2 * dataset.HELD_OUT + 60)
]


class PerfectEye:
    """Returns the ground truth of the given scenes, in order, whatever the pictures show."""

    def __init__(self, scenes: list[Scene]) -> None:
        self._left = list(scenes)

    def __call__(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        scenes, self._left = self._left[: len(pictures)], self._left[len(pictures) :]
        kinds, plain = (
            torch.from_numpy(np.stack(part))
            for part in zip(*(marks(scene, SIDE // 4) for scene in scenes), strict=True)
        )
        things = torch.nn.functional.one_hot(kinds.long(), len(words.THINGS) + 1).movedim(-1, 1).float()
        grounds = [tuple(words.GROUNDS).index(scene.ground) for scene in scenes]
        times = [tuple(words.TIMES).index(scene.time) for scene in scenes]
        return things, plain.float() - 0.5, torch.eye(len(words.GROUNDS))[grounds], torch.eye(len(words.TIMES))[times]


def _measured(draw: Callable[[list[str]], np.ndarray], seen: list[Scene]) -> skill.Skill:
    return skill.measure(ASKED, draw, PerfectEye(seen))  # type: ignore[arg-type]


def _by_hand(scenes: list[Scene]) -> Callable[[list[str]], np.ndarray]:
    left = list(scenes)

    def draw(captions: list[str]) -> np.ndarray:
        some = [left.pop(0) for _ in captions]
        return skill.as_drawn(some)

    return draw


def test_drawn_scenes_pass_their_own_captions() -> None:
    scenes = [scene for scene, _ in ASKED]
    found = _measured(_by_hand(scenes), scenes)
    assert found.share("object") > 0.97
    assert found.share("background") == 1
    assert found.share("color") > 0.93
    assert found.share("position") > 0.93
    assert min(found.asked[case] for case in skill.CASES) > 25


def test_other_scenes_fail_the_captions() -> None:
    scenes = [dataset.scene(number) for number in range(len(ASKED))]
    found = _measured(_by_hand(scenes), scenes)
    assert found.share("object") < 0.4
    assert found.share("color") < 0.3
    assert found.share("background") < 0.25


def test_a_thing_that_is_not_seen_has_no_color_and_no_place() -> None:
    scenes = [scene for scene, _ in ASKED]
    bare = [Scene(**{**scene.__dict__, "things": ()}) for scene in scenes]
    found = _measured(_by_hand(bare), bare)
    assert found.share("object") == found.share("color") == found.share("position") == 0
    assert found.share("background") == 1


@pytest.mark.parametrize(("x", "place"), [(0.1, "left"), (0.37, "left"), (0.5, "middle"), (0.63, "right")])
def test_thirds_of_the_picture(x: float, place: str) -> None:
    sight = judge.Detection({"cat": 0.1}, {"cat": (x, 0.5)}, {}, "sea", "day")
    assert judge.place_of(sight, "cat") == place


def test_no_unseen_caption_is_in_the_training_data() -> None:
    trained = {text for number in range(300) for text in dataset.captions(number)}
    fresh = skill.unseen(40, 300)
    assert not trained & {text for _, text in fresh}
    assert len(fresh) == 40


def test_the_judge_answers_for_each_picture() -> None:
    torch.manual_seed(0)
    sights = judge.look(judge.Eye().eval(), skill.as_drawn([scene for scene, _ in ASKED[:3]]))
    assert len(sights) == 3
    assert {sight.ground for sight in sights} <= set(words.GROUNDS)
