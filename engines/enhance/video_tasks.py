"""Tasks that upscale a clip or change its frame rate, frame by frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from PIL import Image

from engines.enhance.frame_interpolation import InBetween, clock
from engines.enhance.upscaler import Upscaler, network
from engines.host.context import Context, JobYielded
from engines.media.clip import ClipFormat, ClipReader, ClipWriter, Frame
from engines.memory import TorchModule
from engines.memory.component import load_errors
from engines.requests import InterpolateClip, UpscaleClip
from engines.weights.sizes import weight_bytes

if TYPE_CHECKING:
    import torch

    from engines.native.rife.ifnet import IFNet

WORKING_BYTES = 600
"""What RIFE needs per pixel of a frame, in addition to its weights."""


def upscale_clip(request: UpscaleClip, context: Context) -> None:
    """Upscale every frame of a clip; timestamps and sound are kept."""
    net = network(context, context.entry, request.scale)
    with context.lease(net.component) as (model,), ClipReader(context.input(request.clip)) as reader:
        upscale = Upscaler(net, model, context.entry)
        size = (reader.format.width * request.scale, reader.format.height * request.scale)
        with _writing(context, reader.format._replace(width=size[0], height=size[1])) as writer:
            for frame in reader.read(skip=writer.done):
                large = upscale.enlarge(frame.pixels, size, lambda *_: context.check())
                _write(Frame(large, frame.start, frame.duration), writer, context, reader.frames)
            _finish(writer, reader, context, request.clip)


def interpolate_clip(request: InterpolateClip, context: Context) -> None:
    """Change a clip's frame rate by interpolating frames; duration and sound are kept."""
    rate = request.fps
    with ClipReader(context.input(request.clip)) as reader:
        pixels = reader.format.width * reader.format.height
        with context.lease(rife(context), working_bytes=pixels * WORKING_BYTES) as (net,):
            total = max(1, ceil(reader.seconds * rate))
            with _writing(context, reader.format._replace(time_base=clock(rate), fps=rate)) as writer:
                for frame in retime(reader.read(), rate, net, skip=writer.done):
                    _write(frame, writer, context, total)
                _finish(writer, reader, context, request.clip)


def retime(frames: Iterator[Frame], rate: Fraction, net: "IFNet", skip: int = 0) -> Iterator[Frame]:
    """Yield the frames of a clip at ``rate``, without the first ``skip``. Frames already in place pass unchanged."""
    number, origin = 0, None
    for frame, following in _with_next(frames):
        origin = frame.start if origin is None else origin
        end = frame.start + frame.duration
        between = InBetween(frame.pixels, following.pixels if following else frame.pixels)
        while (now := origin + number / rate) < end:
            if number >= skip:
                pixels = between.at((now - frame.start) / frame.duration, net)
                yield Frame(pixels, now, 1 / rate)
            number += 1


def _with_next(frames: Iterator[Frame]) -> Iterator[tuple[Frame, Frame | None]]:
    frame = next(frames, None)
    for following in frames:
        if frame:
            yield frame, following
        frame = following
    if frame:
        yield frame, None


@contextmanager
def _writing(context: Context, format: ClipFormat) -> Iterator[ClipWriter]:
    writer = ClipWriter(context.checkpoint_dir, format)
    try:
        yield writer
    finally:
        writer.abandon()


def _write(frame: Frame, writer: ClipWriter, context: Context, total: int) -> None:
    """Write a frame and report progress. Raises JobCancelled, or JobYielded once the finished frames are saved."""
    writer.write(frame)
    context.progress(writer.done, max(total, writer.done), "frame")
    context.preview(lambda: Image.fromarray(frame.pixels))
    if context.should_yield:
        writer.keep()
        raise JobYielded


def _finish(writer: ClipWriter, reader: ClipReader, context: Context, asset: str) -> None:
    record = context.provenance(source_whole=reader.whole)
    result = writer.finish(context.new_file(".mp4"), context.input(asset), record)
    context.add(result.model_copy(update={"notes": (*reader.notes, *result.notes)}))


def rife(context: Context) -> TorchModule:
    """Return the component that draws in-between frames."""
    path = context.catalog.path(context.entry, "flownet")

    def build(device: "torch.device", dtype: "torch.dtype | None") -> "IFNet":
        from engines.native.rife.weights import load_ifnet

        with load_errors(path):
            return load_ifnet(path, device, dtype)

    return TorchModule(context.entry.id, build, weight_bytes(path), note=context.entry.name)
