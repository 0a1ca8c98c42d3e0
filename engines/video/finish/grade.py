"""Grade a clip: color and grain in floating point, every frame with all of its bits."""

from collections.abc import Iterator
from fractions import Fraction

from engines.host.context import Context
from engines.media.clip import ClipReader
from engines.media.clip_sound import Excerpt, carry_sound
from engines.media.streams import picture_end
from engines.media.timecode import carry_timecode
from engines.requests.finish import GradeClip
from engines.video.finish.checks import conversion_notes, refuse_hdr
from engines.video.finish.color import Lut, Settings
from engines.video.finish.formats import format_for
from engines.video.finish.grain import Grain
from engines.video.finish.picture import REC709, Framing, RecConverter
from engines.video.finish.result import Production, save_clip
from engines.video.finish.rgb import Change, Pixels, changed
from engines.video.finish.source import Source
from engines.video.finish.timing import constant_rate, frame_count
from engines.video.finish.writer import Output


def grade_clip(request: GradeClip, context: Context) -> None:
    """Write a clip in other colors. Raises StudioError hdr_clip, bad_lut."""
    path = context.input(request.clip)
    with ClipReader(path) as reader:
        refuse_hdr(reader)
        change = _change(request, context)
        source = reader.format
        format, rate = format_for(request.format, reader.first.format), constant_rate(source.fps, reader.base_rate)
        framing = Framing.of((source.width, source.height), source.pixel_aspect, "source", "fit")
        output = Output(format, format.pixels_for(reader.first.format), rate, framing.frame)
        frames = Source(reader, rate, reader.begins, None, context.check)
        graded = changed(frames.frames(), framing.scaled, source.color, output.pixels.startswith("yuva"), change)
        convert = RecConverter(framing, output.pixels, REC709).convert

        def notes() -> Iterator[str]:
            yield from reader.notes
            yield from conversion_notes(reader, rate, is_uneven=frames.uneven)

        excerpt = Excerpt(reader.begins, None, format.sound)
        save_clip(
            Production(
                output,
                map(convert, graded),
                frame_count(reader.begins, picture_end(path), rate),
                lambda out, files, digest: carry_sound(path, out, files, digest, excerpt),
                lambda stream: carry_timecode(path, stream, rate, Fraction(0)),
                notes,
            ),
            context,
        )


def _change(request: GradeClip, context: Context) -> Change:
    """Return what changes the pixels of a frame."""
    settings, grain = Settings(request), Grain(request.grain, request.grain_size, request.grain_seed)
    lut = Lut(context.input(request.lut), request.lut_strength) if request.lut else None

    def change(pixels: Pixels, number: int) -> Pixels:
        pixels = settings.apply(pixels)
        return grain.apply(lut.apply(pixels) if lut else pixels, number)

    return change
