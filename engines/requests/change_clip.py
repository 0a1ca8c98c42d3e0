"""Requests that change a clip with a model, following a prompt."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, AssetFacts, asset, assets
from engines.requests.video import MOST_CLIP_REFERENCES, VideoRequest


class ChangeClip(VideoRequest):
    """The base of requests that change a clip. Its sound is kept."""

    clip: str = asset("Clip", "The clip to change.", "clip")
    seconds: float = Field(
        5.0,
        title="Duration",
        description="How much of the clip is used, from its start. A shorter clip is used whole.",
        ge=0.5,
        le=60,
        json_schema_extra={"unit": "s", "step": 0.5},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")


class RestyleClip(ChangeClip):
    """Generate a clip anew from another one: its motion and layout stay, the look follows the prompt."""

    task: Literal["restyle_clip"] = "restyle_clip"
    prompt: str = Field(
        title="Describe the new clip",
        description="What it shows, and its style: “a fox runs through snow, watercolor”. Type @ to use your cast.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    strength: float = Field(
        0.6,
        title="Strength",
        description="Low values keep the shapes and colors of the clip; 1 replaces almost everything.",
        ge=0.05,
        le=1,
        json_schema_extra={"step": 0.05},
    )

    @property
    def badge(self) -> str:
        return "Restyled"


class EditClip(ChangeClip):
    """Edit a clip by describing the change; everything else stays as it is."""

    task: Literal["edit_clip"] = "edit_clip"
    prompt: str = Field(
        title="Describe the change",
        description="What to change, and how: “replace the shirt with a red raincoat”.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )

    @property
    def badge(self) -> str:
        return "Edited"


class FillClip(ChangeClip):
    """Replace part of a clip (inpainting). White parts of the mask are generated, black ones stay."""

    task: Literal["fill_clip"] = "fill_clip"
    prompt: str = Field(
        title="Describe the new part",
        description="What the area should show, in its surroundings: “an empty beach with waves”.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    mask: str | None = Field(
        None,
        title="Area to replace",
        description="Paint over what should change, in the whole clip: also where it moves to.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "editor": "mask", "paints": "clip"},
    )
    mask_clip: str | None = Field(
        None,
        title="Mask clip",
        description="For an area that moves: a black and white clip instead of the painted area. White is replaced.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "clip", "advanced": True},
    )
    references: tuple[str, ...] = assets(
        "Reference pictures", "Up to three pictures of what the area should show.", "image", MOST_CLIP_REFERENCES
    )

    @property
    def badge(self) -> str:
        return "Filled"


class ExtendClip(ChangeClip):
    """Extend a clip to another shape (outpainting): it stays whole, and what is missing around it is generated."""

    task: Literal["extend_clip"] = "extend_clip"
    prompt: str = Field(
        title="Describe the whole picture",
        description="What the clip shows, with what should be around it.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    aspect: Literal["16:9", "9:16", "1:1", "4:5", "4:3", "21:9"] = Field(
        "9:16", title="New shape", description="The clip is centered; what is missing on the sides is generated."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """Width and height of the new shape, without a unit."""
        width, height = self.aspect.split(":")
        return int(width), int(height)

    @property
    def badge(self) -> str:
        return "Extended"


def used_seconds(request: ChangeClip, facts: Mapping[str, AssetFacts]) -> float:
    """Return how many seconds of its clip a request uses, as far as the clip's duration is known."""
    clip = facts.get(request.clip)
    return min(request.seconds, clip.seconds) if clip and clip.seconds else request.seconds
