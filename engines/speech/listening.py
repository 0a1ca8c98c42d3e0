"""Listening: a recogniser writes down what is said in a sound, piece by piece, however long it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engines.media.sound_frames import mono_blocks
from engines.media.streams import open_soundtrack
from engines.speech.track import Samples
from engines.swapper import Device
from engines.swapper.component import reading

RATE = 16_000
_LONGEST, _SHORTEST = 28, 18
"""Seconds of a piece: the recogniser hears 30 at most. It ends at the quietest moment between the two."""
_MOMENT = RATE // 10


class Whisper:
    """The component: a Whisper model as faster-whisper reads it; loads as a ``faster_whisper.WhisperModel``."""

    place: Literal["device", "host"] = "host"
    note = "the listener"

    def __init__(self, folder: Path, size: int, threads: int | None) -> None:
        self.key = f"whisper:{folder}"
        self.bytes = size
        self._folder = folder
        self._threads = threads or 0

    def load(self, device: Device) -> Any:
        """A ready recogniser. Raises StudioError where its files are missing or damaged."""
        with reading(self._folder):
            from faster_whisper import WhisperModel

            if not (self._folder / "tokenizer.json").is_file():  # the library would ask the hub for one
                raise FileNotFoundError("tokenizer.json is missing")
            return WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=self._threads,
                local_files_only=True,
            )

    def drop(self, model: Any) -> None:
        """Nothing to do: it goes with its last reference."""


def written_down(model: Any, samples: Samples) -> list[str]:
    """The words that are said in at most 30 seconds of mono samples at ``RATE``."""
    segments, _ = model.transcribe(
        samples,
        beam_size=5,
        language="en",
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
        vad_filter=True,  # in quiet it would hear what is not there
    )
    return " ".join(segment.text for segment in segments).split()


def pieces(path: Path) -> Iterator[tuple[float, Samples]]:
    """A sound in pieces that end in quiet: when each ends, in seconds, and its samples at ``RATE``, mono.

    Raises StudioError bad_media.
    """
    held, done = np.zeros(0, np.float32), 0
    with open_soundtrack(path) as (media, audio):
        for block in mono_blocks(media, audio, RATE, RATE):
            held = np.concatenate([held, block])
            while len(held) > _LONGEST * RATE:
                cut = _quiet(held)
                done += cut
                yield done / RATE, held[:cut]
                held = held[cut:]
    if len(held):
        yield (done + len(held)) / RATE, held


def _quiet(samples: Samples) -> int:
    """Where to cut: in the middle of the quietest moment near the end of a piece."""
    late = samples[_SHORTEST * RATE : _LONGEST * RATE]
    moments = np.square(late[: len(late) // _MOMENT * _MOMENT].reshape(-1, _MOMENT)).mean(axis=1)
    smooth = np.convolve(moments, np.ones(3), "same")
    smooth[[0, -1]] = np.inf
    return _SHORTEST * RATE + int(smooth.argmin()) * _MOMENT + _MOMENT // 2
