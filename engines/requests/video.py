"""Requests that make or change a clip."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from engines.requests.base import Request, asset
from engines.requests.drawing import Drawing

_LONGEST_RATE = 40  # letters


class Filming(Drawing):
    """A clip from words, perhaps with a picture to begin with."""

    noun: ClassVar[str] = "clip"

    prompt: str = Field(
        title="What happens?",
        description="The shot in words: subject, action, camera, place, light. @ names somebody of the cast.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    negative_prompt: str = Field(
        "",
        title="What should not happen?",
        description="Things to keep out of the clip. Many models do without.",
        max_length=8000,
        json_schema_extra={"lines": 2, "advanced": True},
    )
    count: int = Field(1, title="How many", description="So many clips, each with the next seed.", ge=1, le=8)
    seconds: float = Field(
        5.0,
        title="Length",
        description="Length of the clip; the model's nearest length is taken.",
        ge=0.5,
        le=60,
        json_schema_extra={"unit": "s", "step": 0.5},
    )


class CreateClip(Filming):
    """Make a clip from words."""

    task: Literal["create_clip"] = "create_clip"
    width: int = Field(
        832,
        title="Width",
        description="Width of the clip.",
        ge=64,
        le=2048,
        multiple_of=8,
        json_schema_extra={"unit": "px"},
    )
    height: int = Field(
        480,
        title="Height",
        description="Height of the clip.",
        ge=64,
        le=2048,
        multiple_of=8,
        json_schema_extra={"unit": "px"},
    )


class AnimateImage(Filming):
    """Let a picture move: it is the first frame of the clip."""

    task: Literal["animate_image"] = "animate_image"
    image: str = asset("Picture", "The picture that the clip begins with.", "image")

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · {self.prompt}"


class UpscaleClip(Request):
    """Make a clip larger and sharper, its sound kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["upscale_clip"] = "upscale_clip"
    clip: str = asset("Clip", "The clip to enlarge.", "clip")
    scale: Literal[2, 3, 4] = Field(
        2, title="How much larger", description="Times the width and the height.", json_schema_extra={"unit": "x"}
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.clip, 'clip')} · {self.scale}x"


def _rate(value: Any) -> Any:
    """A frame rate as broadcast writes it, 24000/1001, as a number; anything else as it is."""
    if not isinstance(value, str) or "/" not in value or len(value) > _LONGEST_RATE:
        return value
    try:
        return float(Fraction(value.replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        return value


class InterpolateClip(Request):
    """Give a clip another frame rate by drawing the frames between, its sound and length kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["interpolate_clip"] = "interpolate_clip"
    clip: str = asset("Clip", "The clip to smooth.", "clip")
    fps: Annotated[float, BeforeValidator(_rate)] = Field(
        60.0,
        title="Frame rate",
        description="Frames a second of the new clip: 24, 25, 29.97, 60 or any other.",
        ge=1,
        le=240,
        json_schema_extra={"unit": "fps", "suggestions": [24, 25, 29.97, 30, 50, 60]},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.clip, 'clip')} · {self.fps:g} fps"
