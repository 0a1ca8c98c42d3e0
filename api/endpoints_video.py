"""Making clips for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api.principal import principal
from engines.requests import parse
from studio import Studio

Json = dict[str, Any]


def video_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """One endpoint a way of making a clip; each answers with its job."""

    def ask(http: gr.Request, fields: Json, options: Json | None, project_id: str | None) -> Json:
        asked = parse({**(options or {}), **fields}, titled=False)
        return studio.jobs.submit(principal(http), asked, project_id=project_id).model_dump(mode="json")

    def create_clip(prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None) -> Json:
        """Make a clip from words; options: more fields (seconds, width, height, count, seed, model, …)."""
        return ask(http, {"task": "create_clip", "prompt": prompt}, options, project_id)

    def animate_image(
        asset_id: str, prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None
    ) -> Json:
        """Let a picture move: it is the clip's first frame; options: seconds, and more fields."""
        return ask(http, {"task": "animate_image", "image": asset_id, "prompt": prompt}, options, project_id)

    return [create_clip, animate_image]
