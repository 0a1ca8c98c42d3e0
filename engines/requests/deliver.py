"""The request that prepares a clip for an editing program or for a client."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from engines.requests.base import Request, asset
from engines.requests.frame_rate import FILM_RATES, exact_rate, shown_rate

DeliveryFormat = Literal["prores_hq", "prores_4444", "h265", "h264"]

RateName = Literal["source", "23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60"]
_RATES = {shown_rate(rate): rate for rate in FILM_RATES}

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
"""Width and height in px of the named sizes, for landscape."""

_FORMAT_NAMES = {"prores_hq": "ProRes HQ", "prores_4444": "ProRes 4444", "h265": "H.265", "h264": "H.264"}


def _rate_name(value: Any) -> Any:
    """Return the name of a rate given as a number or as a fraction: 24000/1001 is 23.976."""
    if value is None or value == "source":
        return "source"
    try:
        return shown_rate(exact_rate(float(Fraction(value) if isinstance(value, str) else value)))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return value


class DeliverClip(Request):
    """Prepare a clip for editing or for a client: format, frame rate, size, in Rec.709. Its sound and duration are
    kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["deliver_clip"] = "deliver_clip"
    clip: str = asset("Clip", "The clip to deliver.", "clip")
    format: DeliveryFormat = Field(
        "prores_hq",
        title="Format",
        description="ProRes for editing and grading, H.264 or H.265 for viewing.",
        json_schema_extra={"choices": "format"},
    )
    fps: Annotated[RateName, BeforeValidator(_rate_name)] = Field(
        "source",
        title="Frame rate",
        description="Frames are repeated or left out to match. For smooth motion, change the frame rate first.",
        json_schema_extra={"choices": "fps", "unit": "fps"},
    )
    size: Literal["source", "720p", "1080p", "4k"] = Field(
        "source",
        title="Size",
        description="An upright clip becomes an upright 9:16 clip.",
        json_schema_extra={"choices": "size"},
    )
    framing: Literal["fit", "fill"] = Field(
        "fit",
        title="Other shapes",
        description="How a clip of another shape fits the size. Nothing is stretched.",
        json_schema_extra={"choices": "framing"},
    )
    start: float | None = Field(
        None,
        title="Start at",
        description="Leave empty to start at the beginning.",
        ge=0,
        le=86_400,
        json_schema_extra={"unit": "s", "advanced": True},
    )
    end: float | None = Field(
        None,
        title="End at",
        description="Leave empty to go on to the end.",
        gt=0,
        le=86_400,
        json_schema_extra={"unit": "s", "advanced": True},
    )

    @field_validator("end")
    @classmethod
    def _end_is_after_start(cls, end: float | None, info: ValidationInfo) -> float | None:
        if end is not None and end <= (info.data.get("start") or 0):
            raise ValueError("The end must be after the start")
        return end

    @property
    def rate(self) -> Fraction | None:
        """The frame rate; None to keep the clip's own."""
        return _RATES.get(self.fps)

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")

    @property
    def badge(self) -> str:
        return _FORMAT_NAMES[self.format]
