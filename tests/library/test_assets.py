"""Assets: who sees them, in what order, and deleting and restoring them."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from auth.accounts.principal import Principal
from errors import StudioError
from library.tables import Asset
from library.views import AssetView
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(StudioError) as error:
        call()
    return error.value.problem.code


def may_read(shelf: Shelf, who: Principal, asset_id: str) -> bool:
    with shelf.database.session() as session:
        asset = session.get_one(Asset, asset_id)
    return shelf.library.may_read(who, asset)


def test_an_upload_is_kept_in_its_owners_folder(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    asset = bring(ann, width=3, provenance={"request": {"task": "speak"}})
    assert shelf.files(ann) == {f"{asset.id}.png", f"{asset.id}.thumb.webp"}
    assert shelf.library.file(ann, asset.id).read_bytes() == b"picture"
    thumb = shelf.library.thumb(ann, asset.id)
    assert thumb is not None
    assert thumb.read_bytes() == b"small"
    assert (asset.owner, asset.mine, asset.bytes, asset.width, asset.origin) == ("Ann", True, 7, 3, "upload")
    assert asset.provenance == {"request": {"task": "speak"}}
    assert not any((shelf.data.uploads / "incoming").iterdir())


def test_nobody_else_sees_my_own_work(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring) -> None:
    asset = bring(ann)
    library = shelf.library
    assert not may_read(shelf, bob, asset.id)
    for look in (library.get, library.file, library.thumb, library.delete, library.restore):
        assert refused(lambda look=look: look(bob, asset.id)) == "not_found"
    assert library.page(bob).assets == ()
    assert library.page(bob, project_id="own").assets == ()


def test_a_shared_project_shows_to_members_and_not_to_guests(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring
) -> None:
    guest = shelf.person("Client", "guest")
    shared = shelf.library.projects(ann)[0]
    asset = bring(ann, shared.id)
    seen = shelf.library.get(bob, asset.id)
    assert (seen.mine, seen.owner) == (False, "Ann")
    assert may_read(shelf, bob, asset.id)
    assert not may_read(shelf, guest, asset.id)
    assert shelf.library.page(guest).assets == ()


def test_only_its_owner_deletes_and_sees_the_bin(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring) -> None:
    library = shelf.library
    asset = bring(ann, library.projects(ann)[0].id)
    assert refused(lambda: library.delete(bob, asset.id)) == "not_yours"
    library.delete(ann, asset.id)
    assert refused(lambda: library.get(ann, asset.id)) == "deleted_asset"
    assert refused(lambda: library.file(ann, asset.id)) == "deleted_asset"
    assert refused(lambda: library.get(bob, asset.id, deleted=True)) == "not_found"
    assert library.get(ann, asset.id, deleted=True).deleted_at is not None
    assert library.page(ann).assets == library.page(bob, deleted=True).assets == ()
    assert [binned.id for binned in library.page(ann, deleted=True).assets] == [asset.id]
    assert may_read(shelf, ann, asset.id)
    assert not may_read(shelf, bob, asset.id)

    first_time = library.get(ann, asset.id, deleted=True).deleted_at
    library.delete(ann, asset.id)
    assert library.get(ann, asset.id, deleted=True).deleted_at == first_time
    assert library.restore(ann, asset.id).deleted_at is None
    assert library.file(bob, asset.id).exists()


def test_pages_go_through_everything_once_newest_first(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    made = [bring(ann, title=f"n{n}").id for n in range(7)]
    with shelf.database.session() as session:  # some share the same time: their order is still stable
        for asset_id in made[2:5]:
            session.get_one(Asset, asset_id).created_at = 1000.0
    seen: list[str] = []
    after = None
    while True:
        page = shelf.library.page(ann, after=after, limit=2)
        seen += [asset.id for asset in page.assets]
        bring(ann)  # a new asset does not shift the pages
        after = page.next
        if after is None:
            break
    assert sorted(seen) == sorted(made)
    assert seen[:4] == [made[6], made[5], made[1], made[0]]


def test_a_page_has_a_maximum_length(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    bring(ann)
    bring(ann)
    assert len(shelf.library.page(ann, limit=0).assets) == 1
    assert shelf.library.page(ann, limit=10**9).next is None


@pytest.mark.parametrize("cursor", ["", "x", "nan", "1-", "'; drop table assets", "1e999-x", "--"])
def test_an_invalid_cursor_does_no_harm(shelf: Shelf, ann: Principal, bring: Bring, cursor: str) -> None:
    bring(ann)
    with suppress(StudioError):
        shelf.library.page(ann, after=cursor)
    assert len(shelf.library.page(ann).assets) == 1


def test_filters(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    project = shelf.library.create_project(ann, "Film", shared=False)
    inside = bring(ann, project.id)
    outside = bring(ann, kind="sound")
    assert [a.id for a in shelf.library.page(ann, project_id=project.id).assets] == [inside.id]
    assert [a.id for a in shelf.library.page(ann, project_id="own").assets] == [outside.id]
    assert [a.id for a in shelf.library.page(ann, kind="sound").assets] == [outside.id]
    assert shelf.library.page(ann, origin="made").assets == ()
    assert shelf.library.page(ann, job_id="j").assets == ()


def test_titles_are_one_short_line(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    title = bring(ann, title="first line\n second\tline " + "x" * 300).title
    assert title.startswith("first line second line x")
    assert len(title) == 120


def test_a_missing_file_is_reported_as_missing(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    asset = bring(ann)
    shelf.library.file(ann, asset.id).unlink()
    assert refused(lambda: shelf.library.file(ann, asset.id)) == "not_found"
