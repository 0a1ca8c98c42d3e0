"""Clips made in parts: their length, their joins, their prompts, and what is left of them after a crash."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines import protocol
from engines.media.clip import ClipFormat, ClipReader, ClipWriter, Color, Frame
from engines.media.clip_reader import Pixels
from engines.requests import AssetFacts
from errors import StudioError
from tests.engines.image.image_worker import Desk, noise

pytestmark = pytest.mark.slow

BEAT = Fraction(1, 8)
"""The twin makes 17 frames at once, 8 a second."""

Tables = Callable[[str], Desk]


@pytest.fixture
def desk(twin_folder: Path, tmp_path: Path) -> Tables:
    """``desk(name)``: a desk with its own checkpoints, and the same twins."""
    return lambda name: Desk(twin_folder, tmp_path / name)


def frames_of(desk: Desk, file: protocol.ResultFile) -> list[Pixels]:
    with ClipReader(desk.folder / "out" / file.file) as reader:
        return [frame.pixels for frame in reader.read()]


def animate(desk: Desk, **fields: Any) -> protocol.ResultFile:
    """Animate the same picture with the twin of Storybook Motion."""
    image = desk.put(noise(96, 96))
    request = {"model": desk.twin("storybook-motion"), "image": image, "prompt": "zoom in", "steps": 2, **fields}
    (made,) = desk.files(task="animate_image", **request)
    return made


def test_a_clip_beyond_the_model_is_made_in_parts(desk: Tables) -> None:
    short, long = animate(desk("short")), animate(desk("long"), seconds=6)
    assert (short.frames, long.frames) == (17, 48)
    assert [one["seconds"] for one in long.provenance["joins"]] == [17 / 8, 33 / 8]
    assert "Made in parts." in " ".join(long.notes)
    whole, first = frames_of(desk("long"), long), frames_of(desk("short"), short)
    for one, other in zip(whole[:17], first, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 3  # the same but for the encoder


def test_a_crash_costs_only_the_part_it_was_in(desk: Tables, tmp_path: Path) -> None:
    unbroken = animate(desk("unbroken"), seconds=4)
    broken, steps = desk("broken"), list[int]()

    def crash(event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress):
            steps.append(event.step)
            if event.step == 3:  # of 4, in the second part
                raise SystemExit

    broken.worker._send = crash
    with pytest.raises(AssertionError):
        animate(broken, seconds=4)
    resumed = desk("broken")
    assert animate(resumed, seconds=4).content_sha256 == unbroken.content_sha256
    seen = [event.step for event in resumed.events if isinstance(event, protocol.Progress)]
    assert seen[0] == 3


def test_each_time_has_its_prompt(desk: Tables) -> None:
    plain = animate(desk("plain"), seconds=4, prompt="zoom in")
    timed = animate(desk("timed"), seconds=4, prompt="0 s: zoom in\n2 s: pan left")
    assert timed.frames == plain.frames == 32
    one, other = frames_of(desk("plain"), plain), frames_of(desk("timed"), timed)
    assert all(np.abs(a.astype(int) - b).mean() < 3 for a, b in zip(one[:17], other[:17], strict=True))
    assert np.abs(one[-1].astype(int) - other[-1]).mean() > 1


def test_times_must_fit_the_clip_and_the_model(desk: Tables) -> None:
    table = desk("refused")
    image, model = table.put(noise(96, 96)), table.twin("storybook-motion")

    def refusal(**fields: Any) -> str:
        with pytest.raises(StudioError) as error:
            table.ask(**{"task": "animate_image", "model": model, **fields})
        return error.value.problem.sentence

    assert "goes on after the end of the clip" in refusal(image=image, prompt="0 s: zoom in\n3 s: pan left")
    assert "3 s is not after 4 s" in refusal(image=image, prompt="0 s: zoom in\n4 s: pan left\n3 s: rise", seconds=6)
    only = table.twin("wan-2.1-1.3b")
    assert "cannot change its prompt" in refusal(task="create_clip", model=only, prompt="0 s: a\n1 s: b", seconds=5)


def clip(desk: Desk, fps: int = 8, size: tuple[int, int] = (96, 96), count: int = 8) -> str:
    """A clip of a picture that moves to the right, as an input."""
    width, height = size
    path, rate = desk.folder / f"clip-{fps}-{width}.mp4", Fraction(fps)
    writer = ClipWriter(
        desk.folder / "writing", ClipFormat(width, height, 1 / (rate * 1000), rate, Color(1, 1, 1), Fraction(1))
    )
    for number in range(count):
        pixels = np.roll(np.asarray(noise(width, height)), 2 * number, axis=1)
        writer.write(Frame(np.ascontiguousarray(pixels), number / rate, 1 / rate))
    writer.finish(path, None, {})
    facts = AssetFacts(
        kind="clip", mime="video/mp4", bytes=1, width=width, height=height, seconds=count / fps, fps=fps, frames=count
    )
    return desk.add(path, facts)


def go_on(desk: Desk, source: str, **fields: Any) -> protocol.ResultFile:
    request = {"model": desk.twin("storybook-motion"), "clip": source, "prompt": "pan left", "steps": 2, **fields}
    (made,) = desk.files(task="continue_clip", **request)
    return made


def test_a_clip_is_continued_after_its_last_frame(desk: Tables) -> None:
    table = desk("joined")
    source = clip(table, size=(384, 384))
    made = go_on(table, source)
    assert (made.frames, made.width, made.seconds) == (8 + 16, 384, 3.0)
    assert [one["seconds"] for one in made.provenance["joins"]] == [1.0]
    with ClipReader(Path(table.inputs[source].path)) as reader:
        before = [frame.pixels for frame in reader.read()]
    after = frames_of(table, made)
    assert np.abs(after[7].astype(int) - before[7]).mean() < 4
    other = desk("alone")
    assert go_on(other, clip(other, size=(384, 384)), join=False).frames == 16


def test_what_cannot_be_joined_says_why(desk: Tables) -> None:
    table = desk("other rate")
    made = go_on(table, clip(table, fps=24))
    assert made.frames == 16
    assert "This is only the new part: the clip has 24 fps, and Storybook Motion (tiny twin) makes 8." in made.notes
    wide = desk("other shape")
    assert "different shapes" in " ".join(go_on(wide, clip(wide, size=(192, 96))).notes)
