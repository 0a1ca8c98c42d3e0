"""The clip that a request changes: the part a model can use, and what of the result belongs to it."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engines.catalog import Entry
from engines.diffusion.clip_frames import display_size
from engines.diffusion.video_family import VideoFamily, fps
from engines.host.context import Context
from engines.media.clip import ClipReader
from engines.media.clip_sound import Excerpt
from engines.requests.change_clip import ChangeClip
from engines.requests.frame_rate import exact_rate, shown_rate
from engines.video.clip_region import Region, open_region, put_back

if TYPE_CHECKING:
    from engines.diffusion.conditioning import Frames


@dataclass(frozen=True)
class SourceClip:
    """A clip to change. ``region`` is the part of it to generate, ``rate`` in frames per second, ``frames`` the number
    that the model generates, which is legal for it; of these, ``kept`` belong to the clip and the others repeat its
    last one. ``sound`` is the part of its sound."""

    path: Path
    region: Region
    rate: Fraction
    frames: int
    kept: int
    sound: Excerpt
    notes: tuple[str, ...]

    def finished(self, frames: "Frames") -> "Frames":
        """Return the frames of the result for those that were generated."""
        kept = islice(frames, self.kept)
        return put_back(kept, self.path, self.region, self.rate) if self.region.filled else kept


def open_clip(request: ChangeClip, context: Context, family: VideoFamily) -> SourceClip:
    """Find out which part of a clip a request uses. Raises StudioError ``bad_media`` if nothing can be decoded."""
    path, rate = context.input(request.clip), exact_rate(fps(context.entry))
    most, least = (family.frames(context.entry, one) for one in (request.seconds, _shortest(context.entry)))
    with ClipReader(path) as reader:
        size, begins, starts, end = display_size(reader.format), reader.begins, [], reader.begins
        for frame in reader.decoded():
            context.check()
            starts.append(frame.start - begins)
            end = frame.start + frame.duration
            if round((end - begins) * rate) > most:
                break
        notes = list(reader.notes)
        if reader.format.color.is_hdr:
            notes.append("The clip is HDR, and the result is not: its colors look flatter.")
    available = max(1, round((end - begins) * rate))
    kept = min(available, most)
    if sum(start * rate < kept - Fraction(1, 2) for start in starts) != kept:
        notes.append(f"The result has {shown_rate(rate)} frames per second, as the model requires.")
    if available > most:
        notes.append(f"Only the first {float(kept / rate):.1f} s of the clip was used.")
    cut = begins + kept / rate if available > most else None
    frames = max(least, family.legal_frames(context.entry, kept))
    region = open_region(request, context, size, family.side(context.entry))
    return SourceClip(path, region, rate, frames, kept, Excerpt(begins, cut, "aac"), tuple(notes))


def _shortest(entry: Entry) -> float:
    low, _, _ = entry.bounds.get("seconds", (0.5, 0, 0))
    return low
