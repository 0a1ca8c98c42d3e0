"""Requests that download models and LoRAs."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from engines.requests.base import Request

_NAME = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*$"


class FetchModel(Request):
    """Download a model from the catalog, or have Ollama download one (``ollama:<name>``)."""

    noun: ClassVar[str] = "download"

    task: Literal["fetch_model"] = "fetch_model"
    entry: str = Field(
        title="Model to download", description="The catalog id of the model.", min_length=1, max_length=200
    )

    def title(self, assets: Mapping[str, str]) -> str:
        return assets.get(self.entry, self.entry)


class FetchLora(Request):
    """Download a LoRA from Hugging Face into the library, by its name there or the address of its page or file."""

    noun: ClassVar[str] = "download"

    task: Literal["fetch_lora"] = "fetch_lora"
    repo: str = Field(
        title="Repository",
        description="The LoRA's name on Hugging Face: owner/name.",
        min_length=1,
        max_length=200,
        pattern=_NAME,
    )
    file: str = Field(
        "",
        title="File",
        description="Which of its files to download, if there are several. Leave empty if there is only one.",
        max_length=300,
    )

    @model_validator(mode="before")
    @classmethod
    def _read_address(cls, data: Any) -> Any:
        repo = data.get("repo") if isinstance(data, Mapping) else None
        if not isinstance(repo, str) or re.fullmatch(_NAME, repo):
            return data
        from engines.hub import address  # loads an HTTP client, so only when needed

        meant = address.read_main(repo)
        return {**data, "repo": meant.repo, "file": data.get("file") or meant.file}

    def title(self, assets: Mapping[str, str]) -> str:
        return self.repo.rpartition("/")[2]
