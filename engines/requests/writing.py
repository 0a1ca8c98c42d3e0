"""Requests that write."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from engines.requests.base import Request, Seed


class Turn(BaseModel):
    """One message of a conversation. ``attachments`` are ids of pictures and documents that go with it."""

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
        description="The conversation so far, the newest message last; the model answers it.",
        min_length=1,
        max_length=2000,
    )
    temperature: float = Field(
        0.7,
        title="Freedom",
        description="0 keeps to the likeliest words, 1 is freer, 2 is wild.",
        ge=0,
        le=2,
        json_schema_extra={"step": 0.05},
    )
    top_p: float = Field(
        0.95,
        title="Choice of words",
        description="The part of the likeliest words it chooses from.",
        gt=0,
        le=1,
        json_schema_extra={"step": 0.05, "advanced": True},
    )
    max_tokens: int = Field(
        2048,
        title="Longest answer",
        description="Where the answer ends at the latest. A token is about three quarters of a word.",
        ge=1,
        le=65_536,
        json_schema_extra={"unit": "tokens", "advanced": True},
    )
    context: int | None = Field(
        None,
        title="Memory of the talk",
        description="How much of the conversation the model sees at once. Empty: as much as is needed and fits.",
        ge=512,
        le=1_048_576,
        json_schema_extra={"unit": "tokens", "advanced": True},
    )
    thinking: bool = Field(
        False,
        title="Think first",
        description="Models that can, think aloud before they answer: slower, better at hard questions.",
    )
    seed: Seed = Field(None, json_schema_extra={"advanced": True})

    def title(self, assets: Mapping[str, str]) -> str:
        return next((turn.text for turn in reversed(self.messages) if turn.role == "user" and turn.text), "A text")

    def asset_ids(self) -> tuple[str, ...]:
        """The ids of everything attached, each once, in the order of the conversation."""
        return tuple(dict.fromkeys(id for turn in self.messages for id in turn.attachments))
