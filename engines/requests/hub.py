"""Requests that bring models in."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from engines.requests.base import Request

_NAME = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*/[A-Za-z0-9_-][A-Za-z0-9_.-]*$"


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
    """Download a LoRA from the hub into the library, by its name there or by the address of its page or file."""

    noun: ClassVar[str] = "download"

    task: Literal["fetch_lora"] = "fetch_lora"
    repo: str = Field(
        title="Repository",
        description="The LoRA's name at the hub: owner/name.",
        min_length=1,
        max_length=200,
        pattern=_NAME,
    )
    file: str = Field(
        "",
        title="File",
        description="Which of its files, where there are several. Empty: the only one.",
        max_length=300,
    )

    @model_validator(mode="before")
    @classmethod
    def _read_address(cls, data: Any) -> Any:
        repo = data.get("repo") if isinstance(data, Mapping) else None
        if not isinstance(repo, str) or re.fullmatch(_NAME, repo):
            return data
        from engines.hub import address  # with an HTTP client: only where one is needed

        meant = address.read_main(repo)
        return {**data, "repo": meant.repo, "file": data.get("file") or meant.file}

    def title(self, assets: Mapping[str, str]) -> str:
        return self.repo.rpartition("/")[2]
