"""Requests that make a picture, or change one."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, asset, assets
from engines.requests.drawing import MOST_REFERENCES, Drawing

MOST_PADDING = 4096

Control = Literal["none", "edges", "depth", "pose", "sketch"]


class CreateImage(Drawing):
    """Make a picture from words."""

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
        "Pictures to go by",
        "Up to ten pictures of people, products or places, in the order in which the words speak of them.",
        "image",
        MOST_REFERENCES,
    )
    control: Control = Field(
        "none",
        title="Keep the structure of",
        description="What of the picture below the new one takes over.",
        json_schema_extra={"advanced": True},
    )
    control_image: str | None = Field(
        None,
        title="The picture with the structure",
        description="A photograph, or a drawing of the edges, depths or poses themselves.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "advanced": True},
    )
    control_strength: float = Field(
        0.8,
        title="How strictly",
        description="How strictly the structure is kept.",
        ge=0,
        le=2,
        json_schema_extra={"advanced": True, "step": 0.05},
    )


class ChangeImage(Drawing):
    """Make another picture out of a picture: its layout stays, the more so the lower the strength."""

    noun: ClassVar[str] = "picture"

    task: Literal["change_image"] = "change_image"
    image: str = asset("Picture", "The picture to begin from.", "image")
    strength: float = Field(
        0.6,
        title="How much may change",
        description="0 keeps the picture as it is, 1 keeps hardly anything.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · {self.prompt}"


class EditImage(Drawing):
    """Change a picture by saying what should be different."""

    noun: ClassVar[str] = "picture"

    task: Literal["edit_image"] = "edit_image"
    image: str = asset("Picture", "The picture to change.", "image")
    mask: str | None = Field(
        None,
        title="Only here",
        description="Paint what may change; all else stays as it is. Empty: anywhere.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "editor": "mask", "paints": "image"},
    )
    references: tuple[str, ...] = assets(
        "More pictures",
        "Up to nine more pictures that the words speak of: “the bag of picture 2”.",
        "image",
        MOST_REFERENCES - 1,
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · {self.prompt}"


class FillImage(Drawing):
    """Put something new into a part of a picture (inpainting)."""

    noun: ClassVar[str] = "picture"

    task: Literal["fill_image"] = "fill_image"
    image: str = asset("Picture", "The picture to change.", "image")
    mask: str = Field(
        title="Where",
        description="Paint what should be new. White is new, black stays.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image", "editor": "mask", "paints": "image"},
    )
    strength: float = Field(
        1.0,
        title="How much may change",
        description="1 makes the painted part anew, less keeps something of it.",
        ge=0,
        le=1,
        json_schema_extra={"advanced": True, "step": 0.05},
    )
    feather: int = Field(
        12,
        title="Soft edge",
        description="How softly the new part blends into the old. It lies inside of what was painted.",
        ge=0,
        le=256,
        json_schema_extra={"unit": "px", "advanced": True},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · {self.prompt}"


def _side(name: str) -> int:
    field: int = Field(
        0,
        title=name,
        description=f"New picture to be added {name.lower()}.",
        ge=0,
        le=MOST_PADDING,
        json_schema_extra={"unit": "px"},
    )
    return field


class ExtendImage(Drawing):
    """Make a picture larger by continuing it beyond its edges (outpainting)."""

    noun: ClassVar[str] = "picture"

    task: Literal["extend_image"] = "extend_image"
    image: str = asset("Picture", "The picture to continue.", "image")
    left: int = _side("On the left")
    right: int = _side("On the right")
    top: int = _side("Above")
    bottom: int = _side("Below")
    feather: int = Field(
        24,
        title="Soft edge",
        description="How softly the new part blends into the old.",
        ge=0,
        le=256,
        json_schema_extra={"unit": "px", "advanced": True},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · extended"
