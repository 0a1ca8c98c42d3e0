"""Making and changing pictures for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api.principal import principal
from engines.requests import parse
from studio import Studio

Json = dict[str, Any]


def image_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """One endpoint a way of making a picture; each answers with its job."""

    def ask(http: gr.Request, fields: Json, options: Json | None, project_id: str | None) -> Json:
        asked = parse({**(options or {}), **fields}, titled=False)
        return studio.jobs.submit(principal(http), asked, project_id=project_id).model_dump(mode="json")

    def create_image(prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None) -> Json:
        """Make a picture from words; options: more fields (width, height, count, references, seed, model, …)."""
        return ask(http, {"task": "create_image", "prompt": prompt}, options, project_id)

    def change_image(
        asset_id: str, prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None
    ) -> Json:
        """Make another picture out of a picture; options: strength (0 to 1), and more fields."""
        return ask(http, {"task": "change_image", "image": asset_id, "prompt": prompt}, options, project_id)

    def edit_image(
        asset_id: str, prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None
    ) -> Json:
        """Change a picture by saying what should be different; options: references, mask, and more fields."""
        return ask(http, {"task": "edit_image", "image": asset_id, "prompt": prompt}, options, project_id)

    def fill_image(
        asset_id: str,
        mask_id: str,
        prompt: str,
        http: gr.Request,
        options: Json | None = None,
        project_id: str | None = None,
    ) -> Json:
        """Put something new where a mask is white; options: feather, strength, and more fields."""
        asked = {"task": "fill_image", "image": asset_id, "mask": mask_id, "prompt": prompt}
        return ask(http, asked, options, project_id)

    def extend_image(
        asset_id: str, prompt: str, http: gr.Request, options: Json | None = None, project_id: str | None = None
    ) -> Json:
        """Continue a picture beyond its edges; options: left, right, top, bottom in px, and more fields."""
        return ask(http, {"task": "extend_image", "image": asset_id, "prompt": prompt}, options, project_id)

    return [create_image, change_image, edit_image, fill_image, extend_image]
