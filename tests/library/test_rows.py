"""A row that cannot be read does not hide the others in a list."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from auth.accounts.principal import Principal
from library import cleanup, presets
from library.cast.views import NewMember
from library.conversations.options import Options
from library.conversations.service import Conversations
from library.presets import PresetFields
from library.recipes import runs
from library.recipes import store as recipe_shelf
from library.recipes.tables import Recipe, Run, RunStep
from library.recipes.views import RecipeView
from library.views import AssetView, BulkEdit
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]
STEP = {"name": "Draw", "request": {"task": "create_image", "prompt": "a lion"}}


@pytest.fixture
def damage(shelf: Shelf) -> Callable[[str], None]:
    """Damages rows with a statement, like a bad disk."""

    def change(statement: str) -> None:
        with shelf.database.session() as session:
            session.execute(text(statement))

    return change


def test_pages_of_files_continue_after_a_damaged_one(
    shelf: Shelf, ann: Principal, bring: Bring, damage: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    made = [bring(ann, title=f"take {n}").id for n in range(5)]
    shelf.library.cast.create(ann, NewMember(name="Mara", pictures=tuple(made)))
    damage(f"UPDATE assets SET lora = '{{broken' WHERE id = '{made[3]}'")
    seen, after = [], None
    while True:
        page = shelf.library.page(ann, after=after, limit=2)
        seen += [asset.id for asset in page.assets]
        if (after := page.next) is None:
            break
    assert seen == [made[4], made[2], made[1], made[0]]
    assert made[3] in caplog.text
    assert len(shelf.library.cast.all(ann)[0].pictures) == 4
    outcome = shelf.library.many(ann, BulkEdit(ids=tuple(made), do="delete"))
    assert [refusal.id for refusal in outcome.refused] == [made[3]]


def test_the_sweep_continues_after_a_damaged_file(
    shelf: Shelf, ann: Principal, bring: Bring, damage: Callable[[str], None]
) -> None:
    step, binned, broken = bring(ann, step=True), bring(ann), bring(ann, step=True)
    damage(f"UPDATE assets SET created_at = created_at - {31 * cleanup.DAY}")
    damage(f"UPDATE assets SET deleted_at = 1.0 WHERE id IN ('{binned.id}', '{broken.id}')")
    damage(f"UPDATE assets SET notes = '[' WHERE id = '{broken.id}'")
    shelf.library.recover()
    assert [asset.id for asset in shelf.library.page(ann, deleted=True).assets] == [step.id]
    assert f"{binned.id}.png" not in shelf.files(ann)


def test_lists_of_conversations_continue_after_a_damaged_one(
    shelf: Shelf, ann: Principal, damage: Callable[[str], None]
) -> None:
    talks = Conversations(shelf.database)
    made = [talks.create(ann, title=f"Talk {n}").id for n in range(4)]
    damage(f"UPDATE conversations SET options = '{{' WHERE id = '{made[2]}'")
    first = talks.page(ann, limit=2)
    rest = talks.page(ann, limit=2, after=first.next)
    assert [talk.id for talk in (*first.conversations, *rest.conversations)] == [made[3], made[1], made[0]]


@pytest.mark.parametrize("value", ["{", '[{"odd": 1}]', "7"])
def test_presets_and_recipes_are_listed_without_a_damaged_one(
    shelf: Shelf, ann: Principal, damage: Callable[[str], None], value: str
) -> None:
    for name in ("a", "b"):
        presets.keep(shelf.database, ann, "create_image", name, PresetFields())
        Conversations(shelf.database).presets.keep(ann, name, "Write.", Options())
    with shelf.database.session() as session:
        for name in ("a", "b"):
            session.add(Recipe(owner_id=ann.user_id, name=name, steps=[STEP], created_at=1.0))
            session.add(
                Run(id=name, owner_id=ann.user_id, recipe="x", name=name, state="looking", created_at=1, updated_at=1)
            )
            session.flush()
            session.add(RunStep(run_id=name, number=1, spec=STEP, state="done"))
    damage(f"UPDATE presets SET fields = '{value}' WHERE name = 'a'")
    damage(f"UPDATE recipes SET steps = '{value}' WHERE name = 'a'")
    damage(f"UPDATE recipe_steps SET spec = '{value}' WHERE run_id = 'a'")
    assert [preset.name for preset in presets.all_presets(shelf.database, ann, "create_image") if preset.mine] == ["b"]
    assert [preset.name for preset in Conversations(shelf.database).presets.all(ann) if preset.mine] == ["b"]
    with shelf.database.session() as session:
        assert [recipe.name for recipe in own_recipes(session, ann)] == ["b"]
        assert [run.name for run in runs.page(session, ann)] == ["b"]


def own_recipes(session: Session, who: Principal) -> list[RecipeView]:
    """A person's own recipes."""
    return [recipe for recipe in recipe_shelf.all_of(session, who) if recipe not in recipe_shelf.built_in()]
