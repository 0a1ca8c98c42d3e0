"""REST: recipes, and the runs of them."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from api.bodies import JsonObject
from api.principal import Who
from api.writing import Body, read
from auth.principal import Principal
from errors import StudioError
from library.recipes.shelf import USE_LENGTH
from library.recipes.views import MOST_STEPS, RecipeView, RunView, Step
from studio import Studio

_ID = r"^[0-9a-f]{32}$"
Number = Annotated[int, Path(alias="number", ge=1, le=MOST_STEPS)]


class Kept(Body):
    """A recipe to be kept: its steps, or the run or the picture to take them from."""

    name: str
    use: str = Field("", max_length=USE_LENGTH)
    steps: tuple[Step, ...] | None = None
    run_id: str | None = None
    asset_id: str | None = None


class Begun(Body):
    """A recipe to be run, by its id or by its steps. Keys of ``results`` and ``fields`` are numbers of steps."""

    recipe_id: str | None = None
    steps: tuple[Step, ...] | None = None
    name: str = Field("", max_length=80)
    inputs: dict[str, str] = Field(default_factory=dict, max_length=20)
    results: dict[int, str] = Field(default_factory=dict, max_length=MOST_STEPS)
    fields: dict[int, dict[str, Any]] = Field(default_factory=dict, max_length=MOST_STEPS)
    project_id: str | None = None


class Onward(Body):
    """Other values for fields of a step, and whether to wait with its result."""

    fields: dict[str, Any] = Field(default_factory=dict)
    stop: bool | None = None


class Result(Body):
    """A picture of the library that stands for what a step made."""

    asset_id: str = Field(pattern=_ID)


def keep(studio: Studio, who: Principal, body: Mapping[str, Any], recipe_id: str | None = None) -> RecipeView:
    """Keep a recipe. Raises StudioError where it is none."""
    kept = read(Kept, body)
    steps = _one_of(
        steps=kept.steps,
        run_id=kept.run_id and studio.recipes.of_run(who, kept.run_id),
        asset_id=kept.asset_id and studio.recipes.of_asset(who, kept.asset_id),
    )
    if recipe_id is None:
        return studio.recipes.keep(who, kept.name, kept.use, steps)
    return studio.recipes.change(who, recipe_id, kept.name, kept.use, steps)


def begin(studio: Studio, who: Principal, body: Mapping[str, Any]) -> RunView:
    """Run a recipe. Raises StudioError where it cannot be run."""
    begun = read(Begun, body)
    if begun.recipe_id and begun.steps is None:
        recipe = studio.recipes.get(who, begun.recipe_id)
    else:
        steps = _one_of(steps=begun.steps, recipe_id=None)
        recipe = RecipeView(id="", name=begun.name.strip() or "Recipe", steps=steps)
    wanted = begun.model_dump(include={"inputs", "results", "fields", "project_id"})
    return studio.recipes.begin(who, recipe, **wanted)


def _one_of(**sources: Any) -> tuple[Step, ...]:
    found = [steps for steps in sources.values() if steps]
    if len(found) != 1:
        raise StudioError("bad_recipe", f"Say one of: {', '.join(sources)}.", status=422)
    steps: tuple[Step, ...] = found[0]
    return steps


def add_to(router: APIRouter, studio: Studio) -> None:
    """Add the routes of recipes and runs."""
    _add_recipes(router, studio)
    _add_runs(router, studio)
    _add_steps(router, studio)


def _add_recipes(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/recipes")
    def recipes(who: Who) -> list[RecipeView]:
        """The studio's recipes, then one's own."""
        return studio.recipes.all(who)

    @router.post("/api/recipes", status_code=201)
    def keep_recipe(who: Who, body: JsonObject) -> RecipeView:
        """Keep ``{"name", "use", "steps"}``; or, for ``steps``, those of a ``run_id`` or of a picture, ``asset_id``."""
        return keep(studio, who, body)

    @router.get("/api/recipes/{id}")
    def recipe(who: Who, id: str) -> RecipeView:
        """A recipe."""
        return studio.recipes.get(who, id)

    @router.put("/api/recipes/{id}")
    def change_recipe(who: Who, id: str, body: JsonObject) -> RecipeView:
        """Keep something else under a recipe of one's own; its runs stay as they are."""
        return keep(studio, who, body, id)

    @router.delete("/api/recipes/{id}", status_code=204)
    def forget_recipe(who: Who, id: str) -> None:
        """Let a recipe of one's own go."""
        studio.recipes.forget(who, id)


def _add_runs(router: APIRouter, studio: Studio) -> None:
    @router.get("/api/recipe-runs")
    def runs(who: Who) -> list[RunView]:
        """One's own runs, the one that went on last first, at most 100."""
        return studio.recipes.runs(who)

    @router.post("/api/recipe-runs", status_code=201)
    def begin_run(who: Who, body: JsonObject) -> RunView:
        """Run a recipe: ``recipe_id`` or ``steps``, and ``inputs``, ``results``, ``fields``, ``project_id``."""
        return begin(studio, who, body)

    @router.get("/api/recipe-runs/{id}")
    def run(who: Who, id: str) -> RunView:
        """A run and each of its steps, as it is now."""
        return studio.recipes.run(who, id)

    @router.post("/api/recipe-runs/{id}/go-on")
    def go_on(who: Who, id: str, body: JsonObject) -> RunView:
        """Go on: the result is good, or ``fields`` say what the next step asked for, or try once more."""
        return studio.recipes.go_on(who, id, read(Onward, body).fields)

    @router.post("/api/recipe-runs/{id}/stop")
    def stop_run(who: Who, id: str) -> RunView:
        """Stop a run and the job it waits for; it can go on later."""
        return studio.recipes.halt(who, id, "stop")

    @router.post("/api/recipe-runs/{id}/finish")
    def finish_run(who: Who, id: str) -> RunView:
        """Take the last result for the run's own; the steps after it are left undone."""
        return studio.recipes.halt(who, id, "finish")

    @router.delete("/api/recipe-runs/{id}", status_code=204)
    def forget_run(who: Who, id: str) -> None:
        """Stop a run and forget it; what it made stays in the library."""
        studio.recipes.remove(who, id)


def _add_steps(router: APIRouter, studio: Studio) -> None:
    @router.post("/api/recipe-runs/{id}/steps/{number}/again")
    def make_again(who: Who, id: str, number: Number, body: JsonObject) -> RunView:
        """Make a step anew, with other ``fields`` or another ``stop``; what came of it is then out of date."""
        asked = read(Onward, body)
        return studio.recipes.again(who, id, number, asked.fields, asked.stop)

    @router.put("/api/recipe-runs/{id}/steps/{number}/result")
    def replace_result(who: Who, id: str, number: Number, body: JsonObject) -> RunView:
        """Let the picture ``asset_id`` stand for what a step made."""
        return studio.recipes.replace(who, id, number, read(Result, body).asset_id)
