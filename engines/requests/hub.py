"""Requests that bring models in."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from engines.requests.base import Request


class FetchModel(Request):
    """Download a model of the catalog, or let the language server get one (``ollama:<name>``)."""

    noun: ClassVar[str] = "download"

    task: Literal["fetch_model"] = "fetch_model"
    entry: str = Field(
        title="Model to get", description="The catalog's id of the model to download.", min_length=1, max_length=200
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.entry, self.entry)


class FetchLora(Request):
    """Download a LoRA from the hub into the library."""

    noun: ClassVar[str] = "download"

    task: Literal["fetch_lora"] = "fetch_lora"
    repo: str = Field(
        title="Repository",
        description="The LoRA's name at the hub: owner/name.",
        min_length=1,
        max_length=200,
        pattern=r"^[\w.-]+/[\w.-]+$",
    )
    file: str = Field(
        "",
        title="File",
        description="Which of its files, where there are several. Empty: the only one.",
        max_length=300,
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return self.repo.rpartition("/")[2]
