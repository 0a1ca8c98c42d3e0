"""The available recipes: built-in ones and those that a person saves."""

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from errors import StudioError, not_found
from library.recipes.tables import Recipe
from library.recipes.views import RecipeView, Step
from library.rows import whole_rows, whole_views
from yaml_files import read_yaml

BUILT_IN = Path(__file__).parents[2] / "assets" / "presets" / "recipes.yaml"
NAME_LENGTH = 80
USE_LENGTH = 400
MOST = 200


@cache
def built_in() -> tuple[RecipeView, ...]:
    """The recipes that come with the studio."""
    return TypeAdapter(tuple[RecipeView, ...]).validate_python(read_yaml(BUILT_IN))


def all_of(session: Session, who: Principal) -> list[RecipeView]:
    """The built-in recipes, then the person's own, oldest first."""
    own = whole_rows(session, Recipe, select(Recipe).where(Recipe.owner_id == who.user_id).order_by(Recipe.created_at))
    return [*built_in(), *whole_views(own, _view)]


def get(session: Session, who: Principal, recipe_id: str) -> RecipeView:
    """A built-in recipe, or one of the person's. Raises StudioError not_found."""
    known = next((recipe for recipe in built_in() if recipe.id == recipe_id), None)
    return known or _view(_own(session, who, recipe_id))


def keep(session: Session, who: Principal, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
    """Save a new recipe. Raises StudioError bad_name, too_many."""
    count = session.scalar(select(func.count()).select_from(Recipe).where(Recipe.owner_id == who.user_id)) or 0
    if count >= MOST:
        raise StudioError("too_many", f"You have {count} recipes.", next="Delete some first.", status=409)
    row = Recipe(owner_id=who.user_id, created_at=time.time())
    _write(row, name, use, steps)
    session.add(row)
    session.flush()
    return _view(row)


def change(session: Session, who: Principal, recipe_id: str, name: str, use: str, steps: Sequence[Step]) -> RecipeView:
    """Change one of the person's recipes; its runs stay unchanged. Raises StudioError not_found."""
    row = _own(session, who, recipe_id)
    _write(row, name, use, steps)
    return _view(row)


def forget(session: Session, who: Principal, recipe_id: str) -> None:
    """Delete one of the person's recipes; its runs stay. Raises StudioError not_found."""
    session.delete(_own(session, who, recipe_id))


def _own(session: Session, who: Principal, recipe_id: str) -> Recipe:
    row = session.get(Recipe, recipe_id)
    if row is None or row.owner_id != who.user_id:
        raise not_found("recipe")
    return row


def _write(row: Recipe, name: str, use: str, steps: Sequence[Step]) -> None:
    row.name = " ".join(name.split())
    if not 0 < len(row.name) <= NAME_LENGTH:
        raise StudioError("bad_name", f"A recipe's name has 1 to {NAME_LENGTH} characters.", status=422)
    row.use = " ".join(use.split())[:USE_LENGTH]
    row.steps = [step.model_dump(mode="json") for step in steps]


def _view(row: Recipe) -> RecipeView:
    steps = tuple(Step.model_validate(step) for step in row.steps)
    return RecipeView(id=row.id, name=row.name, use=row.use, steps=steps, mine=True)
