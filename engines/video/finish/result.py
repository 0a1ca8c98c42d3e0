"""Save a finished clip: the file, a small copy for browsers that cannot play it, and a thumbnail."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av

from engines import protocol
from engines.host.context import Context
from engines.media.clip import ClipReader, frame_at, upright_size
from engines.media.clip_sound import Excerpt, carry_sound
from engines.media.files import proxy_path, thumb_path, write_atomically
from engines.media.picture import save_thumb
from engines.video.finish.formats import PROXY, PROXY_SIDE
from engines.video.finish.picture import Framing, RecConverter
from engines.video.finish.writer import AddSound, FileWriter, Output, SetTimecode


class Production(NamedTuple):
    """A clip to write: the output, the frames in its format, and about how many there are; what adds its sound and its
    timecode; and a function that returns notes once everything is written."""

    output: Output
    frames: Iterable[av.VideoFrame]
    total: int
    add_sound: AddSound
    set_timecode: SetTimecode
    notes: Callable[[], Iterable[str]]


def save_clip(production: Production, context: Context) -> None:
    """Write a clip, and a proxy if browsers cannot play it, and add it to the job. Raises JobCancelled."""
    output = production.output
    progress = Progress(context, production.total, output.format.needs_proxy)
    writer = FileWriter(output, progress.written)
    path, record = context.new_file(output.format.suffix), context.provenance()
    with write_atomically(path) as part:
        text = json.dumps(record, ensure_ascii=False)
        notes = writer.write(part, production.frames, production.add_sound, production.set_timecode, text)
    notes += production.notes()
    if progress.has_proxy:
        write_proxy(path, context.check, progress.written)
    seconds = writer.count / output.rate
    save_thumb(frame_at(path, float(seconds / 3)), thumb_path(path))
    context.add(
        protocol.ResultFile(
            file=path.name,
            thumb=thumb_path(path).name,
            proxy=proxy_path(path).name if progress.has_proxy else None,
            kind="clip",
            mime=output.format.mime,
            width=output.size[0],
            height=output.size[1],
            seconds=float(seconds),
            fps=float(output.rate),
            frames=writer.count,
            content_sha256=writer.digest.hexdigest(),
            provenance=record,
            notes=tuple(dict.fromkeys(notes)),
        )
    )


def write_proxy(path: Path, check: Callable[[], None], written: Callable[[av.VideoFrame], None]) -> None:
    """Write the small copy of a clip that browsers play, next to it."""
    with ClipReader(path) as reader, write_atomically(proxy_path(path)) as part:
        framing = Framing.within((reader.format.width, reader.format.height), PROXY_SIDE)
        output = Output(PROXY, PROXY.pixels, reader.format.fps, framing.frame)
        convert = RecConverter(framing, PROXY.pixels, reader.format.color).convert

        def frames() -> Iterator[av.VideoFrame]:
            for frame in reader.decoded():
                check()
                yield convert(frame.picture)

        excerpt = Excerpt(reader.begins, None, PROXY.sound)
        FileWriter(output, written).write(
            part, frames(), lambda out, files, digest: carry_sound(path, out, files, digest, excerpt)
        )


class Progress:
    """Counts the frames that are written, those of the proxy as well, and shows them. ``done`` is how many."""

    def __init__(self, context: Context, frames: int, has_proxy: bool) -> None:
        self.has_proxy = has_proxy
        self.done = 0
        self._context = context
        self._total = 2 * frames if has_proxy else frames

    def count(self) -> None:
        """Count a frame. Raises JobCancelled."""
        self.done += 1
        noun = "step" if self.has_proxy else "frame"
        self._context.progress(self.done, max(self._total, self.done), noun)

    def written(self, frame: av.VideoFrame) -> None:
        """Count a frame, and show it. Raises JobCancelled."""
        self.count()
        self._context.preview(partial(upright_size, frame))
