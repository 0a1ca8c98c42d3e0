"""Find the cuts of a clip with TransNet V2, in one pass over small copies of its frames."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import Interpolation

from engines.host.context import Context
from engines.media.clip import DecodedFrame, Pixels
from engines.memory import TorchModule
from engines.memory.component import load_errors
from engines.weights.sizes import weight_bytes

if TYPE_CHECKING:
    import torch

    from engines.native.transnetv2.network import TransNetV2

_WINDOW, _STEP = 100, 50
"""The network sees 100 frames at once; what it says about the 50 in the middle is used."""
_MARGIN = (_WINDOW - _STEP) // 2
_SURE = 0.5
_LONGEST = 3
"""A transition of more frames than this is a dissolve or a fade, which has no cut."""


def cut_times(frames: Iterable[DecodedFrame], net: "TransNetV2") -> set[Fraction]:
    """Return the start of each frame that begins a shot, in seconds."""
    starts: list[Fraction] = []

    def small() -> Iterator[Pixels]:
        for frame in frames:
            starts.append(frame.start)
            yield _small(frame.picture)

    times: set[Fraction] = set()
    run: list[tuple[float, int]] = []
    for number, likelihood in enumerate(_likelihoods(small(), net)):
        if likelihood > _SURE:
            run.append((likelihood, number))
            continue
        if 0 < len(run) <= _LONGEST:
            times.add(starts[max(run)[1] + 1])
        run = []
    return times


def _small(frame: av.VideoFrame) -> Pixels:
    from engines.native.transnetv2.network import HEIGHT, WIDTH

    pixels = frame.to_ndarray(format="rgb24", width=WIDTH, height=HEIGHT, interpolation=Interpolation.AREA)
    return np.asarray(pixels, np.uint8)


def _likelihoods(frames: Iterable[Pixels], net: "TransNetV2") -> Iterator[float]:
    """Yield, for each frame, how likely there is a cut after it."""
    window: list[Pixels] = []
    open_frames = 0
    for frame in frames:
        window += [frame] * (1 if window else 1 + _MARGIN)
        open_frames += 1
        if len(window) == _WINDOW:
            yield from _middle(window, net)
            window, open_frames = window[_STEP:], open_frames - _STEP
    while open_frames > 0:  # the end is followed by copies of the last frame
        window += [window[-1]] * (_WINDOW - len(window))
        yield from _middle(window, net)[:open_frames]
        window, open_frames = window[_STEP:], open_frames - _STEP


def _middle(window: list[Pixels], net: "TransNetV2") -> list[float]:
    import torch

    with torch.inference_mode():
        frames = torch.from_numpy(np.stack(window)).to(net.fc1.weight.device)
        return [float(value) for value in net(frames)[_MARGIN : _MARGIN + _STEP].float().cpu()]


def transnet(context: Context) -> TorchModule:
    """Return the component that finds cuts."""
    path = context.catalog.path(context.entry, "transnet")

    def build(device: "torch.device", dtype: "torch.dtype | None") -> "TransNetV2":
        from engines.native.transnetv2.weights import load_transnet

        with load_errors(path):
            return load_transnet(path, device)

    return TorchModule(f"{context.entry.id}.transnet", build, weight_bytes(path), note="TransNet V2")
