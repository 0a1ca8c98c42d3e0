"""Requests that speak."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import Request, Seed


class Speak(Request):
    """Read a text aloud."""

    noun: ClassVar[str] = "voice-over"

    task: Literal["speak"] = "speak"
    text: str = Field(
        title="What should be said?",
        description="The text, as it should be spoken. Long texts are read sentence by sentence.",
        min_length=1,
        max_length=50_000,
        examples=["The harbour was quiet that morning. Only the gulls knew that the boats were coming home."],
        json_schema_extra={"lines": 8},
    )
    voice: str = Field(
        "clara", title="Voice", description="Who speaks.", max_length=60, json_schema_extra={"choices": "voice"}
    )
    speed: float = Field(
        1.0,
        title="Speed",
        description="1 is a natural pace, 2 twice as fast.",
        ge=0.5,
        le=2,
        json_schema_extra={"step": 0.05, "unit": "x"},
    )
    format: Literal["wav", "mp3"] = Field(
        "wav", title="File", description="WAV for editing, MP3 for sending.", json_schema_extra={"advanced": True}
    )
    loudness: float = Field(
        -16.0,
        title="Loudness",
        description="Loudness of the whole: -16 for the web, -23 for broadcast.",
        ge=-40,
        le=-9,
        json_schema_extra={"unit": "LUFS", "advanced": True},
    )
    subtitles: bool = Field(
        True,
        title="Subtitles too",
        description="Also makes an SRT file, a line a sentence.",
        json_schema_extra={"advanced": True},
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return self.text
