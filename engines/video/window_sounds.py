"""The sounds of the windows of a clip: save each, and join them to one."""

from contextlib import suppress
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np

from engines.media.files import write_atomically
from engines.media.sound import Samples
from engines.media.sound_frames import interleaved_blocks
from engines.media.sound_track import SoundTrack
from engines.media.streams import open_media, soundtrack
from engines.video.continuation import Continuation
from errors import StudioError

_LAYOUTS = {1: "mono", 2: "stereo"}


def save_sound(folder: Path, number: int, sound: SoundTrack, first: int, seconds: Fraction) -> None:
    """Save the first ``seconds`` of the sound of window ``number``; ``first`` is the number of its first frame."""
    samples = sound.samples[: round(seconds * sound.rate)]
    samples = samples[:, None] if samples.ndim == 1 else samples
    with write_atomically(folder / f"sound-{number}.npz") as part:
        np.savez(part, samples=samples, rate=sound.rate, first=first)


def joined_sound(folder: Path, fps: Fraction, begun: Continuation | None) -> SoundTrack | None:
    """Return the saved sounds as one, which follows that of the clip that it continues; None if none is saved.

    A window begins with the frame that the one before ends with: their sounds are crossfaded there. What a first window
    begins with is left out if the clip that it continues is not in the file.
    """
    pieces: list[tuple[Fraction, Samples]] = []
    rate, offset = 0, begun.end if begun else Fraction(0)
    for number in count():
        try:
            with np.load(folder / f"sound-{number}.npz", allow_pickle=False) as saved:
                rate = int(saved["rate"])
                pieces.append((offset + int(saved["first"]) / fps, saved["samples"]))
        except FileNotFoundError:
            break
    if not pieces:
        return None
    if begun:
        pieces.insert(0, _begun_sound(begun, rate))
    placed = [(round(start * rate), samples) for start, samples in pieces]
    return SoundTrack(_crossfaded([(max(0, start), samples[max(0, -start) :]) for start, samples in placed]), rate)


def _crossfaded(pieces: list[tuple[int, Samples]]) -> Samples:
    """Return pieces, each with the sample that it starts at, as one; where two overlap, one fades into the other."""
    length = max(start + len(samples) for start, samples in pieces)
    out = np.zeros((length, max(samples.shape[1] for _, samples in pieces)), np.float32)
    end = 0
    for start, samples in pieces:
        shared = max(0, min(end - start, len(samples)))
        fade = np.linspace(0, 1, shared + 2, dtype=np.float32)[1:-1, None]
        out[start : start + shared] *= 1 - fade
        out[start : start + shared] += samples[:shared] * fade
        out[start + shared : start + len(samples)] = samples[shared:]
        end = max(end, start + len(samples))
    return out


def _begun_sound(begun: Continuation, rate: int) -> tuple[Fraction, Samples]:
    """Return when the sound of the clip that is continued starts, and its samples, in mono or stereo; none if it has
    no sound, or more channels than can be mixed."""
    start, channels = Fraction(0), 1
    blocks: list[Samples] = []
    with open_media(begun.path) as media, suppress(StudioError):
        if track := soundtrack(media):
            channels = min(2, track.channels)  # FFmpeg would make mono quieter in stereo
            start = Fraction(track.start_time or 0) * (track.time_base or 0)
            blocks += interleaved_blocks(media, track, rate, rate, _LAYOUTS[channels])
    samples = np.concatenate(blocks).reshape(-1, channels) if blocks else np.zeros((0, channels), np.float32)
    return start, samples[: max(0, round((begun.end - start) * rate))]
