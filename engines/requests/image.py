"""Requests that generate or change a picture."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, asset, assets
from engines.requests.prompt import MOST_REFERENCES, PromptRequest

MOST_PADDING = 4096

Control = Literal["none", "edges", "depth", "pose", "sketch"]


class CreateImage(PromptRequest):
    """Generate a picture from a prompt."""

    noun: ClassVar[str] = "picture"

    task: Literal["create_image"] = "create_image"
    width: int = Field(
        512,
        title="Width",
        description="Width of the picture.",
        ge=64,
        le=4096,
        multiple_of=8,
        json_schema_extra={"unit": "px"},
    )
    height: int = Field(
        512,
        title="Height",
        description="Height of the picture.",
        ge=64,
        le=4096,
        multiple_of=8,
        json_schema_extra={"unit": "px"},
    )
    references: tuple[str, ...] = assets(
        "Reference pictures",
        "Up to ten pictures of people, products or places, in the order the prompt mentions them.",
        "image",
        MOST_REFERENCES,
    )
    control: Control = Field(
        "none",
        title="Structure to keep",
        description="What the new picture takes over from the picture below.",
        json_schema_extra={"advanced": True},
    )
    control_image: str | None = Field(
        None,
        title="Structure picture",
        description="A photo, or a finished edge, depth or pose map.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "advanced": True},
    )
    control_strength: float = Field(
        0.8,
        title="Structure strength",
        description="How closely the new picture follows the structure.",
        ge=0,
        le=2,
        json_schema_extra={"advanced": True, "step": 0.05},
    )


class ChangeImage(PromptRequest):
    """Generate a variation of a picture. The lower the strength, the more of its layout is kept."""

    noun: ClassVar[str] = "picture"

    task: Literal["change_image"] = "change_image"
    image: str = asset("Picture", "The picture to start from.", "image")
    strength: float = Field(
        0.6,
        title="Strength",
        description="0 keeps the picture, 1 replaces almost everything.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Changed"


class EditImage(PromptRequest):
    """Edit a picture by describing the change. White parts of the mask may change, black ones stay."""

    noun: ClassVar[str] = "picture"

    task: Literal["edit_image"] = "edit_image"
    prompt: str = Field(
        title="Describe the change",
        description="What to change, and how: “make the coat red”. Type @ to use someone from your cast.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    image: str = asset("Picture", "The picture to change.", "image")
    mask: str | None = Field(
        None,
        title="Change only here",
        description="Paint over what may change. Leave empty to allow changes anywhere.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "editor": "mask", "paints": "image"},
    )
    references: tuple[str, ...] = assets(
        "Reference pictures",
        "Up to nine more pictures that the prompt refers to: “the bag in picture 2”.",
        "image",
        MOST_REFERENCES - 1,
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Edited"


class FillImage(PromptRequest):
    """Replace part of a picture (inpainting). White parts of the mask change, black ones stay."""

    noun: ClassVar[str] = "picture"

    task: Literal["fill_image"] = "fill_image"
    image: str = asset("Picture", "The picture to change.", "image")
    mask: str = Field(
        title="Area to replace",
        description="Paint over what should change.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "editor": "mask", "paints": "image"},
    )
    strength: float = Field(
        1.0,
        title="Strength",
        description="1 replaces the painted area completely. Lower values keep some of it.",
        ge=0,
        le=1,
        json_schema_extra={"advanced": True, "step": 0.05},
    )
    feather: int = Field(
        12,
        title="Soft edge",
        description="Blends the new part into the old, inside the painted area.",
        ge=0,
        le=256,
        json_schema_extra={"unit": "px", "advanced": True},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Filled"


def _side(name: str) -> int:
    field: int = Field(
        0,
        title=name,
        description=f"How much to add {name.lower()}.",
        ge=0,
        le=MOST_PADDING,
        json_schema_extra={"unit": "px"},
    )
    return field


class ExtendImage(PromptRequest):
    """Extend a picture beyond its edges (outpainting)."""

    noun: ClassVar[str] = "picture"

    task: Literal["extend_image"] = "extend_image"
    image: str = asset("Picture", "The picture to extend.", "image")
    left: int = _side("On the left")
    right: int = _side("On the right")
    top: int = _side("Above")
    bottom: int = _side("Below")
    feather: int = Field(
        24,
        title="Soft edge",
        description="Blends the new part into the old.",
        ge=0,
        le=256,
        json_schema_extra={"unit": "px", "advanced": True},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Extended"
