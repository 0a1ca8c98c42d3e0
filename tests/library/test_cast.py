"""The cast: its members, who sees them, and what remains when an asset is deleted."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.accounts.principal import Principal
from errors import StudioError
from library.cast.names import name
from library.cast.service import BIN_SECONDS
from library.cast.tables import CastMember
from library.cast.views import CastChange, CastLoraUse, NewMember
from library.tables import Asset
from library.views import AssetChange, AssetView
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(StudioError) as error:
        call()
    return error.value.problem.code


@pytest.fixture
def shared(shelf: Shelf, ann: Principal) -> str:
    return shelf.library.projects(ann)[0].id


@pytest.fixture
def lora(shelf: Shelf, bring: Bring) -> Callable[..., str]:
    """Uploads a file that counts as a LoRA."""

    def put(who: Principal, project_id: str | None = None) -> str:
        asset = bring(who, project_id)
        with shelf.database.session() as session:
            row = session.get(Asset, asset.id)
            assert row is not None
            row.kind = "lora"
        return asset.id

    return put


def test_a_corrected_trigger_word_updates_members_that_use_the_files_one(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, lora: Callable[..., str], shared: str
) -> None:
    library, tuned = shelf.library, lora(ann, shared)

    def answers() -> list[str]:
        return [one.trigger for member in library.cast.all(ann) for one in member.loras]

    for named, own in (("Mara", ""), ("Zoe", "zoe in red")):
        use = CastLoraUse(asset=tuned, family="sdxl", trigger=own)
        library.cast.create(ann, NewMember(name=named, loras=(use,)))
    assert answers() == ["", "zoe in red"]
    change = AssetChange(title="Mara, the third", triggers=("mrawmn", " red  coat ", "mrawmn", ""))
    seen = library.change(ann, tuned, change)
    assert (seen.title, seen.lora) == ("Mara, the third", {"triggers": ["mrawmn", "red coat"]})
    assert answers() == ["mrawmn", "zoe in red"]
    library.change(ann, tuned, AssetChange(triggers=()))
    assert answers() == ["", "zoe in red"]

    assert refused(lambda: library.change(bob, tuned, change)) == "not_yours"
    assert refused(lambda: library.change(ann, tuned, AssetChange(triggers=("x" * 201,)))) == "bad_trigger"
    picture = bring(ann).id
    assert refused(lambda: library.change(ann, picture, AssetChange(triggers=("x",)))) == "wrong_kind"


def test_a_member_has_the_given_values(shelf: Shelf, ann: Principal, bring: Bring, lora: Callable[..., str]) -> None:
    first, second, tuned = bring(ann).id, bring(ann).id, lora(ann)
    made = shelf.library.cast.create(
        ann,
        NewMember(
            name="@Mara",
            look="a woman of 30 with short red hair",
            pictures=(second, first, second),
            loras=(CastLoraUse(asset=tuned, weight=0.8, family="sdxl", trigger="mara"),),
            voice="clara",
            notes="For the harbour spot.",
        ),
    )
    assert (made.name, made.kind, made.voice, made.mine) == ("Mara", "character", "clara", True)
    assert [one.asset for one in made.pictures] == [second, first]
    assert [(one.family, one.weight, one.trigger) for one in made.loras] == [("sdxl", 0.8, "mara")]
    changed = shelf.library.cast.change(ann, made.id, CastChange(pictures=(first,), voice=None, look=""))
    assert ([one.asset for one in changed.pictures], changed.voice, changed.look) == ([first], None, "")
    assert (changed.notes, changed.loras) == (made.notes, made.loras)
    assert shelf.library.cast.get(ann, made.id) == changed


@pytest.mark.parametrize("text", ["Mara", "Élodie", "小明", "मारा", "Zoë-2", "red_kettle", "Ω"])
def test_names_are_words_of_any_script(text: str) -> None:
    assert name(f" @{text} ") == text


@pytest.mark.parametrize("text", ["", "@", "two words", "24fps", "-a", "a-", "a.b", "a@b", "a/b", "x" * 41, "a\0"])
def test_invalid_names_are_refused(text: str) -> None:
    assert refused(lambda: name(text)) == "bad_name"


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "P"]), max_size=50))
def test_an_accepted_name_is_accepted_again(text: str) -> None:
    with suppress(StudioError):
        taken = name(text)
        assert name(f"@{taken}") == taken


def test_a_name_is_unique_among_the_members_a_person_sees(
    shelf: Shelf, ann: Principal, bob: Principal, shared: str
) -> None:
    cast = shelf.library.cast
    mara = cast.create(ann, NewMember(name="Mara"))
    assert refused(lambda: cast.create(ann, NewMember(name="mARA"))) == "name_taken"
    of_bob = cast.create(bob, NewMember(name="Mara"))  # he cannot see hers
    other = cast.create(ann, NewMember(name="Jon", project_id=shared))
    assert refused(lambda: cast.create(bob, NewMember(name="Jon"))) == "name_taken"
    assert refused(lambda: cast.change(ann, other.id, CastChange(name="Mara"))) == "name_taken"
    assert cast.change(ann, mara.id, CastChange(name="MARA")).name == "MARA"
    cast.delete(bob, of_bob.id)
    cast.create(bob, NewMember(name="Mara"))
    assert refused(lambda: cast.restore(bob, of_bob.id)) == "name_taken"


def test_project_members_can_use_it_and_only_its_owner_changes_it(
    shelf: Shelf, ann: Principal, bob: Principal, shared: str
) -> None:
    cast, guest = shelf.library.cast, shelf.person("Gus", "guest")
    own, open_to_all = (
        cast.create(ann, NewMember(name="Own")),
        cast.create(ann, NewMember(name="Ours", project_id=shared)),
    )
    assert [one.name for one in cast.all(bob)] == ["Ours"]
    assert cast.all(guest) == []
    assert refused(lambda: cast.get(bob, own.id)) == "not_found"
    assert (cast.get(bob, open_to_all.id).mine, cast.get(bob, open_to_all.id).owner) == (False, "Ann")
    for call in (
        lambda: cast.change(bob, open_to_all.id, CastChange(look="x")),
        lambda: cast.delete(bob, open_to_all.id),
        lambda: cast.restore(bob, open_to_all.id),
    ):
        assert refused(call) == "not_yours"
    cast.delete(ann, open_to_all.id)
    assert cast.all(bob) == []
    assert refused(lambda: cast.get(bob, open_to_all.id)) == "not_found"


def test_deleted_assets_are_left_out_until_restored(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    cast, library = shelf.library.cast, shelf.library
    first, second = bring(ann).id, bring(ann).id
    made = cast.create(ann, NewMember(name="Mara", pictures=(first, second)))
    library.delete(ann, first)
    assert [one.asset for one in cast.get(ann, made.id).pictures] == [second]
    cast.change(ann, made.id, CastChange(pictures=(second,)))
    library.restore(ann, first)
    assert [one.asset for one in cast.get(ann, made.id).pictures] == [second, first]


def test_assets_that_others_cannot_read_are_counted_and_listed_for_the_owner(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, shared: str
) -> None:
    private, open_to_all = bring(ann).id, bring(ann, shared).id
    made = shelf.library.cast.create(ann, NewMember(name="Mara", project_id=shared, pictures=(private, open_to_all)))
    assert made.alone == (private,)
    seen = shelf.library.cast.get(bob, made.id)
    assert ([one.asset for one in seen.pictures], seen.missing, seen.alone) == ([open_to_all], 1, ())


def test_invalid_values_are_refused(
    shelf: Shelf, ann: Principal, bob: Principal, bring: Bring, lora: Callable[..., str]
) -> None:
    cast, picture, tuned, other = shelf.library.cast, bring(ann).id, lora(ann), lora(ann)
    wrong = {
        "wrong_kind": [{"pictures": (tuned,)}, {"loras": ({"asset": picture, "family": "sdxl"},)}],
        "not_found": [{"pictures": (bring(bob).id,)}, {"project_id": "f" * 32}, {"loras": ({"asset": "0" * 32},)}],
        "no_family": [{"loras": ({"asset": tuned},)}],
        "two_of_a_family": [{"loras": ({"asset": tuned, "family": "sdxl"}, {"asset": other, "family": "sdxl"})}],
    }
    for code, bodies in wrong.items():
        for body in bodies:
            new = NewMember.model_validate({"name": "Mara", **body})
            assert refused(lambda new=new: cast.create(ann, new)) == code, body  # type: ignore[misc]
    assert cast.all(ann) == []


def test_a_lora_is_replaced_by_another_of_its_family(shelf: Shelf, ann: Principal, lora: Callable[..., str]) -> None:
    cast, first, second = shelf.library.cast, lora(ann), lora(ann)
    made = cast.create(ann, NewMember(name="Mara", loras=(CastLoraUse(asset=first, family="sdxl"),)))
    both = (CastLoraUse(asset=second, family="sdxl"), CastLoraUse(asset=first, family="sd15"))
    changed = cast.change(ann, made.id, CastChange(loras=both))
    assert [(one.family, one.asset) for one in changed.loras] == [("sd15", first), ("sdxl", second)]


def test_the_bin_is_emptied_after_a_month(shelf: Shelf, ann: Principal) -> None:
    cast = shelf.library.cast
    made = cast.create(ann, NewMember(name="Mara"))
    cast.delete(ann, made.id)
    assert refused(lambda: cast.get(ann, made.id)) == "deleted_member"
    assert [one.name for one in cast.all(ann, deleted=True)] == ["Mara"]
    assert cast.restore(ann, made.id).deleted_at is None
    cast.delete(ann, made.id)
    with shelf.database.session() as session:
        row = session.get(CastMember, made.id)
        assert row is not None
        assert row.deleted_at
        row.deleted_at -= BIN_SECONDS
    shelf.library.recover()
    assert cast.all(ann, deleted=True) == []


def test_it_is_found_by_search(shelf: Shelf, ann: Principal) -> None:
    for who, look in (("Mara", "red hair, green coat"), ("Jon", "a green scarf"), ("Kettle", "100% copper")):
        shelf.library.cast.create(ann, NewMember(name=who, look=look))
    found = {
        words: [one.name for one in shelf.library.cast.all(ann, words=words)] for words in ("green", "green mar", "%")
    }
    assert found == {"green": ["Jon", "Mara"], "green mar": ["Mara"], "%": ["Kettle"]}
