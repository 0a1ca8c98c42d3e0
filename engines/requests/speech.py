"""Requests that speak, and that listen to what was spoken."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engines.requests.base import Request, Seed, asset
from engines.speech.markup import without_markup
from engines.speech.pauses import unmarked

MAX_WORD, MAX_SAY, MAX_PAIRS = 60, 200, 500
MAX_TAKES = 500
MAX_CHARACTERS = 100_000

Pronunciations = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=MAX_WORD)],
        Annotated[str, Field(min_length=1, max_length=MAX_SAY)],
    ],
    Field(max_length=MAX_PAIRS),
]
"""How words are said: the word as it is written, and how it is read instead."""


class Take(BaseModel):
    """Another reading of one sentence. What is left empty is as in the rest of the text.

    ``sentence`` counts from 0. Of a sentence's takes the one that is ``used`` is heard; without one, its first reading.
    A ``seed`` gives the reading a melody and a pace of its own; ``say`` is what is read in place of what is written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    sentence: int = Field(ge=0, le=50_000)
    seed: Seed = None
    speed: float | None = Field(None, ge=0.5, le=2)
    voice: str | None = Field(None, max_length=60)
    say: str | None = Field(None, min_length=1, max_length=2000)
    used: bool = True


class Speak(Request):
    """Read a text aloud."""

    noun: ClassVar[str] = "voice-over"

    task: Literal["speak"] = "speak"
    text: str = Field(
        title="What should be said?",
        description="The text, as it should be spoken. [pause] rests for a second, [pause 2.5] for two and a half; "
        "a blank line rests a little longer than a full stop.",
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
    sentence_pause: float = Field(
        0.4,
        title="Pause between sentences",
        description="How long the voice rests after a sentence. Faster speech rests less. For one longer rest write "
        "[pause 2] in the text: at most 10 seconds, whatever the speed.",
        ge=0,
        le=5,
        json_schema_extra={"step": 0.05, "unit": "s", "advanced": True},
    )
    paragraph_pause: float = Field(
        0.8,
        title="Pause between paragraphs",
        description="How long the voice rests at a blank line, and after a line that stands for itself.",
        ge=0,
        le=10,
        json_schema_extra={"step": 0.1, "unit": "s", "advanced": True},
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
    pronunciations: Pronunciations | None = Field(
        None,
        title="Pronunciations",
        description="Words and how they are said. Empty: the words of your own list that stand in the text.",
        json_schema_extra={"hidden": True},
    )
    takes: tuple[Take, ...] = Field(
        (),
        title="Takes",
        description="Other readings of single sentences: their number from 0, and what is different.",
        max_length=MAX_TAKES,
        json_schema_extra={"hidden": True},
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    @model_validator(mode="after")
    def _one_take_a_sentence(self) -> "Speak":
        used = [take.sentence for take in self.takes if take.used]
        if len(used) != len(set(used)):
            raise ValueError("Two takes of the same sentence cannot both be used")
        return self

    def title(self, assets: Mapping[str, str]) -> str:
        return unmarked(without_markup(self.text).text).strip() or self.text


class CheckSpeech(Request):
    """Listen to a voice-over and say which words are not what they should be."""

    noun: ClassVar[str] = "check"

    task: Literal["check_speech"] = "check_speech"
    sound: str = asset("Voice-over", "The sound to listen to.", "sound")
    sentences: tuple[str, ...] = Field(
        title="What it should say",
        description="What should be heard, sentence by sentence.",
        min_length=1,
        max_length=10_000,
        json_schema_extra={"hidden": True},
    )
    pronunciations: Pronunciations = Field(
        default_factory=dict,
        title="Pronunciations",
        description="Words and how they are said, as for the voice-over.",
        json_schema_extra={"hidden": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        sentences = data.get("sentences") if isinstance(data, dict) else None
        if isinstance(sentences, list | tuple) and sum(len(str(one)) for one in sentences) > MAX_CHARACTERS:
            raise ValueError("That is too long to check at once")
        return data

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.sound, 'voice-over')} · words checked"
