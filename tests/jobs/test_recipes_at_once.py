"""Recipes saved at the same moment."""

from functools import partial

from jobs.recipes.service import Recipes
from library.recipes import store
from library.recipes.tables import Recipe
from library.recipes.views import Step
from tests.jobs.queue_fixtures import Scene
from tests.support.at_once import at_once


def test_the_last_free_place_goes_to_one_recipe(scene: Scene) -> None:
    ann = scene.person("Ann")
    recipes = Recipes(scene.database, scene.library, scene.catalog, scene.jobs)
    steps = [Step(request={"task": "upscale_image", "image": "input:photograph", "scale": 2})]
    kept = {"owner_id": ann.user_id, "use": "", "steps": [], "created_at": 1.0}
    with scene.database.session() as session:
        session.add_all(Recipe(name=f"Recipe {n}", **kept) for n in range(store.MOST - 1))
    calls = [partial(recipes.keep, ann, f"New {n}", "", steps) for n in range(12)]
    assert at_once(calls) == {"done": 1, "too_many 409": 11}
    assert sum(one.mine for one in recipes.all(ann)) == store.MOST
