"""Deliver a clip: trimmed, at a constant frame rate, in one size, in Rec.709, with all of its sound."""

import json
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av

from engines import protocol
from engines.host.context import Context
from engines.media.clip import ClipReader, frame_at, upright_size
from engines.media.files import proxy_path, thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.requests.deliver import DeliverClip
from engines.requests.frame_rate import shown_rate
from engines.video.finish.formats import FORMATS, PROXY, PROXY_SIDE
from engines.video.finish.picture import Framing
from engines.video.finish.timing import constant_rate
from engines.video.finish.writer import DeliveryWriter, Plan
from errors import StudioError

_HDR = {16: "PQ", 18: "HLG"}
"""FFmpeg's numbers of the transfer functions of HDR."""


def deliver_clip(request: DeliverClip, context: Context) -> None:
    """Write a clip in the format, frame rate, size and part that a request names; and a proxy, if browsers need one."""
    source = context.input(request.clip)
    with ClipReader(source) as reader:
        _check(request, reader)
        plan = _plan(request, reader)
        progress = _Progress(context, plan.frames(reader.seconds), has_proxy=request.format != "h264")
        writer = DeliveryWriter(reader, plan, context.check, progress.written)
        path, record = context.new_file(plan.format.suffix), context.provenance()
        with write_atomically(path) as part:
            notes = writer.write(source, part, json.dumps(record, ensure_ascii=False))
        notes += [*reader.notes, *_conversions(request, reader, writer, plan)]
    if progress.has_proxy:
        _write_proxy(path, context, progress)
    seconds = writer.count / plan.rate
    save_thumb(frame_at(path, float(seconds / 3)), thumb_path(path))
    width, height = plan.framing.frame
    context.add(
        protocol.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            proxy=proxy_path(path).name if progress.has_proxy else None,
            kind="clip",
            mime=plan.format.mime,
            width=width,
            height=height,
            seconds=float(seconds),
            fps=float(plan.rate),
            frames=writer.count,
            content_sha256=writer.digest.hexdigest(),
            provenance=record,
            notes=tuple(notes),
        )
    )


class _Progress:
    """Counts the frames that are written, those of the proxy as well, and shows them."""

    def __init__(self, context: Context, frames: int, has_proxy: bool) -> None:
        self.has_proxy = has_proxy
        self._context = context
        self._total = 2 * frames if has_proxy else frames
        self._done = 0

    def written(self, frame: av.VideoFrame) -> None:
        """Count a frame. Raises JobCancelled."""
        self._done += 1
        noun = "step" if self.has_proxy else "frame"
        self._context.progress(self._done, max(self._total, self._done), noun)
        self._context.preview(partial(upright_size, frame))


def _check(request: DeliverClip, reader: ClipReader) -> None:
    if name := _HDR.get(reader.format.color.transfer):
        raise StudioError(
            "hdr_clip",
            f"This clip is HDR ({name}).",
            "Deliveries are in Rec.709, which has no HDR, and the studio does not convert one into the other.",
            "Convert it to Rec.709 in your editing program, then upload it again.",
        )
    if request.start is not None and request.start >= reader.seconds:
        raise StudioError(
            "start_after_end",
            "“Start at” is after the end of the clip.",
            f"The clip lasts {float(reader.seconds):.2f} s.",
            "Choose an earlier start.",
        )


def _plan(request: DeliverClip, reader: ClipReader) -> Plan:
    source = reader.format
    return Plan(
        FORMATS[request.format],
        request.rate or constant_rate(source.fps, reader.base_rate),
        Framing.of((source.width, source.height), source.pixel_aspect, request.size, request.framing),
        _exact(request.start or 0),
        None if request.end is None else _exact(request.end),
    )


def _exact(seconds: float) -> Fraction:
    return Fraction(seconds).limit_denominator(100_000)


def _conversions(request: DeliverClip, reader: ClipReader, writer: DeliveryWriter, plan: Plan) -> Iterator[str]:
    """Yield notes about what was converted without being asked for."""
    if reader.first.interlaced_frame:
        yield "The clip is interlaced; the result is progressive, with the same number of frames."
    if writer.uneven and request.rate is None:
        yield f"The frame rate of the clip varies; the result has a constant {shown_rate(plan.rate)} fps."


def _write_proxy(path: Path, context: Context, progress: _Progress) -> None:
    """Write the small copy of a delivery that browsers play."""
    with ClipReader(path) as reader, write_atomically(proxy_path(path)) as part:
        size = reader.format.width, reader.format.height
        plan = Plan(PROXY, reader.format.fps, Framing.within(size, PROXY_SIDE))
        DeliveryWriter(reader, plan, context.check, progress.written).write(path, part)
