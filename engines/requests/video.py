"""Requests that make or change a clip."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import Request, asset


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


class InterpolateClip(Request):
    """Give a clip another frame rate by drawing the frames between, its sound and length kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["interpolate_clip"] = "interpolate_clip"
    clip: str = asset("Clip", "The clip to smooth.", "clip")
    fps: float = Field(
        60.0,
        title="Frame rate",
        description="Frames a second of the new clip: 24, 25, 29.97, 60 or any other.",
        ge=1,
        le=240,
        json_schema_extra={"unit": "fps", "suggestions": [24, 25, 29.97, 30, 50, 60]},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.clip, 'clip')} · {self.fps:g} fps"
