"""Make one clip from windows: generate them in turn, write their frames, and save a checkpoint after each."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.diffusion import lora, prompt_embeds
from engines.diffusion.generate import SeededInputs, generate
from engines.diffusion.runner import StageRunner
from engines.diffusion.video_family import VideoInputs
from engines.media.files import write_atomically
from engines.video.clip_file import to_picture
from engines.video.joins import ColorMatch, Join, JoinMeter, Pixels
from engines.video.window_sounds import save_sound
from engines.video.windows import Window

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.video.clip_file import ClipFile

_SEEDS_APART = 1 << 32
"""Each window draws its own noise; the seeds of other takes are below this."""


@dataclass
class _Progress:
    """What is finished: the windows, the frames of theirs, the last one of them and how much it differs from the one
    before, the mean color of the first window, and the joins."""

    windows: int = 0
    frames: int = 0
    tail: Pixels | None = None
    usual: tuple[float, ...] = ()
    change: float | None = None
    joins: tuple[Join, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "_Progress | None":
        """Return what an earlier attempt has finished."""
        try:
            saved = json.loads((folder / "windows.json").read_bytes())
            tail = np.load(folder / f"tail-{saved['windows']}.npy", allow_pickle=False)
        except (OSError, ValueError):
            return None
        joins = tuple(Join(*one) for one in saved.pop("joins"))
        return cls(tail=tail, joins=joins, usual=tuple(saved.pop("usual")), **saved)

    def save(self, folder: Path) -> None:
        """Save it, safe against power loss."""
        assert self.tail is not None
        with write_atomically(folder / f"tail-{self.windows}.npy") as tail:
            np.save(tail, self.tail, allow_pickle=False)
        state = {name: getattr(self, name) for name in ("windows", "frames", "usual", "change", "joins")}
        with write_atomically(folder / "windows.json") as index:
            index.write_text(json.dumps(state))
        (folder / f"tail-{self.windows - 1}.npy").unlink(missing_ok=True)


class LongClip:
    """One take of a clip in windows. ``tail`` is the last frame of a clip that it continues, in the model's size."""

    def __init__(
        self,
        runner: StageRunner,
        windows: tuple[Window, ...],
        take: SeededInputs,
        loras: lora.Loras,
        last: "Image | None" = None,
        tail: Pixels | None = None,
    ) -> None:
        self._runner, self._windows, self._take, self._loras, self._last = runner, windows, take, loras, last
        self._tail = tail
        self.truncated = ""

    def write(self, file: "ClipFile", folder: Path, number: int, count: int) -> tuple[Join, ...]:
        """Generate what an earlier attempt has not finished, and write its frames. Returns the joins.

        It is take ``number`` of ``count``. Raises JobCancelled.
        """
        context = self._runner.context
        done = _Progress.load(folder) or _Progress(tail=self._tail, usual=_mean(self._tail))
        meter = JoinMeter(float(file.rate), file.begins + done.frames, done.joins, done.tail, done.change)
        steps, total = self._take.inputs.steps, len(self._windows)
        for index in range(done.windows, total):
            before = (number * total + index) * steps
            with context.portion(before, (count * total - number * total - index - 1) * steps):
                means = []
                for pixels, joins in self._window(index, done, file, folder):
                    meter.see(pixels, joins=joins)
                    file.write(pixels, done.frames)
                    done.frames, done.tail = done.frames + 1, pixels
                    means.append(_mean(pixels))
                done.usual = done.usual or tuple(np.mean(means, axis=0).tolist())
            done.windows, done.change, done.joins = index + 1, meter.change, tuple(meter.joins)
            file.keep()
            done.save(folder)
        return tuple(meter.finish())

    def _window(self, index: int, done: _Progress, file: "ClipFile", folder: Path) -> Iterator[tuple[Pixels, bool]]:
        """Generate a window and save its sound. Yields its frames that are kept, and whether one is the first after a
        join."""
        window, runner, tail = self._windows[index], self._runner, done.tail
        inputs = self._inputs(index, tail)
        runner = runner.with_inputs(inputs)
        encoders = lora.text_encoder_loras(runner.context, self._loras)
        encoded = prompt_embeds.encode_prompt(runner, encoders)
        self.truncated = self.truncated or encoded.truncated
        take = SeededInputs(inputs, self._take.seed + index * _SEEDS_APART)
        match: ColorMatch | None = None
        with closing(generate(runner, encoded.prompt_embeds, [take], self._loras)) as outputs:
            output = next(outputs)
            if output.audio:
                first = done.frames - (tail is not None)
                save_sound(folder, index, output.audio, first, window.kept / file.rate)
            for position, frame in enumerate(islice(output.frames, window.kept)):
                if position == 0 and tail is not None:
                    match = ColorMatch.between(frame, tail, np.asarray(done.usual, np.float32))  # both show the same
                else:
                    progress = position / max(1, window.kept - 1)
                    yield match.apply(frame, progress) if match else frame, position == 1 and tail is not None

    def _inputs(self, index: int, tail: Pixels | None) -> VideoInputs:
        window, inputs = self._windows[index], self._take.inputs
        assert isinstance(inputs, VideoInputs)
        conditioning = inputs.conditioning
        if tail is not None:
            conditioning = replace(conditioning, first=to_picture(tail))
        if index == len(self._windows) - 1:
            conditioning = replace(conditioning, last=self._last)
        task = "animate_image" if tail is not None else inputs.task
        return replace(inputs, task=task, prompt=window.prompt, frames=window.frames, conditioning=conditioning)


def _mean(frame: Pixels | None) -> tuple[float, ...]:
    """Return the mean of each channel; nothing without a frame."""
    return () if frame is None else tuple(np.ascontiguousarray(frame).mean((0, 1)).tolist())
