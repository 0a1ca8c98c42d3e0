"""Search and filters: they find what is there, never what belongs to others, and no input breaks them."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from errors import StudioError
from library.cast.views import NewMember
from library.conversations.service import Conversations
from library.search import WORDS, matching
from library.tables import Asset, Project
from library.views import AssetChange, AssetView
from tests.library.conftest import Shelf

Bring = Callable[..., AssetView]

RECORD = {
    "request": {"task": "create_image", "prompt": "a red lion in the snow", "negative_prompt": "blurry", "seed": 7},
    "model": {"id": "sd-1.5", "name": "Stable Diffusion"},
}


def found(shelf: Shelf, who: Principal, **wanted: object) -> list[str]:
    return [asset.title for asset in shelf.library.page(who, **wanted).assets]  # type: ignore[arg-type]


@pytest.fixture
def lion(shelf: Shelf, ann: Principal, bring: Bring) -> AssetView:
    asset = bring(ann, title="Löwe am Fluß", provenance=RECORD, source="Archiv Müller")
    bring(ann, title="something else")
    return shelf.library.change(ann, asset.id, AssetChange(tags=("Opening Shot", "animals")))


@pytest.mark.parametrize(
    "q",
    [
        *("löwe", "LOWE", "lowe am", "flu", "am löwe", '"red lion"', "red snow", "mull", "opening", "animals"),
        *(
            "stable diffusion",
            "sd-1.5",
            "ann",
            "lion ann",
            '"red lion',
            "löwe (am)",
            "löwe OR",
            "lion*",
            "-lion",
            "red lion!",
        ),
    ],
)
def test_words_are_found_anywhere(shelf: Shelf, ann: Principal, lion: AssetView, q: str) -> None:
    expected = [] if q == "löwe OR" else [lion.title]
    assert [title for title in found(shelf, ann, q=q) if title == lion.title] == expected


@pytest.mark.parametrize(
    "q", ["blurry", '"lion red"', "lio snow", "zebra", "create_image", "title:lion", "lion NOT ann"]
)
def test_absent_words_are_not_found(shelf: Shelf, ann: Principal, lion: AssetView, q: str) -> None:
    assert found(shelf, ann, q=q) == []


@pytest.mark.parametrize("q", ['"', '""', "*", "(((", "-", "…", "???", "€", "→", "+", "\u200d"])
def test_absent_symbols_are_not_found(shelf: Shelf, ann: Principal, lion: AssetView, q: str) -> None:
    assert found(shelf, ann, q=q) == []


@pytest.mark.parametrize(
    ("title", "q"), [("100 €", "€"), ("A → B", "→"), ("A → B", "a → b"), ("C++", "++"), ("What???", "???")]
)
def test_symbols_are_found(shelf: Shelf, ann: Principal, bring: Bring, lion: AssetView, title: str, q: str) -> None:
    bring(ann, title=title)
    assert found(shelf, ann, q=q) == [title]


@pytest.mark.parametrize("q", ["", "  "])
def test_an_empty_search_filters_nothing(shelf: Shelf, ann: Principal, lion: AssetView, q: str) -> None:
    assert len(found(shelf, ann, q=q)) == 2


@given(q=st.text(max_size=60))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_input_breaks_the_search(shelf: Shelf, ann: Principal, lion: AssetView, q: str) -> None:
    for text in (q, f'lion "{q}*'):
        shelf.library.page(ann, q=text)


@given(
    words=st.lists(
        st.text(st.characters(whitelist_categories=("Ll", "Lu", "Nd"), max_codepoint=0x24F), min_size=1, max_size=12),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_title_is_found_by_its_words(shelf: Shelf, ann: Principal, bring: Bring, words: list[str]) -> None:
    asset = bring(ann, title=" ".join(words))
    for q in (asset.title, f'"{asset.title}"', words[-1], words[0].upper() if words[0].isascii() else words[0]):
        assert asset.id in {seen.id for seen in shelf.library.page(ann, q=q, limit=200).assets}


@given(
    value=st.text(max_size=40),
    name=st.sampled_from(["project_id", "kind", "origin", "owner", "model", "tag", "job_id"]),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_invented_filters_find_nothing_of_others(
    shelf: Shelf, ann: Principal, bob: Principal, lion: AssetView, value: str, name: str
) -> None:
    with suppress(StudioError):
        assert found(shelf, bob, **{name: value}) == []
        assert found(shelf, bob, **{name: f"x OR owner{ann.user_id}"}) == []


def test_filters_narrow_the_list(shelf: Shelf, ann: Principal, lion: AssetView) -> None:
    shelf.library.change(ann, lion.id, AssetChange(favorite=True))
    for wanted in (
        {"tag": "opening shot"},
        {"favorite": True},
        {"model": "sd-1.5"},
        {"q": "lion", "kind": "image", "owner": ann.user_id, "origin": "upload", "project_id": "own"},
        {"since": lion.created_at, "until": lion.created_at + 1e-5},
    ):
        assert found(shelf, ann, **wanted) == [lion.title], wanted
    for wanted in ({"tag": "opening"}, {"model": "sd"}, {"kind": "clip"}, {"owner": "x"}, {"until": lion.created_at}):
        assert found(shelf, ann, **wanted) == [], wanted


def test_the_index_follows_every_change(shelf: Shelf, ann: Principal, lion: AssetView) -> None:
    library = shelf.library
    library.change(ann, lion.id, AssetChange(title="Tiger", source="", tags=()))
    assert found(shelf, ann, q="tiger") == ["Tiger"]
    for q in ("löwe", "müller", "animals"):
        assert found(shelf, ann, q=q) == []
    library.delete(ann, lion.id)
    assert found(shelf, ann, q="tiger") == []
    assert found(shelf, ann, q="tiger", deleted=True) == ["Tiger"]
    library.restore(ann, lion.id)
    with shelf.database.session() as session:
        session.get_one(User, ann.user_id).name = "Anneliese"
    assert found(shelf, ann, q="anneliese tiger") == ["Tiger"]
    with shelf.database.session() as session:
        session.delete(session.get_one(Asset, lion.id))
    assert found(shelf, ann, q="tiger") == []


def test_a_deleted_project_releases_its_files(shelf: Shelf, ann: Principal, bob: Principal, bring: Bring) -> None:
    shared = shelf.library.create_project(ann, "Film", shared=True)
    bring(ann, shared.id, title="Lion")
    assert found(shelf, bob, q="lion") == ["Lion"]
    with shelf.database.session() as session:
        session.delete(session.get_one(Project, shared.id))
    assert found(shelf, bob, q="lion") == []
    assert found(shelf, ann, q="lion", project_id="own") == ["Lion"]


def test_search_only_finds_readable_assets(shelf: Shelf, ann: Principal, bob: Principal, lion: AssetView) -> None:
    guest = shelf.person("Client", "guest")
    for who in (bob, guest):
        for wanted in (
            {"q": "lion"},
            {"tag": "animals"},
            {"model": "sd-1.5"},
            {"owner": ann.user_id},
            {"deleted": True},
        ):
            assert found(shelf, who, **wanted) == []
    shared = shelf.library.projects(ann)[0].id
    shelf.library.change(ann, lion.id, AssetChange(project_id=shared))
    assert found(shelf, bob, q="lion", tag="animals") == [lion.title]
    assert found(shelf, guest, q="lion") == []
    shelf.library.change(ann, lion.id, AssetChange(project_id=None))
    assert found(shelf, bob, q="lion") == []


def test_pages_of_a_search_go_through_everything_once(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    made = [bring(ann, title=f"take {n}").id for n in range(9)]
    with shelf.database.session() as session:
        for asset_id in made[2:6]:
            session.get_one(
                Asset, asset_id
            ).created_at = 1000.0  # the same time for all, although each moment is unique
    seen, after = [], None
    while True:
        page = shelf.library.page(ann, q="take", after=after, limit=2)
        seen += [asset.id for asset in page.assets]
        if (after := page.next) is None:
            break
    assert len(seen) == len(made)
    assert set(seen) == set(made)


@pytest.mark.parametrize("when", [float("inf"), -float("inf"), 1e300, -1e300])
def test_extreme_times_are_valid(shelf: Shelf, ann: Principal, lion: AssetView, when: float) -> None:
    assert len(found(shelf, ann, since=when)) == (0 if when > 0 else 2)


def test_a_record_that_is_not_a_json_object_does_no_harm(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    bring(ann, title="Odd", provenance={"request": {"prompt": 1e308 * 10}, "model": "x"})
    bring(ann, title="Odder", provenance={"model": {"id": ["x"]}})
    assert found(shelf, ann, q="odd") == ["Odder", "Odd"]


@pytest.mark.parametrize(
    ("title", "q"),
    [
        ("黎明的港口", "港口"),
        ("黎明的港口", "黎明的港"),
        ("港は静かだった", "静か"),
        ("ท่าเรือยามเช้า", "ยามเช้า"),
        ("DSC00123", "123"),
        ("Lange Straße", "strasse"),
        ("Lange Strasse", "Straße"),
        ("Straßenbahn", "STRASSE"),
        ("STRASSENBAHN", "straße"),
        ("Sunrise 🌅", "🌅"),
        ("Рассвет над гаванью", "РАССВЕТ"),
    ],
)
def test_every_script_and_number_is_found(shelf: Shelf, ann: Principal, bring: Bring, title: str, q: str) -> None:
    bring(ann, title="another picture 7")
    asset = bring(ann, title=title)
    assert found(shelf, ann, q=q) == [title]
    shelf.library.change(ann, asset.id, AssetChange(title="renamed"))
    assert found(shelf, ann, q=q) == []


@pytest.mark.parametrize("text", ["서울의 밤", "がんばれ", "Élodie", "naïve café"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_both_unicode_forms_of_a_letter_match(
    shelf: Shelf, ann: Principal, bring: Bring, text: str, stored: Literal["NFC", "NFD"], typed: Literal["NFC", "NFD"]
) -> None:
    text, q = unicodedata.normalize(stored, text), unicodedata.normalize(typed, text)
    asset = bring(ann, title=text)
    prompted = bring(ann, title="prompted", provenance={"request": {"prompt": text}})
    bring(ann, title="another")
    assert {seen.id for seen in shelf.library.page(ann, q=q).assets} == {asset.id, prompted.id}
    assert unicodedata.is_normalized("NFC", asset.title)
    shelf.library.change(ann, asset.id, AssetChange(tags=(text,)))
    assert found(shelf, ann, tag=q.lower()) == [asset.title]
    talks = Conversations(shelf.database)
    talks.create(ann, title=text)
    assert len(talks.page(ann, words=q).conversations) == 1


def test_the_cast_is_found_in_every_script_and_spelling(shelf: Shelf, ann: Principal) -> None:
    shelf.library.cast.create(ann, NewMember(name="Élodie", look="Ärztin in der Straßenbahn"))
    for words in ("élodie", unicodedata.normalize("NFD", "ÉLODIE"), "ärztin", "STRASSE"):
        assert [member.name for member in shelf.library.cast.all(ann, words=words)] == ["Élodie"], words
    assert shelf.library.cast.all(ann, words="arzt%") == []


def test_a_search_without_searchable_text_finds_nothing(shelf: Shelf, ann: Principal, lion: AssetView) -> None:
    assert found(shelf, ann, q="🌅") == []


def test_a_string_within_many_words_is_found_in_one_pass(shelf: Shelf, ann: Principal, bring: Bring) -> None:
    """Otherwise SQLite runs the whole query once per row that holds the string: seconds for a digit."""
    for number in range(3):
        bring(ann, title=f"Shot {number}7b")
    assert len(found(shelf, ann, q="7")) == 3
    query = select(WORDS.c.rowid).where(matching(ann, [], {"q": "7"})).order_by(WORDS.c.rowid.desc())
    written = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with shelf.database.session() as session:
        steps = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {written}").all()
    [first] = [step.detail for step in steps if "SCAN asset_words" in step.detail]
    assert ":M" in first  # a “=” there: by one row id after another
