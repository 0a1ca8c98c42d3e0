"""Limits hold even if many items are added at the same moment."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import func, select

from auth.accounts.principal import Principal
from library import pronunciations
from library.tables import Pronunciation
from library.views import MOST_TAGS, AssetChange, AssetView, BulkEdit
from tests.library.conftest import Shelf
from tests.support.at_once import at_once

Bring = Callable[..., AssetView]


def test_the_last_free_place_of_a_pronunciation_list_goes_to_one(shelf: Shelf, ann: Principal) -> None:
    words = [{"owner_id": ann.user_id, "word": f"w{n}", "say": "x"} for n in range(pronunciations.MAX_PAIRS - 1)]
    with shelf.database.session() as session:
        session.add_all(Pronunciation(**word) for word in words)
    calls = [partial(pronunciations.put, shelf.database, ann, f"Word{n}", "said") for n in range(12)]
    assert at_once(calls) == {"done": 1, "list_full 422": 11}
    with shelf.database.session() as session:
        assert session.scalar(select(func.count()).select_from(Pronunciation)) == pronunciations.MAX_PAIRS


def test_a_picture_never_has_too_many_tags(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    library, asset = shelf.library, bring(ann)
    library.change(ann, asset.id, AssetChange(tags=tuple(f"tag {n}" for n in range(MOST_TAGS - 1))))
    edits = [BulkEdit(ids=(asset.id,), do="tag", tag=f"new {n}") for n in range(12)]
    outcomes = []
    at_once([lambda edit=edit: outcomes.append(library.many(ann, edit)) for edit in edits])  # type: ignore[misc]
    assert sorted(len(one.done) for one in outcomes) == [0] * 11 + [1]
    assert {one.refused[0].what for one in outcomes if one.refused} == {"“A lion” has 50 tags. Remove one first."}
    tags = library.get(ann, asset.id).tags
    assert len(tags) == MOST_TAGS
    again = library.many(ann, BulkEdit(ids=(asset.id,), do="tag", tag=tags[0]))
    assert again.done == (asset.id,), "a tag that it already has does not count again"
    library.change(ann, asset.id, AssetChange(tags=tags))
