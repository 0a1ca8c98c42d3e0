"""The request that prepares a clip for an editing program or for a client."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from engines.requests.base import ASSET_ID, Model, Request, asset
from engines.requests.frame_rate import FILM_RATES, exact_rate, shown_rate

FileFormatName = Literal["prores_hq", "prores_4444", "h265", "h264"]
SequenceName = Literal["png", "exr"]
DeliveryFormat = FileFormatName | SequenceName

_RATES = {shown_rate(rate): rate for rate in FILM_RATES}

_RUN_BY = {"repeat": "ffmpeg", "smooth": "ffmpeg-rife"}
"""The catalog entry for each kind of motion."""

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
"""Width and height in px of the named sizes, for landscape."""

_FORMAT_NAMES = {
    "prores_hq": "ProRes HQ",
    "prores_4444": "ProRes 4444",
    "h265": "H.265",
    "h264": "H.264",
    "png": "PNG",
    "exr": "EXR",
}


def _rate_name(value: Any) -> Any:
    """Return the name of a rate given as a number or as a fraction: 24000/1001 is 23.976."""
    if value is None or value == "source":
        return "source"
    try:
        return shown_rate(exact_rate(float(Fraction(value) if isinstance(value, str) else value)))
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return value


RateName = Annotated[
    Literal["source", "23.976", "24", "25", "29.97", "30", "48", "50", "59.94", "60"], BeforeValidator(_rate_name)
]
SizeName = Literal["source", "720p", "1080p", "4k"]
Framing = Literal["fit", "fill"]


def named_rate(name: str) -> Fraction | None:
    """Return the frame rate with this name; None for “source”."""
    return _RATES.get(name)


class DeliverClip(Request):
    """Prepare a clip for editing or for a client: format, frame rate, size, in Rec.709. Its sound and duration are
    kept."""

    noun: ClassVar[str] = "clip"

    task: Literal["deliver_clip"] = "deliver_clip"
    model: Model = Field(None, json_schema_extra={"hidden": True})
    clip: str = asset("Clip", "The clip to deliver.", "clip")
    format: DeliveryFormat = Field(
        "prores_hq",
        title="Format",
        description="ProRes for editing and grading, H.264 or H.265 for viewing, pictures for compositing.",
        json_schema_extra={"choices": "format"},
    )
    fps: RateName = Field(
        "source",
        title="Frame rate",
        description="Duration and sound stay the same.",
        json_schema_extra={"choices": "fps", "unit": "fps"},
    )
    motion: Literal["repeat", "smooth"] = Field(
        "repeat",
        title="Motion at another frame rate",
        description="Smooth draws new frames, never across a cut. It takes much longer.",
        json_schema_extra={"choices": "motion"},
    )
    size: SizeName = Field(
        "source",
        title="Size",
        description="An upright clip becomes an upright 9:16 clip.",
        json_schema_extra={"choices": "size"},
    )
    framing: Framing = Field(
        "fit",
        title="Other shapes",
        description="How a clip of another shape fits the size. Nothing is stretched.",
        json_schema_extra={"choices": "framing"},
    )
    lut: str | None = Field(
        None,
        title="LUT",
        description="A .cube file for Rec.709, applied to the picture.",
        pattern=ASSET_ID,
        json_schema_extra={"asset": "lut", "advanced": True},
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

    @model_validator(mode="before")
    @classmethod
    def _motion_decides_what_runs_it(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("model") not in (None, *_RUN_BY.values()):
            return data
        return data | {"model": _RUN_BY.get(str(data.get("motion", "repeat")), _RUN_BY["repeat"])}

    @field_validator("end")
    @classmethod
    def _end_is_after_start(cls, end: float | None, info: ValidationInfo) -> float | None:
        if end is not None and end <= (info.data.get("start") or 0):
            raise ValueError("The end must be after the start")
        return end

    @property
    def rate(self) -> Fraction | None:
        """The frame rate; None to keep the clip's own."""
        return named_rate(self.fps)

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.clip, "clip")

    @property
    def badge(self) -> str:
        return _FORMAT_NAMES[self.format]
