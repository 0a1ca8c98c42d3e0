"""What every request shares, and how a field says that it takes an asset."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from engines.loras.facts import LoraFacts

Kind = Literal["image", "clip", "sound", "subtitles", "document", "lora"]

ASSET_ID = r"^[0-9a-f]{32}$"

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


AssetId = Annotated[str, Field(pattern=ASSET_ID)]


def asset(title: str, description: str, kind: Kind) -> Any:
    """A field that takes the id of an asset of one kind."""
    return Field(
        title=title,
        description=description,
        pattern=ASSET_ID,
        json_schema_extra={"asset": kind},
    )


def assets(title: str, description: str, kind: Kind, most: int) -> Any:
    """A field that takes the ids of up to ``most`` assets of one kind, in an order that means something."""
    return Field(
        (),
        title=title,
        description=description,
        max_length=most,
        json_schema_extra={"asset": kind, "most": most},
    )


class AssetFacts(BaseModel):
    """What is known of an input before any model sees it: enough to validate and to estimate.

    ``seconds`` and ``frames`` are exact for sounds and counted or estimated for clips; ``fps`` is the mean rate;
    ``family`` says of a LoRA which models it is for, ``lora`` what else is known of it; ``title`` is what the library
    calls it; ``notes`` are sentences on what a person should know of it.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    kind: Kind
    title: str = ""
    mime: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None
    family: str | None = None
    lora: LoraFacts | None = None
    notes: tuple[str, ...] = ()


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
        """The ids of every asset this request takes, in the order of its fields, each once."""
        return tuple(dict.fromkeys(one.id for one in self.taken()))

    def taken(self) -> tuple["Taken", ...]:
        """Every asset this request takes, in the order of its fields."""
        return tuple(one for name in type(self).model_fields for one in _taken(self, name, name))


class Taken(NamedTuple):
    """An asset that a request takes: its id, what kind it must be, and the request's field it comes from."""

    id: str
    kind: Kind
    field: str


def _taken(owner: BaseModel, name: str, field: str) -> Iterator[Taken]:
    """The assets in a value, also those inside of nested models."""
    extra, value = type(owner).model_fields[name].json_schema_extra, getattr(owner, name)
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, BaseModel):
            yield from (found for part in type(one).model_fields for found in _taken(one, part, field))
        elif one is not None and isinstance(extra, dict) and "asset" in extra:
            yield Taken(one, extra["asset"], field)  # type: ignore[arg-type]


def asset_fields(request: type[Request]) -> dict[str, Kind]:
    """The fields of a request that take assets, one or several, with the kind each takes."""
    return {
        name: extra["asset"]  # type: ignore[misc]
        for name, field in request.model_fields.items()
        if isinstance(extra := field.json_schema_extra, dict) and "asset" in extra
    }
