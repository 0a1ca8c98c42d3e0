"""Requests that finish a clip without a model: cut, join, color, sound."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from engines.requests.base import ASSET_ID, MAX_SEED, AssetId, Request, asset
from engines.requests.deliver import FileFormatName, Framing, RateName, SizeName

ASPECTS = {
    "16:9": Fraction(16, 9),
    "9:16": Fraction(9, 16),
    "1:1": Fraction(1),
    "4:5": Fraction(4, 5),
    "2.39:1": Fraction(239, 100),
}
"""Width to height of the shapes a clip can be cropped to."""

MOST_CLIPS = 50
MOST_SECONDS = 10
"""Of a fade or a dissolve."""

_SECONDS = re.compile(r"\d+(?:\.\d+)?")

FinishFormat = Literal["auto"] | FileFormatName

Format = Annotated[
    FinishFormat,
    Field(
        title="Format",
        description="Automatic keeps 8-bit clips in H.264; clips with more bits or transparency become ProRes.",
        json_schema_extra={"choices": "format", "advanced": True},
    ),
]


def fade(title: str, description: str, *, advanced: bool = False) -> float:
    """Return a field for the length of a fade in seconds."""
    length: float = Field(
        0.0,
        title=title,
        description=description,
        ge=0,
        le=MOST_SECONDS,
        json_schema_extra={"unit": "s", "step": 0.1, **({"advanced": True} if advanced else {})},
    )
    return length


class ClipRequest(Request):
    """A clip made from another, without a model."""

    noun: ClassVar[str] = "clip"

    clip: str

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")


class CutClip(ClipRequest):
    """Cut a clip: start and end, speed, direction, shape, fades. Its sound stays in sync."""

    task: Literal["cut_clip"] = "cut_clip"
    clip: str = asset("Clip", "The clip to cut.", "clip")
    start: float | None = Field(
        None,
        title="Start at",
        description="Leave empty to start at the beginning.",
        ge=0,
        le=86_400,
        json_schema_extra={"unit": "s"},
    )
    end: float | None = Field(
        None,
        title="End at",
        description="Leave empty to go on to the end.",
        gt=0,
        le=86_400,
        json_schema_extra={"unit": "s"},
    )
    speed: float = Field(
        1.0,
        title="Speed",
        description="Below 1 is slower. The sound keeps its pitch. Frames are repeated or left out.",
        ge=0.25,
        le=4,
        json_schema_extra={"unit": "×", "step": 0.05},
    )
    reverse: bool = Field(False, title="Play backward", description="Picture and sound.")
    loop: int = Field(1, title="Play", description="How many times in a row.", ge=1, le=16)
    aspect: Literal["source", "16:9", "9:16", "1:1", "4:5", "2.39:1"] = Field(
        "source",
        title="Crop to",
        description="Width to height.",
        json_schema_extra={"choices": "aspect"},
    )
    position: float = Field(
        0.5,
        title="Crop position",
        description="0 keeps the left or upper part, 0.5 the middle, 1 the right or lower part.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05, "advanced": True},
    )
    fade_in: float = fade("Fade in", "Picture and sound, from black and silence.", advanced=True)
    fade_out: float = fade("Fade out", "Picture and sound, to black and silence.", advanced=True)
    format: Format = "auto"

    @field_validator("end")
    @classmethod
    def _end_is_after_start(cls, end: float | None, info: ValidationInfo) -> float | None:
        if end is not None and end <= (info.data.get("start") or 0):
            raise ValueError("The end must be after the start")
        return end

    @property
    def badge(self) -> str:
        return "Cut"


class JoinClips(Request):
    """Join clips into one, in order, with cuts or dissolves. They are fitted to the first clip, or to a size."""

    noun: ClassVar[str] = "clip"

    task: Literal["join_clips"] = "join_clips"
    clips: tuple[AssetId, ...] = Field(
        title="Clips",
        description="Two or more, in order.",
        max_length=MOST_CLIPS,
        json_schema_extra={"asset": "clip", "most": MOST_CLIPS},
    )
    dissolve: float = Field(
        0.0,
        title="Dissolve",
        description="At every join: picture and sound change over this time. 0 is a cut.",
        ge=0,
        le=MOST_SECONDS,
        json_schema_extra={"unit": "s", "step": 0.1},
    )
    dissolves: str = Field(
        "",
        title="Or join by join",
        description="One number for each join, in seconds: “0, 1, 0.5” is a cut and two dissolves.",
        max_length=400,
        json_schema_extra={"advanced": True},
    )
    fps: RateName = Field(
        "source",
        title="Frame rate",
        description="Frames are repeated or left out to match.",
        json_schema_extra={"choices": "fps", "unit": "fps", "advanced": True},
    )
    size: SizeName = Field(
        "source",
        title="Size",
        description="Of the result. Other clips are scaled to it.",
        json_schema_extra={"choices": "size"},
    )
    framing: Framing = Field(
        "fit",
        title="Other shapes",
        description="How clips of another shape fit the size. Nothing is stretched.",
        json_schema_extra={"choices": "framing"},
    )
    format: Format = "auto"

    @field_validator("clips")
    @classmethod
    def _two_or_more(cls, clips: tuple[str, ...]) -> tuple[str, ...]:
        if len(clips) < 2:
            raise ValueError("Add two or more clips")
        return clips

    @field_validator("dissolves")
    @classmethod
    def _a_dissolve_for_each_join(cls, dissolves: str, info: ValidationInfo) -> str:
        seconds, joins = _SECONDS.findall(dissolves), len(info.data.get("clips", ())) - 1
        if re.sub(r"[\s,;]", "", _SECONDS.sub("", dissolves)) or any(float(one) > MOST_SECONDS for one in seconds):
            raise ValueError(f"It takes seconds from 0 to {MOST_SECONDS}, separated by commas")
        if seconds and len(seconds) != joins:
            raise ValueError(f"{joins + 1} clips have {joins} join{'s' if joins > 1 else ''}, not {len(seconds)}")
        return dissolves

    @property
    def overlaps(self) -> tuple[float, ...]:
        """The seconds of the dissolve at each join; 0 for a cut."""
        each = tuple(map(float, _SECONDS.findall(self.dissolves)))
        return each or (self.dissolve,) * (len(self.clips) - 1)

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clips[0], "clip")

    @property
    def badge(self) -> str:
        return f"{len(self.clips)} clips"


class GradeClip(ClipRequest):
    """Grade a clip: exposure, white balance, contrast, saturation, a LUT, grain. Its sound is kept."""

    task: Literal["grade_clip"] = "grade_clip"
    clip: str = asset("Clip", "The clip to grade.", "clip")
    exposure: float = Field(
        0.0,
        title="Exposure",
        description="Each stop doubles or halves the light.",
        ge=-5,
        le=5,
        json_schema_extra={"unit": "stops", "step": 0.1},
    )
    temperature: float = Field(
        0.0,
        title="Temperature",
        description="Below 0 is cooler (blue), above is warmer (orange).",
        ge=-100,
        le=100,
        json_schema_extra={"step": 1},
    )
    tint: float = Field(
        0.0,
        title="Tint",
        description="Below 0 is greener, above is more magenta.",
        ge=-100,
        le=100,
        json_schema_extra={"step": 1},
    )
    contrast: float = Field(
        1.0,
        title="Contrast",
        description="Around middle gray; 1 changes nothing.",
        ge=0.25,
        le=4,
        json_schema_extra={"step": 0.05},
    )
    saturation: float = Field(
        1.0,
        title="Saturation",
        description="0 is black and white, 1 changes nothing.",
        ge=0,
        le=3,
        json_schema_extra={"step": 0.05},
    )
    lut: str | None = Field(
        None,
        title="LUT",
        description="A .cube file for Rec.709. Applied after the settings above.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "lut"},
    )
    lut_strength: float = Field(
        1.0,
        title="LUT strength",
        description="0 leaves the LUT out, 1 applies it fully.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05},
    )
    grain: float = Field(
        0.0,
        title="Grain",
        description="Strongest in shadows and mid-tones, as on film. 20 is a fine 35 mm stock.",
        ge=0,
        le=100,
        json_schema_extra={"step": 1},
    )
    grain_size: float = Field(
        1.5,
        title="Grain size",
        description="Larger looks like a smaller film format.",
        ge=1,
        le=8,
        json_schema_extra={"unit": "px", "step": 0.1, "advanced": True},
    )
    grain_seed: int = Field(
        0,
        title="Grain seed",
        description="The same seed gives the same grain.",
        ge=0,
        le=MAX_SEED,
        json_schema_extra={"advanced": True},
    )
    format: Format = "auto"

    @property
    def badge(self) -> str:
        return "Graded"


class AddSound(ClipRequest):
    """Put a sound under a clip, instead of its own or mixed with it. The picture is not encoded again."""

    task: Literal["add_sound"] = "add_sound"
    clip: str = asset("Clip", "The clip.", "clip")
    sound: str = asset("Sound", "The music, voice-over or effect.", "sound")
    mode: Literal["mix", "replace"] = Field(
        "mix",
        title="The clip's own sound",
        description="What happens to it.",
        json_schema_extra={"choices": "mode"},
    )
    offset: float = Field(
        0.0,
        title="Starts at",
        description="When the sound starts in the clip. Below 0 leaves out its beginning.",
        ge=-86_400,
        le=86_400,
        json_schema_extra={"unit": "s"},
    )
    gain: float = Field(
        0.0,
        title="Volume",
        description="0 leaves the sound as loud as it is, −6 halves it.",
        ge=-60,
        le=20,
        json_schema_extra={"unit": "dB", "step": 0.5},
    )
    clip_gain: float = Field(
        0.0,
        title="Volume of the clip",
        description="Of the clip's own sound, when mixed.",
        ge=-60,
        le=20,
        json_schema_extra={"unit": "dB", "step": 0.5, "advanced": True},
    )
    fade_out: float = fade("Fade out", "Of the added sound, at the end of the clip.")

    @property
    def badge(self) -> str:
        return "Sound"
