"""What every request shares, and how a field says that it takes an asset."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["image", "clip", "sound", "subtitles", "document"]

MAX_SEED = 2**32 - 1

Seed = Annotated[
    int | None,
    Field(
        title="Seed",
        description="The number chance starts from: the same seed makes the same result. Empty: a new one each time.",
        ge=0,
        le=MAX_SEED,
    ),
]

Model = Annotated[
    str | None,
    Field(title="Model", description="Which model does it. Empty: the best one installed.", max_length=200),
]


def asset(title: str, description: str, kind: Kind) -> Any:
    """A field that takes the id of an asset of one kind."""
    return Field(
        title=title,
        description=description,
        pattern=r"^[0-9a-f]{32}$",
        json_schema_extra={"asset": kind},
    )


class AssetFacts(BaseModel):
    """What is known of an input before any model sees it: enough to validate and to estimate.

    ``seconds`` and ``frames`` are exact for sounds and counted or estimated for clips; ``fps`` is the mean rate.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    kind: Kind
    mime: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None


class Request(BaseModel):
    """All that a generation needs. Frozen; media are asset ids; unknown fields are refused.

    Subclasses fix ``task`` and state title, description, unit and bounds of each field once: forms, schemas,
    docs and validation come from here. A catalog entry may narrow them further.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    noun: ClassVar[str]
    """What the queue calls it: “dad's *clip* is first”."""

    task: str
    version: int = Field(1, title="Version", description="Version of this request's schema.", ge=1)
    model: Model = None

    def title(self, assets: Mapping[str, str]) -> str:
        """A short name for the result; ``assets`` holds the titles of the inputs by id."""
        raise NotImplementedError

    def asset_ids(self) -> tuple[str, ...]:
        """The ids of every asset this request takes, in the order of its fields."""
        values = (getattr(self, name) for name in asset_fields(type(self)))
        return tuple(value for value in values if value is not None)


def asset_fields(request: type[Request]) -> dict[str, Kind]:
    """The fields of a request that take assets, with the kind each takes."""
    return {
        name: extra["asset"]  # type: ignore[misc]
        for name, field in request.model_fields.items()
        if isinstance(extra := field.json_schema_extra, dict) and "asset" in extra
    }
