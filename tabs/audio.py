"""Audio: make it heard."""

from engines.requests.speech import Speak
from studio import Studio
from tabs.bench import Making, bench
from tabs.home import Card

SPEECH = Making(Speak, "Speech", "Speak it")


def card(studio: Studio) -> Card:
    """The tab on Home."""
    return Card("audio", "A voice-over", "A text read aloud, with subtitles, ready for the edit.", "sound")


def build(studio: Studio) -> None:
    """The tab."""
    bench(studio, "audio", [SPEECH])
