"""Clips in windows: how many, how long, with which prompt."""

import pytest

from engines.catalog import Entry
from engines.catalog.entry import License
from engines.diffusion.video_family import VideoFamily
from engines.requests.timed_prompt import TimedPrompt, timed_prompts, without_times
from engines.video.windows import Window, plan_windows

ALWAYS = (TimedPrompt(0, "a fox"),)


def entry(low: float, high: float, fps: float = 16, temporal: int = 4) -> Entry:
    return Entry(
        id="some",
        name="Some",
        use="Clips.",
        tasks=("create_clip", "animate_image"),
        runtime="torch",
        pipeline="diffusers:WanPipeline",
        parts={},
        license=License(name="MIT", commercial=True),
        verified="twin",
        bounds={"seconds": (low, high, 0.5)},
        options={"fps": fps, "temporal": temporal},
    )


def plan(
    seconds: float, *, low: float = 0.5, high: float = 5, prompts: tuple[TimedPrompt, ...] = ALWAYS
) -> list[Window]:
    return list(plan_windows(VideoFamily(), entry(low, high), seconds, prompts))


def test_a_clip_that_the_model_can_make_is_one_window() -> None:
    assert plan(5) == [Window("a fox", 81, 81)]
    assert plan(0.5) == [Window("a fox", 9, 9)]


@pytest.mark.parametrize("seconds", [5.5, 7, 12, 30, 60])
def test_a_longer_clip_has_as_few_and_as_even_windows_as_possible(seconds: float) -> None:
    windows = plan(seconds)
    frames = 1 + sum(one.kept - 1 for one in windows)
    assert abs(frames / 16 - seconds) <= 4 / 16
    assert len(windows) == -(-(frames - 1) // 80)
    assert max(one.frames for one in windows) - min(one.frames for one in windows) <= 4
    assert all(one.frames == one.kept <= 81 for one in windows)


def test_a_model_with_one_length_makes_whole_windows_and_keeps_what_is_needed() -> None:
    windows = plan_windows(VideoFamily(), entry(2.125, 2.125, fps=8, temporal=1), 6, ALWAYS)
    assert [one.frames for one in windows] == [17, 17, 17]
    assert 1 + sum(one.kept - 1 for one in windows) == 48


def test_each_prompt_has_its_own_windows() -> None:
    prompts = (TimedPrompt(0, "sits"), TimedPrompt(2, "stands"), TimedPrompt(9, "leaves"))
    windows = plan(10, prompts=prompts)
    assert [one.prompt for one in windows] == ["sits", "stands", "stands", "leaves"]
    assert [one.kept for one in windows] == [33, 57, 57, 17]


def test_a_prompt_shorter_than_the_shortest_clip_is_cut() -> None:
    prompts = (TimedPrompt(0, "sits"), TimedPrompt(4.5, "stands"))
    assert plan(5, low=2, prompts=prompts)[-1] == Window("stands", 33, 9)


def test_times_in_a_prompt() -> None:
    text = "A fox in the snow.\n0 s: it sits\n2.5s:  it looks up\n4 S : it runs"
    assert timed_prompts(text) == (
        TimedPrompt(0, "A fox in the snow.\nit sits"),
        TimedPrompt(2.5, "A fox in the snow.\nit looks up"),
        TimedPrompt(4, "A fox in the snow.\nit runs"),
    )
    assert without_times(text) == "A fox in the snow.\nit sits\nit looks up\nit runs"
    assert timed_prompts("a clock at 10 s: sharp") == (TimedPrompt(0, "a clock at 10 s: sharp"),)
    with pytest.raises(ValueError, match="3 s is not after 4 s"):
        timed_prompts("0 s: a\n4 s: b\n3 s: c")
    with pytest.raises(ValueError, match="what happens at 4 s"):
        timed_prompts("0 s: a\n4 s:\n")
