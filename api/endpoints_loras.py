"""LoRAs for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api.loras import bring_in, shelf
from api.principal import principal
from engines.requests import parse
from studio import Studio

Json = dict[str, Any]


def lora_endpoints(studio: Studio) -> tuple[Callable[..., Any], ...]:
    """The endpoints."""

    def list_loras(http: gr.Request, model: str | None = None, q: str | None = None) -> Json:
        """The LoRAs of the library: family, trigger words; with a model also which of them it reads, those first."""
        return shelf(studio, principal(http), model, q).model_dump(mode="json")

    def import_lora(path: str, http: gr.Request, project_id: str | None = None) -> Json:
        """Take a LoRA that lies on the studio's machine into the library, for the owner in their browser. The asset."""
        return bring_in(studio, principal(http), path, project_id).model_dump(mode="json")

    def get_lora(repo: str, http: gr.Request, file: str = "", project_id: str | None = None) -> Json:
        """Download a LoRA of the hub into the library; the job. repo: owner/name, or the address of its page or file.
        file: which one, where the repository has several."""
        asked = parse({"task": "fetch_lora", "repo": repo, "file": file})
        return studio.jobs.submit(principal(http), asked, project_id=project_id).model_dump(mode="json")

    return list_loras, import_lora, get_lora
