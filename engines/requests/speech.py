"""Requests that read a text aloud, and that check a recording."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engines.requests.base import Request, Seed, asset
from engines.speech.markup import without_markup
from engines.speech.pauses import without_pauses
from engines.speech.speakers import LONGEST_NAME

MAX_WORD, MAX_SAY, MAX_PAIRS = 60, 200, 500
MAX_TAKES = 500
MAX_SPEAKERS = 200
MAX_CHARACTERS = 100_000

Pronunciations = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=MAX_WORD)],
        Annotated[str, Field(min_length=1, max_length=MAX_SAY)],
    ],
    Field(max_length=MAX_PAIRS),
]
"""How to pronounce words: the word as written, and the text to read instead."""


class Take(BaseModel):
    """Another reading of one sentence. Empty fields are the same as in the rest of the text.

    ``sentence`` counts from 0. The take that is ``used`` is the one you hear; without one, it is the first reading.
    A ``seed`` varies intonation and pace; ``say`` is read instead of the written sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    sentence: int = Field(ge=0, le=50_000)
    seed: Seed = None
    speed: float | None = Field(None, ge=0.5, le=2)
    voice: str | None = Field(None, max_length=60)
    say: str | None = Field(None, min_length=1, max_length=2000)
    used: bool = True


Speakers = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)],
        Annotated[str, Field(min_length=1, max_length=60)],
    ],
    Field(max_length=MAX_SPEAKERS),
]
"""The names of speakers, and the voice of each."""


class Speak(Request):
    """Read a text aloud.

    Version 1 makes sound at the model's own rate and reads the names of speakers aloud.
    """

    noun: ClassVar[str] = "voice-over"

    task: Literal["speak"] = "speak"
    version: int = Field(2, title="Version", description="Version of this request's schema.", ge=1, le=2)
    text: str = Field(
        title="Text to read aloud",
        description="[pause] is one second, [pause 2.5] two and a half. A blank line is a slightly longer pause than a "
        "full stop. CLARA: at the start of a line changes the voice.",
        min_length=1,
        max_length=50_000,
        examples=["The harbor was quiet that morning. Only the gulls knew that the boats were coming home."],
        json_schema_extra={"lines": 8},
    )
    voice: str = Field(
        "clara",
        title="Voice",
        description="The narrator's voice.",
        max_length=60,
        json_schema_extra={"choices": "voice"},
    )
    speed: float = Field(
        1.0,
        title="Speed",
        description="1 is a natural pace, 2 is twice as fast.",
        ge=0.5,
        le=2,
        json_schema_extra={"step": 0.05, "unit": "×"},
    )
    sentence_pause: float = Field(
        0.4,
        title="Pause between sentences",
        description="Faster speech has shorter pauses. For a single longer pause, write [pause 2] in the text: at most "
        "10 seconds, at any speed.",
        ge=0,
        le=5,
        json_schema_extra={"step": 0.05, "unit": "s", "advanced": True},
    )
    paragraph_pause: float = Field(
        0.8,
        title="Pause between paragraphs",
        description="The pause at a blank line, and after a line that stands alone, such as a heading.",
        ge=0,
        le=10,
        json_schema_extra={"step": 0.1, "unit": "s", "advanced": True},
    )
    format: Literal["wav", "mp3"] = Field(
        "wav",
        title="File format",
        description="WAV for editing, MP3 for sending.",
        json_schema_extra={"advanced": True},
    )
    loudness: float = Field(
        -16.0,
        title="Loudness",
        description="Loudness of the whole recording: −16 for the web, −23 for broadcast.",
        ge=-40,
        le=-9,
        json_schema_extra={"unit": "LUFS", "advanced": True},
    )
    subtitles: bool = Field(
        True,
        title="Add subtitles",
        description="Also creates an SRT file, one line per sentence.",
        json_schema_extra={"advanced": True},
    )
    pronunciations: Pronunciations | None = Field(
        None,
        title="Pronunciations",
        description="Words and how to pronounce them. Leave empty to use the matching words of your own list.",
        json_schema_extra={"hidden": True},
    )
    speakers: Speakers | None = Field(
        None,
        title="Speakers",
        description="Names that change the voice at the start of a line (“CLARA: …”), and the voice of each. Leave "
        "empty to use the names of the voices and of cast members with a voice; {} reads them as text.",
        json_schema_extra={"hidden": True},
    )
    takes: tuple[Take, ...] = Field(
        (),
        title="Takes",
        description="Other readings of single sentences: the sentence's number, counted from 0, and what is different.",
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
        return without_pauses(without_markup(self.text).text).strip() or self.text


class CheckSpeech(Request):
    """Listen to a voice-over and report the words that differ from its text."""

    noun: ClassVar[str] = "check"

    task: Literal["check_speech"] = "check_speech"
    sound: str = asset("Voice-over", "The recording to check.", "sound")
    sentences: tuple[str, ...] = Field(
        title="Expected text",
        description="The text you expect to hear, sentence by sentence.",
        min_length=1,
        max_length=10_000,
        json_schema_extra={"hidden": True},
    )
    pronunciations: Pronunciations = Field(
        default_factory=dict,
        title="Pronunciations",
        description="Words and how to pronounce them, as for the voice-over.",
        json_schema_extra={"hidden": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        sentences = data.get("sentences") if isinstance(data, dict) else None
        if isinstance(sentences, list | tuple) and sum(len(str(one)) for one in sentences) > MAX_CHARACTERS:
            raise ValueError("The text is too long to check at once")
        return data

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.sound, "voice-over")

    @property
    def badge(self) -> str:
        return "Words checked"
