"""Run a speech request on the real worker, and transcribe sounds with the real Whisper."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.worker import Worker
from engines.media.intake import inspect
from engines.memory import Cpu, Swapper
from engines.requests import CheckSpeech, Request, Speak

SOUND = "0" * 32


class Booth:
    """Runs speech jobs in a folder and keeps every event of the last one."""

    def __init__(self, folder: Path, starter: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = EngineConfig(starter=starter, catalog=folder / "catalog")
        self.catalog = Catalog(config.starter, config.catalog)
        self.events: list[protocol.Event] = []
        self.folder = folder
        self.on_event: Callable[[protocol.Event], None] = lambda event: None
        self.worker = Worker("cpu", config, self._hear, Swapper(Cpu()), self.catalog)
        self.jobs = 0

    def _hear(self, event: protocol.Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def run(self, text: str, **fields: Any) -> protocol.Event:
        """Speak; return the last event."""
        return self.do(Speak.model_validate({"text": text, "seed": 1, **fields}), {})

    def do(self, request: Request, inputs: dict[str, protocol.Input]) -> protocol.Event:
        """Run any job; return the last event."""
        request = self.catalog.prepare(request, {id: given.facts for id, given in inputs.items()})
        self.jobs += 1
        self.events.clear()
        out = self.folder / f"out {self.jobs}"
        self.worker.run(
            protocol.Envelope(
                job=f"job{self.jobs}",
                attempt=1,
                request=request.model_dump(mode="json"),
                inputs=inputs,
                out_dir=str(out),
                checkpoint_dir=str(out / "checkpoint"),
            )
        )
        return next(
            e
            for e in self.events
            if isinstance(e, protocol.Result | protocol.Failed | protocol.Cancelled | protocol.Yielded)
        )

    def say(self, text: str, **fields: Any) -> "Spoken":
        """Speak; return the result, or fail if there is none."""
        ended = self.run(text, **fields)
        assert isinstance(ended, protocol.Result), ended
        return Spoken(ended.files, self.folder / f"out {self.jobs}")

    def check(self, sound: Path, *sentences: str, **pronunciations: str) -> dict[str, Any]:
        """Check a sound; return the findings, or fail if the check failed."""
        given = protocol.Input(path=str(sound), facts=inspect(sound, sound.name).facts)
        asked = CheckSpeech(sound=SOUND, sentences=sentences, pronunciations=pronunciations)
        ended = self.do(asked, {SOUND: given})
        assert isinstance(ended, protocol.Result), ended
        found: dict[str, Any] = ended.files[0].provenance["check"]
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of a type."""
        return [event for event in self.events if isinstance(event, kind)]


class Spoken:
    """A finished voice-over."""

    def __init__(self, files: tuple[protocol.ResultFile, ...], folder: Path) -> None:
        self.files = files
        self.path = folder / files[0].file
        self.subtitles = (folder / files[1].file).read_text(encoding="utf-8") if len(files) > 1 else ""

    @property
    def samples(self) -> np.ndarray:
        """The samples in the file."""
        samples: np.ndarray = soundfile.read(self.path, dtype="float32")[0]
        return samples

    @property
    def cues(self) -> list[tuple[float, float, str]]:
        """The subtitles: start and end in seconds, and text."""
        found = []
        for block in self.subtitles.strip().split("\n\n"):
            _, times, *lines = block.split("\n")
            start, end = (_seconds(time) for time in times.split(" --> "))
            found.append((start, end, "\n".join(lines)))
        return found


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


class Listener:
    """Transcribes with Whisper tiny.en."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)

    def words(self, path: Path) -> list[str]:
        """Return the words in a sound."""
        segments, _ = self._model.transcribe(str(path), beam_size=5, language="en", temperature=0)
        return plain(" ".join(segment.text for segment in segments))


def plain(text: str) -> list[str]:
    """Return only the words, in lowercase."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def word_errors(said: list[str], heard: list[str]) -> float:
    """Return the word error rate: changed, added and missing words as a share of those spoken."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1] / len(said)
