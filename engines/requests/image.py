"""Requests that make or change a picture."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import Request, Seed, asset


class CreateImage(Request):
    """Make a picture from words."""

    noun: ClassVar[str] = "picture"

    task: Literal["create_image"] = "create_image"
    prompt: str = Field(
        title="What should it show?",
        description="The picture in words: subject, action, place, light, lens, mood.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    negative_prompt: str = Field(
        "",
        title="What should it not show?",
        description="Things to keep out of the picture. Many models do without.",
        max_length=8000,
        json_schema_extra={"lines": 2, "advanced": True},
    )
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
    steps: int = Field(
        28,
        title="Steps",
        description="How often the picture is refined. More is slower, and finer up to a point.",
        ge=1,
        le=150,
        json_schema_extra={"advanced": True},
    )
    guidance: float = Field(
        7.0,
        title="Guidance",
        description="How strictly the words are followed.",
        ge=0,
        le=30,
        json_schema_extra={"advanced": True, "step": 0.5},
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return self.prompt


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
        pattern=r"^[0-9a-f]{32}$",
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
