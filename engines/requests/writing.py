"""Requests that write text."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.requests.base import Request, Seed


class Turn(BaseModel):
    """One message of a conversation. ``attachments`` are the ids of its pictures and documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Literal["system", "user", "assistant"]
    text: str = Field(max_length=2_000_000)
    attachments: tuple[str, ...] = Field((), max_length=32)


class Write(Request):
    """Write with a language model."""

    noun: ClassVar[str] = "text"

    task: Literal["write"] = "write"
    messages: tuple[Turn, ...] = Field(
        title="Messages",
        description="The conversation so far, newest message last. The model answers it.",
        min_length=1,
        max_length=2000,
    )
    temperature: float = Field(
        0.7,
        title="Temperature",
        description="Lower is more predictable, higher more varied.",
        ge=0,
        le=2,
        json_schema_extra={"step": 0.05},
    )
    top_p: float = Field(
        0.95,
        title="Top-p (variety)",
        description="The share of likely words the model chooses from. Lower is more predictable.",
        gt=0,
        le=1,
        json_schema_extra={"step": 0.05, "advanced": True},
    )
    max_tokens: int = Field(
        2048,
        title="Length limit",
        description="The answer stops here at the latest. A token is about three quarters of a word.",
        ge=1,
        le=65_536,
        json_schema_extra={"unit": "tokens", "advanced": True},
    )
    context: int | None = Field(
        None,
        title="Context length",
        description="How much of the conversation the model sees at once. Leave empty to use as much as is needed and "
        "fits.",
        ge=512,
        le=1_048_576,
        json_schema_extra={"unit": "tokens", "advanced": True},
    )
    thinking: bool = Field(
        False,
        title="Think first",
        description="The model reasons before it answers, if it can: slower, but better at hard questions.",
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return next((turn.text for turn in reversed(self.messages) if turn.role == "user" and turn.text), "A text")

    def asset_ids(self) -> tuple[str, ...]:
        """Return the ids of all attachments, in the order of the conversation, without duplicates."""
        return tuple(dict.fromkeys(id for turn in self.messages for id in turn.attachments))
