"""Requests that generate or change a clip."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, Request, asset, assets
from engines.requests.frame_rate import FILM_RATES, HIGHEST, LOWEST, FrameRate, shown_rate, written_rate
from engines.requests.prompt import PromptRequest

LAST_IMAGE: Any = Field(
    None,
    title="Last frame",
    description="Optional: the clip moves to this picture.",
    pattern=ASSET_ID,
    json_schema_extra={"asset": "image"},
)
MOTION_PROMPT: Any = Field(
    "",
    title="Describe the shot",
    description="What moves, and how; the camera. Type @ to use someone from your cast. To change the action over "
    "time, start lines with times: “0 s: …”, “3 s: …”. Some models use no prompt.",
    max_length=8000,
    json_schema_extra={"lines": 4},
)

MOST_CLIP_REFERENCES = 3
"""The most reference pictures that a clip model takes."""


class VideoRequest(PromptRequest):
    """A clip from a prompt, optionally with a first frame."""

    noun: ClassVar[str] = "clip"

    prompt: str = Field(
        title="Describe the shot",
        description="Subject, action, camera, place, light. Type @ to use someone from your cast. To change the action "
        "over time, start lines with times: “0 s: …”, “3 s: …”.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    negative_prompt: str = Field(
        "",
        title="What to avoid",
        description="What to leave out. Many models ignore this.",
        max_length=8000,
        json_schema_extra={"lines": 2, "advanced": True},
    )
    count: int = Field(1, title="Number of clips", description="Each uses the next seed.", ge=1, le=8)
    seconds: float = Field(
        5.0,
        title="Duration",
        description="Duration of the clip, rounded to what the model can generate. Many make longer clips in parts.",
        ge=0.5,
        le=60,
        json_schema_extra={"unit": "s", "step": 0.5},
    )


class CreateClip(VideoRequest):
    """Generate a clip from a prompt."""

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
    references: tuple[str, ...] = assets(
        "Reference pictures",
        "Up to three pictures of people, products or places that the clip shows.",
        "image",
        MOST_CLIP_REFERENCES,
    )


class AnimateImage(VideoRequest):
    """Animate a picture: it becomes the first frame of the clip. With some models, another one becomes the last."""

    task: Literal["animate_image"] = "animate_image"
    prompt: str = MOTION_PROMPT
    image: str = asset("Picture", "The first frame of the clip.", "image")
    last_image: str | None = LAST_IMAGE

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Animated"


class ContinueClip(VideoRequest):
    """Continue a clip from its last frame. With some models, another picture becomes the last frame of the new part."""

    task: Literal["continue_clip"] = "continue_clip"
    prompt: str = MOTION_PROMPT
    clip: str = asset("Clip", "The clip to continue from its last frame.", "clip")
    last_image: str | None = LAST_IMAGE
    join: bool = Field(
        True,
        title="Join to the clip",
        description="The result is the clip with the new part after it. Otherwise it is only the new part.",
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")

    @property
    def badge(self) -> str:
        return "Continued"


class UpscaleClip(Request):
    """Make a clip larger and sharper. Its sound is kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["upscale_clip"] = "upscale_clip"
    clip: str = asset("Clip", "The clip to enlarge.", "clip")
    scale: Literal[2, 3, 4] = Field(
        2, title="Enlarge by", description="Multiplies width and height.", json_schema_extra={"unit": "×"}
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")

    @property
    def badge(self) -> str:
        return f"{self.scale}×"


class InterpolateClip(Request):
    """Change a clip's frame rate by generating in-between frames. Its sound and duration are kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["interpolate_clip"] = "interpolate_clip"
    clip: str = asset("Clip", "The clip whose frame rate to change.", "clip")
    fps: FrameRate = Field(
        24,
        title="Frame rate",
        description="Frames per second of the new clip: choose one, or type any other from 1 to 240.",
        ge=LOWEST,
        le=HIGHEST,
        validate_default=True,
        json_schema_extra={"unit": "fps", "suggestions": {shown_rate(one): written_rate(one) for one in FILM_RATES}},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")

    @property
    def badge(self) -> str:
        return f"{shown_rate(self.fps)} fps"
