"""Requests that upscale, cut out or restyle a picture."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, Request, asset

_NAMED_SIDES = {1920: "Full HD", 2560: "2.5K", 3840: "4K", 7680: "8K"}


def with_long_side(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size with the same aspect ratio whose longer side is ``side`` px."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


class UpscaleImage(Request):
    """Make a picture larger and sharper."""

    noun: ClassVar[str] = "picture"

    task: Literal["upscale_image"] = "upscale_image"
    image: str = asset("Picture", "The picture to enlarge.", "image")
    scale: Literal[2, 3, 4] = Field(
        2, title="Enlarge by", description="Multiplies width and height.", json_schema_extra={"unit": "×"}
    )
    long_side: int | None = Field(
        None,
        title="Or set the long side",
        description="3840 is 4K. Overrides the factor above. Leave empty to use the factor.",
        ge=64,
        le=8192,
        json_schema_extra={"unit": "px"},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        if self.long_side is None:
            return f"{self.scale}×"
        return _NAMED_SIDES.get(self.long_side, f"{self.long_side} px")

    def target(self, width: int, height: int) -> tuple[int, int]:
        """Return the target size in px for a picture of ``width`` × ``height``."""
        if self.long_side is None:
            return width * self.scale, height * self.scale
        return with_long_side(width, height, self.long_side)

    def network_scale(self, width: int, height: int) -> int:
        """Return the scale of the network to use: 2, 3 or 4."""
        times = max(self.target(width, height)) / max(width, height)
        return min(4, max(2, math.ceil(times)))


class CutOut(Request):
    """Remove the background of a picture."""

    noun: ClassVar[str] = "cut-out"

    task: Literal["cut_out"] = "cut_out"
    image: str = asset("Picture", "The picture whose background to remove.", "image")
    background: Literal["transparent", "white", "black", "green"] = Field(
        "transparent", title="New background", description="What to put behind the subject. Use green for keying."
    )
    feather: float = Field(
        1.0,
        title="Soft edge",
        description="Softens the edge of the subject.",
        ge=0,
        le=50,
        json_schema_extra={"unit": "px", "advanced": True, "step": 0.5},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Cut out"


class StylizeImage(Request):
    """Give a picture the look of a painting or of another picture."""

    noun: ClassVar[str] = "picture"

    task: Literal["stylize_image"] = "stylize_image"
    image: str = asset("Picture", "The picture to restyle.", "image")
    style: str = Field(
        "style-03",
        title="Style",
        description="A built-in look. A picture you add below overrides it.",
        max_length=60,
        json_schema_extra={"choices": "style"},
    )
    style_image: str | None = Field(
        None,
        title="Or copy the look of a picture",
        description="The result takes the look of this picture instead.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "image"},
    )
    strength: float = Field(
        1.0,
        title="Strength",
        description="0 keeps the picture as it is, 1 applies the look fully.",
        ge=0,
        le=1,
        json_schema_extra={"step": 0.05},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.image, "picture")

    @property
    def badge(self) -> str:
        return "Restyled"
