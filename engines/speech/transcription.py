"""Transcribe a sound of any length, piece by piece, with Whisper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engines.media.sound_frames import mono_blocks
from engines.media.streams import open_soundtrack
from engines.memory import Device
from engines.memory.component import load_errors
from engines.speech.track import Samples

RATE = 16_000
_LONGEST, _SHORTEST = 28, 18
"""Bounds of a piece in seconds; Whisper takes at most 30. A piece ends at the quietest moment between them."""
_MOMENT = RATE // 10


class Whisper:
    """A Whisper model for faster-whisper, as a component; loads as a ``faster_whisper.WhisperModel``."""

    place: Literal["device", "host"] = "host"
    note = "the listener"

    def __init__(self, folder: Path, size: int, threads: int | None) -> None:
        self.key = f"whisper:{folder}"
        self.bytes = size
        self._folder = folder
        self._threads = threads or 0

    def load(self, device: Device) -> Any:
        """Load the model. Raises StudioError if its files are missing or damaged."""
        with load_errors(self._folder):
            from faster_whisper import WhisperModel

            if not (self._folder / "tokenizer.json").is_file():  # the library would download one
                raise FileNotFoundError("tokenizer.json is missing")
            return WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                local_files_only=True,
            )

    def drop(self, model: Any) -> None:
        """Do nothing: the model is freed with its last reference."""


def transcribe(model: Any, samples: Samples) -> list[str]:
    """Return the words in at most 30 seconds of mono samples at ``RATE``."""
    segments, _ = model.transcribe(
        samples,
        beam_size=5,
        language="en",
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        vad_filter=True,  # without it, Whisper hears words in silence
    )
    return " ".join(segment.text for segment in segments).split()


def pieces(path: Path) -> Iterator[tuple[float, Samples]]:
    """Yield a sound in pieces that end in silence: the end of each in seconds, and its mono samples at ``RATE``.

    Raises StudioError bad_media.
    """
    buffer, done = np.zeros(0, np.float32), 0
    with open_soundtrack(path) as (media, audio):
        for block in mono_blocks(media, audio, RATE, RATE):
            buffer = np.concatenate([buffer, block])
            while len(buffer) > _LONGEST * RATE:
                cut = _quiet(buffer)
                done += cut
                yield done / RATE, buffer[:cut]
                buffer = buffer[cut:]
    if len(buffer):
        yield (done + len(buffer)) / RATE, buffer


def _quiet(samples: Samples) -> int:
    """Return the sample to cut at, in the middle of the quietest moment near the end of a piece."""
    late = samples[_SHORTEST * RATE : _LONGEST * RATE]
    moments = np.square(late[: len(late) // _MOMENT * _MOMENT].reshape(-1, _MOMENT)).mean(axis=1)
    smooth = np.convolve(moments, np.ones(3), "same")
    smooth[[0, -1]] = np.inf
    return _SHORTEST * RATE + int(smooth.argmin()) * _MOMENT + _MOMENT // 2
