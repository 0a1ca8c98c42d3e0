"""Recipes for ``gradio_client``."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from api import rest_recipes
from api.principal import principal
from studio import Studio

Json = dict[str, Any]


def recipe_endpoints(studio: Studio) -> list[Callable[..., Any]]:
    """The endpoints of recipes."""

    def list_recipes(http: gr.Request) -> list[Json]:
        """The studio's recipes, then your own: id, name and steps."""
        return [recipe.model_dump(mode="json") for recipe in studio.recipes.all(principal(http))]

    def save_recipe(
        name: str,
        http: gr.Request,
        steps: list[Json] | None = None,
        run_id: str | None = None,
        asset_id: str | None = None,
    ) -> Json:
        """Keep a recipe: its steps, or those of a run, or those that made a picture."""
        said = {"name": name, "steps": steps, "run_id": run_id, "asset_id": asset_id}
        return rest_recipes.keep(studio, principal(http), said).model_dump(mode="json")

    def run_recipe(
        recipe_id: str,
        http: gr.Request,
        inputs: Json | None = None,
        results: Json | None = None,
        fields: Json | None = None,
        project_id: str | None = None,
    ) -> Json:
        """Run a recipe; inputs: files by name, results: pictures for steps, fields: other values for steps."""
        said = {"recipe_id": recipe_id, "inputs": inputs or {}, "results": results or {}, "fields": fields or {}}
        return rest_recipes.begin(studio, principal(http), said | {"project_id": project_id}).model_dump(mode="json")

    def recipe_run(run_id: str, http: gr.Request) -> Json:
        """A run as it is now: its state, its words, each step with its job and result."""
        return studio.recipes.run(principal(http), run_id).model_dump(mode="json")

    def go_on_with_run(run_id: str, http: gr.Request, fields: Json | None = None) -> Json:
        """Go on with a run that waits; fields: what its next step asked for."""
        return studio.recipes.go_on(principal(http), run_id, fields or {}).model_dump(mode="json")

    def stop_run(run_id: str, http: gr.Request) -> Json:
        """Stop a run and the job it waits for."""
        return studio.recipes.halt(principal(http), run_id, "stop").model_dump(mode="json")

    return [list_recipes, save_recipe, run_recipe, recipe_run, go_on_with_run, stop_run]
