"""Audio: make it heard."""

from engines.requests.speech import Speak
from studio import Studio
from tabs.bench import Making, bench

SPEECH = Making(Speak, "Speech", "Speak it")


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "audio", [SPEECH])
