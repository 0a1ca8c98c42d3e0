"""Speech synthesizers: the catalog entry chooses one, and the tasks do not depend on it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from engines.catalog import Catalog, shipped
from engines.requests import Speak, Take
from engines.speech import voice_backend
from engines.speech.backends.hibari import Hibari
from engines.speech.narration import Narrator
from engines.speech.script import script
from engines.speech.voice_backend import Delivery, Speech, VoiceBackend
from errors import StudioError

ENTRY = shipped.entry("hibari")


class Hum(VoiceBackend):
    """Hums one second for each phrase."""

    rate = 8_000
    languages = ("en", "de")

    def components(self, catalog: Catalog) -> tuple[Any, ...]:
        return ()

    def speak(self, models: Sequence[Any], text: str, delivery: Delivery) -> Speech:
        models[0].append((text, delivery))
        return Speech(np.sin(np.arange(self.rate, dtype=np.float32)))


def test_the_entry_chooses_the_backend() -> None:
    found = voice_backend.of(ENTRY)
    assert isinstance(found, Hibari)
    assert found.voices == ("clara", "ruth", "martin", "arthur", "lily")
    assert (found.languages, found.clones) == (("en",), False)


def test_an_entry_older_than_backends_is_read() -> None:
    """People may have copied the entry to change its voices."""
    assert isinstance(voice_backend.of(ENTRY.model_copy(update={"pipeline": "engines.speech.hibari:Hibari"})), Hibari)


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(StudioError) as told:
        voice_backend.of(ENTRY.model_copy(update={"pipeline": "somewhere:Parrot"}))
    assert told.value.problem.code == "unsupported_model"
    assert "Parrot" in told.value.problem.why


def test_words_are_compared_with_a_phonemizing_voice(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    other = {**ENTRY.model_dump(mode="json"), "id": "a-parrot", "pipeline": "somewhere:Parrot"}
    (own / "a-parrot.yaml").write_text(yaml.safe_dump(other))
    assert isinstance(voice_backend.phonemizing(Catalog(tmp_path, own)), Hibari)


def test_any_backend_speaks_a_script() -> None:
    heard: list[tuple[str, Delivery]] = []
    request = Speak(text="One. Two. Three.", seed=3, voice="clara", speed=1.5, takes=(Take(sentence=1, seed=7),))
    narrator = Narrator(request, script(request.text), Hum(ENTRY), (heard,))
    samples, sentences = narrator.speak(lambda number: None, lambda text: None)
    assert dict(heard) == {
        "One.": Delivery("clara", 1.5, 3),
        "Two.": Delivery("clara", 1.5, 7, varied=True),
        "Three.": Delivery("clara", 1.5, 3),
    }
    assert len(sentences) == 3
    assert 3 < len(samples) / Hum.rate < 6


def test_the_tasks_import_no_backend() -> None:
    code = (
        "import sys; from engines.speech import check_task, narration, speak_task;"
        "print([name for name in sys.modules if name.startswith('engines.speech.backends')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
