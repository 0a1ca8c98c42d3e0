"""Requests that make a picture better: larger, cut out, restyled."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, Request, asset


class UpscaleImage(Request):
    """Make a picture larger and sharper."""

    noun: ClassVar[str] = "picture"

    task: Literal["upscale_image"] = "upscale_image"
    image: str = asset("Picture", "The picture to enlarge.", "image")
    scale: Literal[2, 3, 4] = Field(
        2, title="How much larger", description="Times the width and the height.", json_schema_extra={"unit": "x"}
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · {self.scale}x"


class CutOut(Request):
    """Free the subject of a picture from its background."""

    noun: ClassVar[str] = "cut-out"

    task: Literal["cut_out"] = "cut_out"
    image: str = asset("Picture", "The picture whose subject is wanted.", "image")
    background: Literal["transparent", "white", "black", "green"] = Field(
        "transparent", title="New background", description="What stands behind the subject. Green is for keying."
    )
    feather: float = Field(
        1.0,
        title="Soft edge",
        description="How soft the edge of the subject is.",
        ge=0,
        le=50,
        json_schema_extra={"unit": "px", "advanced": True, "step": 0.5},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · cut out"


class StylizeImage(Request):
    """Give a picture the look of a painting or of another picture."""

    noun: ClassVar[str] = "picture"

    task: Literal["stylize_image"] = "stylize_image"
    image: str = asset("Picture", "The picture to restyle.", "image")
    style: str = Field(
        "style-03",
        title="Style",
        description="One of the built-in looks. A picture given below goes first.",
        max_length=60,
        json_schema_extra={"choices": "style"},
    )
    style_image: str | None = Field(
        None,
        title="Or take the look of",
        description="A picture whose look is taken over instead.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image"},
    )
    strength: float = Field(
        1.0,
        title="Strength",
        description="0 keeps the picture as it is, 1 is all style.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return f"{assets.get(self.image, 'picture')} · restyled"
