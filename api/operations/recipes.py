"""Recipes and their runs."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from api.bodies import Body, JsonObject, read
from api.operations.registry import Absent, Id, Json, Operations
from api.principal import Who
from errors import StudioError
from library.recipes.store import USE_LENGTH
from library.recipes.views import MOST_STEPS, RecipeView, RunView, Step
from studio import Studio

_ID = r"^[0-9a-f]{32}$"
Number = Annotated[int, Path(ge=1, le=MOST_STEPS)]

operations = Operations()


class RecipeBody(Body):
    """A recipe to save: its steps, or the run or picture to take them from."""

    name: str
    use: str = Field("", max_length=USE_LENGTH)
    steps: tuple[Step, ...] | None = None
    run_id: str | None = None
    asset_id: str | None = None


class RunBody(Body):
    """A recipe to run, by its id or by its steps. Keys of ``results`` and ``fields`` are step numbers."""

    recipe_id: str | None = None
    steps: tuple[Step, ...] | None = None
    name: str = Field("", max_length=80)
    inputs: dict[str, str] = Field(default_factory=dict, max_length=20)
    results: dict[int, str] = Field(default_factory=dict, max_length=MOST_STEPS)
    fields: dict[int, dict[str, Any]] = Field(default_factory=dict, max_length=MOST_STEPS)
    project_id: str | None = None


class StepBody(Body):
    """Other values for fields of a step, and whether to stop after it."""

    fields: dict[str, Any] = Field(default_factory=dict)
    stop: bool | None = None


class ResultBody(Body):
    """A picture of the library to use as a step's result."""

    asset_id: str = Field(pattern=_ID)


def _recipe_body(
    name: str, steps: list[Json] | None = None, run_id: str | None = None, asset_id: str | None = None
) -> Json:
    return {"name": name, "steps": steps, "run_id": run_id, "asset_id": asset_id}


def _run_body(
    recipe_id: str,
    inputs: Json | None = None,
    results: Json | None = None,
    fields: Json | None = None,
    project_id: str | None = None,
) -> Json:
    given = {"inputs": inputs or {}, "results": results or {}, "fields": fields or {}}
    return {"recipe_id": recipe_id, "project_id": project_id, **given}


def _go_on_body(fields: Json | None = None) -> Json:
    return {"fields": fields or {}}


@operations.add("GET /api/recipes")
def list_recipes(studio: Studio, who: Who) -> list[RecipeView]:
    """List the built-in recipes, then your own: id, name and steps."""
    return studio.recipes.all(who)


@operations.add("POST /api/recipes", arguments=_recipe_body, status=201)
def save_recipe(studio: Studio, who: Who, body: JsonObject) -> RecipeView:
    """Save a recipe: its steps, those of a run, or those that made a picture."""
    new = read(RecipeBody, body)
    return studio.recipes.keep(who, new.name, new.use, _steps(studio, who, new))


@operations.add("GET /api/recipes/{id}", Absent.PAGE)
def get_recipe(studio: Studio, who: Who, recipe_id: Id) -> RecipeView:
    """Return a recipe."""
    return studio.recipes.get(who, recipe_id)


@operations.add("PUT /api/recipes/{id}", Absent.PAGE)
def change_recipe(studio: Studio, who: Who, recipe_id: Id, body: JsonObject) -> RecipeView:
    """Replace your recipe; its runs are not changed."""
    new = read(RecipeBody, body)
    return studio.recipes.change(who, recipe_id, new.name, new.use, _steps(studio, who, new))


@operations.add("DELETE /api/recipes/{id}", Absent.PAGE, status=204)
def forget_recipe(studio: Studio, who: Who, recipe_id: Id) -> None:
    """Delete your recipe."""
    studio.recipes.forget(who, recipe_id)


@operations.add("GET /api/recipe-runs", Absent.PAGE)
def runs(studio: Studio, who: Who) -> list[RunView]:
    """List your runs, last active first, at most 100."""
    return studio.recipes.runs(who)


@operations.add("POST /api/recipe-runs", arguments=_run_body, status=201)
def run_recipe(studio: Studio, who: Who, body: JsonObject) -> RunView:
    """Run a recipe; inputs: files by name, results: pictures for steps, fields: other values for steps."""
    new = read(RunBody, body)
    if new.recipe_id and new.steps is None:
        recipe = studio.recipes.get(who, new.recipe_id)
    else:
        steps = _one_of(steps=new.steps, recipe_id=None)
        recipe = RecipeView(id="", name=new.name.strip() or "Recipe", steps=steps)
    wanted = new.model_dump(include={"inputs", "results", "fields", "project_id"})
    return studio.recipes.begin(who, recipe, **wanted)


@operations.add("GET /api/recipe-runs/{id}")
def recipe_run(studio: Studio, who: Who, run_id: Id) -> RunView:
    """Return the current state of a run: state, text, each step with its job and result."""
    return studio.recipes.run(who, run_id)


@operations.add("POST /api/recipe-runs/{id}/go-on", arguments=_go_on_body)
def go_on_with_run(studio: Studio, who: Who, run_id: Id, body: JsonObject) -> RunView:
    """Continue a waiting run; fields: the values its next step asks for."""
    return studio.recipes.go_on(who, run_id, read(StepBody, body).fields)


@operations.add("POST /api/recipe-runs/{id}/stop")
def stop_run(studio: Studio, who: Who, run_id: Id) -> RunView:
    """Stop a run and the job it waits for."""
    return studio.recipes.halt(who, run_id, "stop")


@operations.add("POST /api/recipe-runs/{id}/finish", Absent.PAGE)
def finish_run(studio: Studio, who: Who, run_id: Id) -> RunView:
    """Finish a run with its last result; the remaining steps are skipped."""
    return studio.recipes.halt(who, run_id, "finish")


@operations.add("DELETE /api/recipe-runs/{id}", Absent.PAGE, status=204)
def forget_run(studio: Studio, who: Who, run_id: Id) -> None:
    """Stop and delete a run; its results stay in the library."""
    studio.recipes.remove(who, run_id)


@operations.add("POST /api/recipe-runs/{id}/steps/{number}/again", Absent.PAGE)
def make_again(studio: Studio, who: Who, run_id: Id, number: Number, body: JsonObject) -> RunView:
    """Run a step again, with other ``fields`` or another ``stop``; later steps are then out of date."""
    step = read(StepBody, body)
    return studio.recipes.again(who, run_id, number, step.fields, step.stop)


@operations.add("PUT /api/recipe-runs/{id}/steps/{number}/result", Absent.PAGE)
def replace_result(studio: Studio, who: Who, run_id: Id, number: Number, body: JsonObject) -> RunView:
    """Use the picture ``asset_id`` as a step's result."""
    return studio.recipes.replace(who, run_id, number, read(ResultBody, body).asset_id)


def _steps(studio: Studio, who: Who, new: RecipeBody) -> tuple[Step, ...]:
    return _one_of(
        steps=new.steps,
        run_id=new.run_id and studio.recipes.of_run(who, new.run_id),
        asset_id=new.asset_id and studio.recipes.of_asset(who, new.asset_id),
    )


def _one_of(**sources: Any) -> tuple[Step, ...]:
    step_lists = [steps for steps in sources.values() if steps]
    if len(step_lists) != 1:
        raise StudioError("bad_recipe", f"Send exactly one of: {', '.join(sources)}.", status=422)
    steps: tuple[Step, ...] = step_lists[0]
    return steps
