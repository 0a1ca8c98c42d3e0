"""The base of all requests that generate from a prompt."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.requests.base import AssetId, Request, Seed, asset, assets
from engines.requests.mentions import key, replace_mentions

MOST_PICTURES = 16
MOST_REFERENCES = 10
MOST_LORAS = 8


class LoraUse(BaseModel):
    """A LoRA from the library and its strength."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    asset: str = asset("LoRA", "A LoRA from the library.", "lora")
    weight: float = Field(
        1.0,
        title="Strength",
        description="0 has no effect, 1 is full strength, negative values invert it.",
        ge=-2,
        le=2,
    )


class Mention(BaseModel):
    """A cast member that the prompt names with ``@``, resolved for the model when the request is submitted.

    ``how`` says what represents them: a LoRA of the model's family, reference pictures, or text only. ``words`` replace
    ``@name`` in the text that the model reads.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(title="Name", description="The name in the prompt, without the @.", max_length=60)
    how: Literal["lora", "references", "words"] = Field(
        title="How", description="What represents them: a LoRA, reference pictures, or text only."
    )
    words: str = Field("", title="Text", description="What the model reads instead of the name.", max_length=2000)
    loras: tuple[LoraUse, ...] = Field((), title="LoRA", description="The LoRA trained on them.", max_length=1)
    references: tuple[AssetId, ...] = assets(
        "Reference pictures", "Reference pictures of them.", "image", MOST_REFERENCES
    )


class PromptRequest(Request):
    """A request with a prompt, and optionally reference pictures."""

    auxiliary_fields = frozenset({"loras", "mentions"})

    prompt: str = Field(
        title="Describe the picture",
        description="Subject, action, place, light, lens, mood. Type @ to use someone from your cast.",
        min_length=1,
        max_length=8000,
        json_schema_extra={"lines": 4},
    )
    negative_prompt: str = Field(
        "",
        title="Negative prompt",
        description="What to leave out. Many models ignore this.",
        max_length=8000,
        json_schema_extra={"lines": 2, "advanced": True},
    )
    count: int = Field(
        1,
        title="Number of pictures",
        description="Each uses the next seed.",
        ge=1,
        le=MOST_PICTURES,
    )
    steps: int = Field(
        28,
        title="Steps",
        description="Denoising steps. More steps take longer and add detail, up to a point.",
        ge=1,
        le=150,
        json_schema_extra={"advanced": True},
    )
    guidance: float = Field(
        7.0,
        title="Guidance",
        description="How closely the result follows the prompt.",
        ge=0,
        le=30,
        json_schema_extra={"advanced": True, "step": 0.5},
    )
    loras: tuple[LoraUse, ...] = Field(
        (),
        title="LoRAs",
        description="Trained looks, characters or products, each with its own strength.",
        max_length=MOST_LORAS,
        json_schema_extra={"editor": "loras", "advanced": True},
    )
    mentions: tuple[Mention, ...] = Field(
        (),
        title="Cast",
        description="The cast member each @name refers to. Filled in when the request is submitted.",
        max_length=8,
        json_schema_extra={"hidden": True},
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return self.prompt

    @property
    def resolved_prompt(self) -> str:
        """The prompt as the model reads it: every @name replaced by its text."""
        return replace_mentions(self.prompt, {key(one.name): one.words or one.name for one in self.mentions})

    @property
    def all_references(self) -> tuple[str, ...]:
        """The ids of all reference pictures: the request's own, then those of the cast, without duplicates."""
        from_cast = (id for mention in self.mentions for id in mention.references)
        return tuple(dict.fromkeys((*getattr(self, "references", ()), *from_cast)))

    @property
    def all_loras(self) -> tuple[LoraUse, ...]:
        """The request's own LoRAs, then those of the cast."""
        return (*self.loras, *(use for mention in self.mentions for use in mention.loras))


def one_of(request: PromptRequest, number: int) -> dict[str, Any]:
    """Return the fields that generate only picture ``number`` (from 0) of a request."""
    return {"seed": (request.seed or 0) + number, "count": 1}
