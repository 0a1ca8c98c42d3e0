"""What all requests share that have a picture made by a model which reads words."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.requests.base import AssetId, Request, Seed, asset, assets
from engines.requests.mentions import key, replaced

MOST_PICTURES = 16
MOST_REFERENCES = 10
MOST_LORAS = 8


class LoraUse(BaseModel):
    """A LoRA of the library, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    asset: str = asset("LoRA", "A LoRA of the library.", "lora")
    weight: float = Field(
        1.0, title="Weight", description="How much of it: 0 is none, 1 all, below 0 its opposite.", ge=-2, le=2
    )


class Mention(BaseModel):
    """Somebody or something of the cast whom the prompt names with ``@``, settled for the model when it is asked.

    ``how`` says what stands for them: a LoRA of the model's family, reference pictures, or words alone. ``words``
    take the place of ``@name`` in what the model reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(title="Name", description="As it stands in the prompt, without the @.", max_length=60)
    how: Literal["lora", "references", "words"] = Field(title="How", description="What stands for them.")
    words: str = Field("", title="Words", description="What the model reads instead of the name.", max_length=2000)
    loras: tuple[LoraUse, ...] = Field((), title="LoRA", description="The LoRA that knows them.", max_length=1)
    references: tuple[AssetId, ...] = assets("Pictures", "Pictures of them.", "image", MOST_REFERENCES)


class Drawing(Request):
    """A picture from words, perhaps with pictures beside them."""

    prompt: str = Field(
        title="What should it show?",
        description="The picture in words: subject, action, place, light, lens, mood. @ names somebody of the cast.",
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
    count: int = Field(
        1,
        title="How many",
        description="So many pictures, each with the next seed.",
        ge=1,
        le=MOST_PICTURES,
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
    loras: tuple[LoraUse, ...] = Field(
        (),
        title="LoRAs",
        description="Trained looks, characters or products, each with its weight.",
        max_length=MOST_LORAS,
        json_schema_extra={"editor": "loras", "advanced": True},
    )
    mentions: tuple[Mention, ...] = Field(
        (),
        title="Cast",
        description="Who of the cast is meant by each @name; filled in when the request is made.",
        max_length=8,
        json_schema_extra={"hidden": True},
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return self.prompt

    @property
    def spoken(self) -> str:
        """The prompt as the model reads it: every @name replaced by its words."""
        return replaced(self.prompt, {key(one.name): one.words or one.name for one in self.mentions})

    @property
    def every_reference(self) -> tuple[str, ...]:
        """The ids of the pictures to go by: those asked for, then those of the cast, each once."""
        from_cast = (id for mention in self.mentions for id in mention.references)
        return tuple(dict.fromkeys((*getattr(self, "references", ()), *from_cast)))

    @property
    def every_lora(self) -> tuple[LoraUse, ...]:
        """The LoRAs asked for, and those of the cast."""
        return (*self.loras, *(use for mention in self.mentions for use in mention.loras))


def one_of(request: Drawing, number: int) -> dict[str, Any]:
    """What makes the picture ``number`` (from 0) of a request alone."""
    return {"seed": (request.seed or 0) + number, "count": 1}
