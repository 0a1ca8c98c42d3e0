"""Interface of a speech synthesizer. A catalog entry names the one that provides its voices."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

from engines.catalog import Catalog, Entry
from engines.memory.component import Component
from engines.speech.track import Samples, Span
from errors import StudioError

_BACKENDS = {"Hibari": "engines.speech.backends.hibari:Hibari"}
"""The class that an entry's ``pipeline`` names, and its module."""


class Delivery(NamedTuple):
    """How a phrase is said: the voice, the speed (1 is the voice's own pace), and the seed. ``varied`` asks for another
    reading, whose intonation and pace depend on the seed."""

    voice: str
    speed: float = 1.0
    seed: int = 0
    varied: bool = False


class Speech(NamedTuple):
    """Mono samples at the backend's rate, empty if there was nothing to say, and the time of each word if the backend
    knows it."""

    samples: Samples
    words: tuple[tuple[str, Span], ...] = ()


class VoiceBackend(ABC):
    """The voices of one catalog entry.

    ``rate`` is the sample rate in Hz; ``languages`` are the ISO 639 codes of the languages that it reads; ``packages``
    are the Python packages whose versions affect the result; ``clones`` is true if it can clone a voice from a
    recording. The license of its voices is the entry's.
    """

    rate: ClassVar[int]
    languages: ClassVar[tuple[str, ...]]
    packages: ClassVar[tuple[str, ...]] = ()
    clones: ClassVar[bool] = False

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    @property
    def voices(self) -> tuple[str, ...]:
        """The names of the voices in a request."""
        return tuple(str(choice.value) for choice in self.entry.choices.get("voice", ()))

    @abstractmethod
    def components(self, catalog: Catalog) -> tuple[Component, ...]:
        """Return the components to load for speaking. Raises StudioError ``missing_model``."""

    @abstractmethod
    def speak(self, models: Sequence[Any], text: str, delivery: Delivery) -> Speech:
        """Speak a phrase with the loaded components. The same text and delivery give the same samples."""


class PhonemizingBackend(VoiceBackend):
    """A backend that also converts words to phonemes."""

    @abstractmethod
    def phonemes(self, models: Sequence[Any], text: str) -> str:
        """Return the phonemes of a text, separated by word."""


def phonemizing(catalog: Catalog) -> PhonemizingBackend:
    """Return the backend that converts English words to phonemes: that of the best installed voice which can. Raises
    StudioError ``no_model`` (422) if there is none."""
    for entry in (entry for entry in catalog.installed_for_task("speak") if _kind(entry) in _BACKENDS):
        backend = of(entry)
        if isinstance(backend, PhonemizingBackend) and "en" in backend.languages:
            return backend
    raise StudioError(
        "no_model",
        "The voice-over cannot be checked: no installed voice converts English words to phonemes.",
        next="Install Hibari again.",
        status=422,
    )


def of(entry: Entry) -> VoiceBackend:
    """Return the backend of an entry. Raises StudioError ``unsupported_model`` (422) if it is unknown."""
    name = _kind(entry)
    if name not in _BACKENDS:
        raise StudioError(
            "unsupported_model",
            f"The studio cannot speak with {entry.name}.",
            f"Its catalog entry names the unknown pipeline {name[:80]}.",
            "Choose another model.",
            status=422,
        )
    module, kind = _BACKENDS[name].split(":")
    backend: VoiceBackend = getattr(import_module(module), kind)(entry)
    return backend


def _kind(entry: Entry) -> str:
    return entry.pipeline.partition(":")[2]
