"""The base of every request, and the fields that take assets."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from engines.loras.facts import LoraFacts

Kind = Literal["image", "clip", "sound", "subtitles", "document", "lora", "lut"]

SEQUENCE_MIME = "application/zip"
"""The MIME type of a clip that is delivered as pictures: it can be downloaded and watched, but not used as an input."""

ASSET_ID = r"^[0-9a-f]{32}$"

MAX_SEED = 2**32 - 1

Seed = Annotated[
    int | None,
    Field(
        title="Seed",
        description="The same seed gives the same result. Leave empty for a new one each time.",
        ge=0,
        le=MAX_SEED,
    ),
]

Model = Annotated[
    str | None,
    Field(title="Model", description="Leave empty to use the best installed model.", max_length=200),
]


AssetId = Annotated[str, Field(pattern=ASSET_ID)]


def asset(title: str, description: str, kind: Kind) -> Any:
    """Return a field that takes the id of an asset of one kind."""
    return Field(
        title=title,
        description=description,
        pattern=ASSET_ID,
        json_schema_extra={"asset": kind},
    )


def assets(title: str, description: str, kind: Kind, most: int) -> Any:
    """Return a field that takes the ids of up to ``most`` assets of one kind; their order matters."""
    return Field(
        (),
        title=title,
        description=description,
        max_length=most,
        json_schema_extra={"asset": kind, "most": most},
    )


class AssetFacts(BaseModel):
    """Facts about an input, known before a model loads it: enough to validate and estimate a request.

    ``seconds`` and ``frames`` are exact for sounds and counted or estimated for clips. ``fps`` is the mean frame rate.
    ``family`` names the models a LoRA is for; ``lora`` holds its other facts. ``title`` is its title in the library.
    ``notes`` are sentences people should know about it.
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
    """Everything a job needs. Frozen; media are asset ids; unknown fields are rejected.

    Subclasses set ``task`` and declare the title, description, unit and bounds of each field once: forms, schemas, docs
    and validation use them. A catalog entry may narrow them further.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)

    noun: ClassVar[str]
    """What people call the result: “picture”, “clip”."""

    auxiliary_fields: ClassVar[frozenset[str]] = frozenset()
    """The fields whose assets help, and come after the others."""

    task: str
    version: int = Field(1, title="Version", description="Version of this request's schema.", ge=1)
    model: Model = None

    def title(self, assets: Mapping[str, str]) -> str:
        """Return a short title for the result; ``assets`` holds the titles of the inputs by id.

        A result made from another asset keeps the title of that asset; its ``badge`` says what differs.
        """
        raise NotImplementedError

    @property
    def badge(self) -> str:
        """What differs from the first input, in a word or two (“2×”, “24 fps”); empty for a result of its own."""
        return ""

    def asset_ids(self) -> tuple[str, ...]:
        """Return the id of every asset this request takes, in the order of ``asset_inputs``, without duplicates."""
        return tuple(dict.fromkeys(one.id for one in self.asset_inputs()))

    def asset_inputs(self) -> tuple["AssetInput", ...]:
        """Return every asset this request takes: first what it is about, such as the picture to change, then what
        helps, such as LoRAs."""
        names = sorted(type(self).model_fields, key=lambda name: name in self.auxiliary_fields)
        return tuple(one for name in names for one in _asset_inputs(self, name, name))


class AssetInput(NamedTuple):
    """An asset that a request takes: its id, the required kind, and the request field that holds it."""

    id: str
    kind: Kind
    field: str


def _asset_inputs(owner: BaseModel, name: str, field: str) -> Iterator[AssetInput]:
    """Yield the assets in a value, including those in nested models."""
    kind, value = asset_fields(type(owner)).get(name), getattr(owner, name)
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, BaseModel):
            yield from (item for part in type(one).model_fields for item in _asset_inputs(one, part, field))
        elif one is not None and kind:
            yield AssetInput(one, kind, field)


@cache
def asset_fields(request: type[BaseModel]) -> Mapping[str, Kind]:
    """Return the fields of a request that take one or more assets, with the kind each takes."""
    return {
        name: extra["asset"]  # type: ignore[misc]
        for name, field in request.model_fields.items()
        if isinstance(extra := field.json_schema_extra, dict) and "asset" in extra
    }
