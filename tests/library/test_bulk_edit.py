"""Favorites, tags, families, bulk edits, facets, and automatic deletion."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from auth.accounts.principal import Principal
from errors import StudioError
from library import cleanup
from library.cast.views import CastLoraUse, NewMember
from library.conversations.service import Conversations
from library.conversations.tables import Message
from library.recipes.tables import Recipe, Run, RunStep
from library.tables import Asset, Preset
from library.views import AssetChange, AssetView, BulkEdit
from tests.library.conftest import Shelf
from tests.library.test_cleanup import later  # noqa: F401 - a fixture

Bring = Callable[..., AssetView]
Later = Callable[[float], None]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(StudioError) as error:
        call()
    return error.value.problem.code


@pytest.fixture
def shared(shelf: Shelf, ann: Principal) -> str:
    return shelf.library.projects(ann)[0].id


def test_favorites_are_personal(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str) -> None:
    asset, library = bring(ann, shared), shelf.library
    assert library.change(bob, asset.id, AssetChange(favorite=True)).favorite
    assert library.change(bob, asset.id, AssetChange(favorite=True)).favorite
    assert not library.get(ann, asset.id).favorite
    assert not library.change(bob, asset.id, AssetChange(favorite=False)).favorite


@pytest.mark.parametrize("change", [{"title": "x"}, {"tags": ["x"]}, {"source": "x"}, {"project_id": None}])
def test_only_the_owner_changes_the_rest(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str, change: dict[str, object]
) -> None:
    asset, wanted = bring(ann, shared), AssetChange.model_validate({**change, "favorite": True})
    assert refused(lambda: shelf.library.change(bob, asset.id, wanted)) == "not_yours"
    assert not shelf.library.get(bob, asset.id).favorite
    private = bring(ann)
    assert refused(lambda: shelf.library.change(bob, private.id, wanted)) == "not_found"
    shelf.library.change(ann, asset.id, wanted)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": " \n "}, "bad_title"),
        ({"tags": ["ok", ""]}, "bad_tag"),
        ({"tags": ["x" * 41]}, "bad_tag"),
        ({"tags": ["…"]}, "bad_tag"),
        ({"project_id": "f" * 32}, "not_found"),
    ],
)
def test_an_invalid_change_changes_nothing(
    shelf: Shelf, ann: Principal, bring: Bring, change: dict[str, object], code: str
) -> None:
    asset = bring(ann)
    wanted = AssetChange.model_validate({"favorite": True, "source": "x", **change})
    assert refused(lambda: shelf.library.change(ann, asset.id, wanted)) == code
    assert shelf.library.get(ann, asset.id) == asset


def test_tags_are_lowercase_and_unique(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    asset = shelf.library.change(ann, bring(ann).id, AssetChange(tags=("Opening  Shot", "opening shot", "Löwe")))
    assert asset.tags == ("löwe", "opening shot")


def test_nobody_moves_a_file_into_a_project_of_others(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring
) -> None:
    secret = shelf.library.create_project(ann, "Secret", shared=False).id
    asset = bring(bob)
    assert refused(lambda: shelf.library.change(bob, asset.id, AssetChange(project_id=secret))) == "not_found"
    move = BulkEdit(ids=(asset.id,), do="move", project_id=secret)
    assert refused(lambda: shelf.library.many(bob, move)) == "not_found"


def test_a_bulk_edit_applies_to_what_it_may(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str
) -> None:
    library = shelf.library
    mine, theirs, private = bring(bob, shared), bring(ann, shared), bring(ann)
    ids = (mine.id, theirs.id, private.id, "f" * 32, mine.id)

    def do(what: str, **more: str) -> tuple[list[str], list[str]]:
        outcome = library.many(bob, BulkEdit.model_validate({"ids": ids, "do": what, **more}))
        return list(outcome.done), [refusal.id for refusal in outcome.refused]

    for what in ("delete", "restore"):
        done, left = do(what)
        assert (done, set(left)) == ([mine.id], {theirs.id, private.id, "f" * 32})
    assert do("tag", tag=" Take  One ")[0] == [mine.id]
    assert library.get(bob, mine.id).tags == ("take one",)
    assert do("untag", tag="take one")[0] == [mine.id]
    assert do("favorite") == ([mine.id, theirs.id], [private.id, "f" * 32])
    assert library.get(bob, theirs.id).favorite
    assert do("unfavorite")[0] == [mine.id, theirs.id]
    assert do("move")[0] == [mine.id]
    assert library.get(bob, mine.id).project_id is None
    assert library.get(ann, theirs.id) == theirs
    assert refused(lambda: do("tag")) == "bad_tag"


def test_families(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str) -> None:
    library = shelf.library
    private, binned, source = bring(ann), bring(ann, shared), bring(ann, shared)
    child = bring(ann, shared, parents=(private.id, binned.id, source.id, "f" * 32))
    hidden = bring(ann, parents=(source.id,))
    library.delete(ann, binned.id)
    family = library.family(ann, child.id)
    assert [asset.id for asset in family.parents] == [source.id, binned.id, private.id]
    assert [asset.deleted_at is None for asset in family.parents] == [True, False, True]
    assert family.missing == 1
    seen = library.family(bob, child.id)
    assert ([asset.id for asset in seen.parents], seen.missing) == ([source.id], 3)
    assert [asset.id for asset in library.family(ann, source.id).children] == [hidden.id, child.id]
    assert [asset.id for asset in library.family(bob, source.id).children] == [child.id]
    assert library.get(ann, source.id).children_count == 2
    assert library.get(bob, source.id).children_count == 1
    assert refused(lambda: library.family(bob, private.id)) == "not_found"


def test_facets_count_what_a_person_may_see(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str
) -> None:
    library = shelf.library
    record = {"model": {"id": "sd-1.5"}}
    open_, private, binned = bring(ann, shared, provenance=record), bring(ann, kind="clip"), bring(ann, shared)
    bring(ann, kind="clip")
    for asset in (open_, private, binned):
        library.change(ann, asset.id, AssetChange(tags=("lions",), favorite=True))
    library.delete(ann, binned.id)
    mine, theirs = library.facets(ann), library.facets(bob)
    assert (mine.total, mine.favorites, mine.deleted) == (3, 2, 1)
    assert {facet.value: facet.count for facet in mine.projects} == {shared: 1, "own": 2}
    assert (theirs.total, theirs.favorites, theirs.deleted) == (1, 0, 0)
    assert {facet.value: facet.count for facet in mine.kinds} == {"clip": 2, "image": 1}
    for facets, count in ((mine, 2), (theirs, 1)):
        assert [(facet.name, facet.count) for facet in facets.people] == [("Ann", facets.total)]
        assert [(facet.value, facet.count) for facet in facets.tags] == [("lions", count)]
        assert [(facet.value, facet.count) for facet in facets.models] == [("sd-1.5", 1)]
    library.change(ann, open_.id, AssetChange(project_id=None))
    nothing = library.facets(bob)
    assert (nothing.kinds, nothing.models, nothing.people, nothing.tags, nothing.projects) == ((), (), (), (), ())


def test_people_see_their_own_disk_usage(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str
) -> None:
    library = shelf.library
    bring(ann, content=b"x" * 1000)
    bring(ann, shared, content=b"x" * 200)
    library.delete(bob, bring(bob, content=b"x" * 30).id)
    owner, member = library.space(ann, {}), library.space(bob, {"uploads": shelf.data.uploads})
    assert {share.name: share.bytes for share in owner.people} == {"Ann": 1200, "Bob": 30}
    assert {share.name: share.bytes for share in member.people} == {"Bob": 30}
    assert {share.name: share.bytes for share in member.projects} == {"Shared work": 200, "In no project": 30}
    assert (member.bin.count, member.bin.bytes, member.total) == (1, 30, 1230)
    assert member.thumbnails == 3 * len(b"small")
    assert 0 < member.free <= member.disk
    assert member.folders == {"uploads": 0}


# -- intermediate steps


def test_unkept_steps_go_to_the_bin_and_nothing_else(
    shelf: Shelf,
    ann: Principal,
    bob: Principal,
    bring: Bring,
    shared: str,
    later: Later,  # noqa: F811
) -> None:
    library = shelf.library
    liked, tagged, plain, loose = (
        bring(ann, shared, step=True, title=name) for name in ("liked", "tagged", "p", "loose")
    )
    deep = bring(ann, step=True, title="deep")
    used = bring(ann, step=True, title="used", parents=(deep.id,))
    result = bring(ann, title="result", parents=(used.id,))
    of_loose = bring(ann, step=True, title="of loose", parents=(loose.id,))
    with shelf.database.session() as session:
        session.get_one(Asset, plain.id).step = False
    library.change(bob, liked.id, AssetChange(favorite=True))
    library.change(ann, tagged.id, AssetChange(tags=("x",)))

    later(29)
    sweep = library.going(ann)
    assert (sweep.count, sweep.due) == (2, 0)
    assert library.sweep(ann) == ()
    later(31)
    sweep = library.going(ann)
    assert [going.asset.id for going in sweep.going] == [loose.id, of_loose.id]
    assert (sweep.due, sweep.bytes) == (2, loose.bytes + of_loose.bytes)
    assert sweep.going[0].goes_at == pytest.approx(loose.created_at + 30 * cleanup.DAY)
    assert library.going(bob).count == 0
    assert library.sweep(bob) == ()
    library.recover()
    kept = {liked.id, tagged.id, plain.id, deep.id, used.id, result.id}
    assert {asset.id for asset in library.page(ann).assets} == kept
    assert {asset.id for asset in library.page(ann, deleted=True).assets} == {loose.id, of_loose.id}

    library.delete(ann, result.id)  # now no kept asset was made from them
    assert set(library.sweep(ann)) == {deep.id, used.id}


def test_steps_in_use_stay(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    names = ("face", "lora", "attached", "preset", "recipe", "input", "result", "finished", "loose")
    step = {name: bring(ann, step=True, title=name, kind="lora" if name == "lora" else "image").id for name in names}
    member = NewMember(name="Mara", pictures=(step["face"],), loras=(CastLoraUse(asset=step["lora"], family="sdxl"),))
    shelf.library.cast.create(ann, member)
    talk = Conversations(shelf.database).create(ann, title="Look")
    mine, now = {"owner_id": ann.user_id}, {"created_at": 0.0, "updated_at": 0.0}
    runs = {
        "r1": Run(id="r1", recipe="x", name="x", inputs={"image": step["input"]}, state="looking", **mine, **now),
        "r2": Run(id="r2", recipe="x", name="x", state="done", **mine, **now),
    }
    with shelf.database.session() as session:
        session.add_all(runs.values())
        session.flush()
        session.add_all(
            [
                Message(
                    conversation_id=talk.id,
                    role="user",
                    attachments=[step["attached"]],
                    state="done",
                    created_at=0.0,
                ),
                Preset(task="edit_image", name="a", fields={"image": step["preset"]}, created_at=0.0, **mine),
                Recipe(name="r", steps=[{"request": {"image": step["recipe"]}}], created_at=0.0, **mine),
                RunStep(run_id="r1", number=1, spec={}, state="done", assets=[step["result"]]),
                RunStep(run_id="r2", number=1, spec={}, state="done", assets=[step["finished"]]),
            ]
        )
        session.execute(text("INSERT INTO presets SELECT 'p', owner_id, task, 'b', '{', 0 FROM presets"))
        session.execute(text("UPDATE assets SET created_at = created_at - 31 * 86400"))
    shelf.library.recover()
    live = {asset.title for asset in shelf.library.page(ann).assets}
    assert live == set(names) - {"finished", "loose"}
