"""A sound under the sound of a clip: placed, with its own volume, faded, mixed, limited."""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self

from engines.media import sound_stream
from engines.media.clip_sound import encodable_layout, usable_tracks
from engines.media.resample import EDIT_RATE
from engines.media.sound_stream import Blocks, Limiter, SoundForm
from engines.media.streams import bad_media, open_media
from engines.requests.finish import AddSound
from engines.video.finish.checks import exact


class Track(NamedTuple):
    """A sound track of a file: its number, its channel layout, and notes about the other tracks."""

    path: Path
    number: int
    layout: str
    notes: tuple[str, ...]

    @classmethod
    def first(cls, path: Path) -> Self | None:
        """Return the first track that can be used, or None."""
        with open_media(path) as media:
            numbers, notes = usable_tracks(media)
            if not numbers:
                return None
            layout = encodable_layout(media.streams.audio[numbers[0]])
        return cls(path, numbers[0], layout, tuple(notes))


class Mixdown:
    """The new sound of a clip that begins at ``begins`` on its clock and lasts ``seconds``.

    Its length is the clip's. ``notes`` are complete once ``blocks`` were read. Raises StudioError bad_media.
    """

    def __init__(self, request: AddSound, clip: Path, sound: Path, begins: Fraction, seconds: Fraction) -> None:
        added, own = Track.first(sound), Track.first(clip) if request.mode == "mix" else None
        if added is None:
            raise bad_media("None of its sound can be decoded.")
        self._request = request
        self._added, self._own = added, own
        self._begins, self._seconds = begins, seconds
        layouts = (added.layout, own.layout) if own else (added.layout,)
        self.form = max((SoundForm(EDIT_RATE, one) for one in layouts), key=lambda form: form.channels)
        self.notes = [*(own.notes if own else ())]

    def blocks(self) -> Blocks:
        """Yield the sound."""
        limiter = Limiter(self.form.rate)
        yield from limiter.apply(self._mixed())
        if limiter.limited:
            self.notes.append("The sound would have clipped: its peaks are limited to −1 dBTP.")

    def _mixed(self) -> Blocks:
        request, form, count = self._request, self.form, self.form.samples(self._seconds)
        added = sound_stream.louder(self._placed(count), request.gain)
        added = sound_stream.faded(added, count, 0, form.samples(exact(request.fade_out)))
        if self._own is None:
            return added
        end = self._begins + self._seconds
        own = sound_stream.decoded(self._own.path, self._own.number, form, self._begins, end)
        return sound_stream.summed(
            sound_stream.louder(sound_stream.exactly(own, form, count), request.clip_gain), added
        )

    def _placed(self, count: int) -> Blocks:
        """Yield ``count`` samples of silence with the added sound in its place."""
        offset = exact(self._request.offset)
        silent = min(count, max(0, self.form.samples(offset)))
        yield from sound_stream.exactly((), self.form, silent)
        sound = sound_stream.decoded(self._added.path, self._added.number, self.form, max(Fraction(0), -offset), None)
        yield from sound_stream.exactly(sound, self.form, count - silent)
