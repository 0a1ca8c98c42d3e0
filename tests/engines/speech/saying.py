"""Have a request spoken by the real worker, and read sounds back with a real recogniser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from engines import wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.media.intake import inspect
from engines.requests import CheckSpeech, Request, Speak
from engines.swapper import Cpu, Swapper
from engines.worker import Worker

SOUND = "0" * 32


class Booth:
    """Speaks in a folder; keeps every event of the last job."""

    def __init__(self, folder: Path, starter: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = EngineConfig(starter=starter, catalog=folder / "catalog")
        self.catalog = Catalog(config.starter, config.catalog)
        self.events: list[wire.Event] = []
        self.folder = folder
        self.on_event: Callable[[wire.Event], None] = lambda event: None
        self.worker = Worker("cpu", config, self._hear, Swapper(Cpu()), self.catalog)
        self.jobs = 0

    def _hear(self, event: wire.Event) -> None:
        self.events.append(event)
        self.on_event(event)

    def run(self, text: str, **fields: Any) -> wire.Event:
        """Speak and return how it ended."""
        return self.do(Speak.model_validate({"text": text, "seed": 1, **fields}), {})

    def do(self, request: Request, inputs: dict[str, wire.Input]) -> wire.Event:
        """Do any job and return how it ended."""
        request = self.catalog.prepare(request, {id: given.facts for id, given in inputs.items()})
        self.jobs += 1
        self.events.clear()
        out = self.folder / f"out {self.jobs}"
        self.worker.run(
            wire.Envelope(
                job=f"job{self.jobs}",
                attempt=1,
                request=request.model_dump(mode="json"),
                inputs=inputs,
                out_dir=str(out),
                checkpoint_dir=str(out / "checkpoint"),
            )
        )
        return next(e for e in self.events if isinstance(e, wire.Result | wire.Failed | wire.Cancelled | wire.Yielded))

    def say(self, text: str, **fields: Any) -> "Spoken":
        """Speak and return what came of it; fails where nothing did."""
        ended = self.run(text, **fields)
        assert isinstance(ended, wire.Result), ended
        return Spoken(ended.files, self.folder / f"out {self.jobs}")

    def check(self, sound: Path, *sentences: str, **pronunciations: str) -> dict[str, Any]:
        """What a check of a sound finds; fails where it did not end well."""
        given = wire.Input(path=str(sound), facts=inspect(sound, sound.name).facts)
        asked = CheckSpeech(sound=SOUND, sentences=sentences, pronunciations=pronunciations)
        ended = self.do(asked, {SOUND: given})
        assert isinstance(ended, wire.Result), ended
        found: dict[str, Any] = ended.files[0].provenance["check"]
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


class Spoken:
    """A finished voice-over."""

    def __init__(self, files: tuple[wire.ResultFile, ...], folder: Path) -> None:
        self.files = files
        self.path = folder / files[0].file
        self.subtitles = (folder / files[1].file).read_text(encoding="utf-8") if len(files) > 1 else ""

    @property
    def samples(self) -> np.ndarray:
        """The sound as it lies in the file."""
        samples: np.ndarray = soundfile.read(self.path, dtype="float32")[0]
        return samples

    @property
    def cues(self) -> list[tuple[float, float, str]]:
        """The subtitles: start, end in seconds, text."""
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
    """Whisper tiny.en writes down what it hears."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)

    def words(self, path: Path) -> list[str]:
        """What is said in a sound."""
        segments, _ = self._model.transcribe(str(path), beam_size=5, language="en", temperature=0)
        return plain(" ".join(segment.text for segment in segments))


def plain(text: str) -> list[str]:
    """Words alone, in small letters."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def word_errors(said: list[str], heard: list[str]) -> float:
    """Words to change, add or drop, as a share of those said."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1] / len(said)
