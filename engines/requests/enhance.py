"""Requests that make a picture better: larger, cut out, restyled."""

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import ASSET_ID, Request, asset

_NAMED_SIDES = {1920: "Full HD", 2560: "2.5K", 3840: "4K", 7680: "8K"}


def with_long_side(width: int, height: int, side: int) -> tuple[int, int]:
    """The size of the same shape whose longer side is ``side`` px."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


class UpscaleImage(Request):
    """Make a picture larger and sharper."""

    noun: ClassVar[str] = "picture"

    task: Literal["upscale_image"] = "upscale_image"
    image: str = asset("Picture", "The picture to enlarge.", "image")
    scale: Literal[2, 3, 4] = Field(
        2, title="How much larger", description="Times the width and the height.", json_schema_extra={"unit": "x"}
    )
    long_side: int | None = Field(
        None,
        title="Or to a long side of",
        description="The longer side of the result: 3840 is 4K. Goes before how much larger; empty: by that.",
        ge=64,
        le=8192,
        json_schema_extra={"unit": "px"},
    )

    def title(self, assets: Mapping[str, str]) -> str:
        size = f"{self.scale}x" if self.long_side is None else _NAMED_SIDES.get(self.long_side, f"{self.long_side} px")
        return f"{assets.get(self.image, 'picture')} · {size}"

    def target(self, width: int, height: int) -> tuple[int, int]:
        """The size in px that a picture of ``width`` x ``height`` gets."""
        if self.long_side is None:
            return width * self.scale, height * self.scale
        return with_long_side(width, height, self.long_side)

    def network_scale(self, width: int, height: int) -> int:
        """Which of a model's networks comes nearest: 2, 3 or 4 times."""
        times = max(self.target(width, height)) / max(width, height)
        return min(4, max(2, math.ceil(times)))


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
