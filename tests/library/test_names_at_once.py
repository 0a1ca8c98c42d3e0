"""Unique names stay unique when many requests use one at the same moment."""

import pytest
from sqlalchemy.exc import IntegrityError

from auth.accounts.principal import Principal
from db import new_id
from library import presets
from library.cast.tables import CastMember
from library.cast.views import CastChange, NewMember
from library.conversations.options import Options
from library.conversations.presets import Presets
from library.presets import PresetFields
from library.tables import Preset
from tests.library.conftest import Shelf
from tests.support.at_once import at_once


def test_one_of_twelve_new_members_gets_the_name(shelf: Shelf, ann: Principal) -> None:
    cast = shelf.library.cast
    spellings = [NewMember(name=name) for name in ("Mara", "mara", "MARA", "@Mara")] * 3
    outcomes = at_once([lambda new=new: cast.create(ann, new) for new in spellings])  # type: ignore[misc]
    assert outcomes == {"done": 1, "name_taken 409": 11}
    assert len(cast.all(ann)) == 1


def test_one_of_two_people_gets_the_name_in_their_project(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    cast, shared = shelf.library.cast, shelf.library.projects(ann)[0].id
    new = NewMember(name="Mara", project_id=shared)
    assert at_once([lambda who=who: cast.create(who, new) for who in [ann, bob] * 6]) == {  # type: ignore[misc]
        "done": 1,
        "name_taken 409": 11,
    }
    assert len(cast.all(bob)) == 1


def test_one_of_twelve_gets_the_name_when_renamed_or_restored(shelf: Shelf, ann: Principal) -> None:
    cast = shelf.library.cast
    others = [cast.create(ann, NewMember(name=f"Extra{number}")) for number in range(12)]
    renamed = at_once(
        [lambda one=one: cast.change(ann, one.id, CastChange(name="Mara")) for one in others]  # type: ignore[misc]
    )
    assert renamed == {"done": 1, "name_taken 409": 11}

    binned = []
    for _ in range(12):
        binned.append(cast.create(ann, NewMember(name="Jon")))
        cast.delete(ann, binned[-1].id)
    back = at_once([lambda one=one: cast.restore(ann, one.id) for one in binned])  # type: ignore[misc]
    assert back == {"done": 1, "name_taken 409": 11}


def test_a_preset_saved_twelve_times_exists_once(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    texts = Presets(shelf.database)
    for who in (ann, bob):
        pictures = [lambda who=who: presets.keep(shelf.database, who, "create_image", "Winter", PresetFields())] * 12  # type: ignore[misc]
        writing = [lambda who=who: texts.keep(who, "Winter", "Be brief.", Options())] * 12  # type: ignore[misc]
        assert at_once(pictures) == at_once(writing) == {"done": 12}
    for who in (ann, bob):
        assert [one.name for one in presets.all_presets(shelf.database, who, "create_image") if one.mine] == ["Winter"]
        assert [one.name for one in texts.all(who) if one.mine] == ["Winter"]


def test_the_database_rejects_a_duplicate(shelf: Shelf, ann: Principal, bob: Principal) -> None:
    def member(who: Principal, deleted_at: float | None = None) -> CastMember:
        given = {"kind": "character", "look": "", "notes": "", "created_at": 1.0, "updated_at": 1.0}
        return CastMember(id=new_id(), owner_id=who.user_id, name="Mara", key="mara", deleted_at=deleted_at, **given)

    def preset(who: Principal, task: str) -> Preset:
        return Preset(owner_id=who.user_id, task=task, name="Winter", fields={}, created_at=1.0)

    with shelf.database.session() as session:
        session.add_all([member(ann), member(ann, deleted_at=2.0), member(ann, deleted_at=3.0), member(bob)])
        session.add_all([preset(ann, "write"), preset(ann, "create_image"), preset(bob, "write")])
    for second in (member(ann), preset(ann, "write")):
        with pytest.raises(IntegrityError), shelf.database.session() as session:
            session.add(second)
