"""Drafts: one per form and person, the last one counts, nobody else reads them."""

from fastapi.testclient import TestClient
from sqlalchemy import delete, text

from auth.accounts.tables import User
from library import drafts
from library.drafts import MAX_BYTES, MAX_DRAFTS
from tests.api.conftest import House, Person

FORM = "form/create_image"


def test_the_last_draft_counts_and_is_private(as_ann: TestClient, as_bob: TestClient) -> None:
    for prompt in ("a red house", "a blue house"):
        saved = as_ann.put("/api/drafts", json={"name": FORM, "value": {"prompt": prompt, "seed": None}})
        assert saved.status_code == 204
    assert as_ann.get("/api/drafts").json() == {FORM: {"prompt": "a blue house", "seed": None}}
    assert as_bob.get("/api/drafts").json() == {}
    as_ann.put("/api/drafts", json={"name": FORM, "value": None}).raise_for_status()
    assert as_ann.get("/api/drafts").json() == {}


def test_a_page_left_open_does_not_save_for_the_next_person(as_bob: TestClient, ann: Person, bob: Person) -> None:
    draft = {"name": FORM, "value": {"prompt": "between us"}}
    refused = as_bob.put("/api/drafts", json=draft | {"person": ann.who.user_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yours")
    as_bob.put("/api/drafts", json=draft | {"person": bob.who.user_id}).raise_for_status()


def test_drafts_are_bounded(as_ann: TestClient) -> None:
    refused = as_ann.put("/api/drafts", json={"name": FORM, "value": "x" * MAX_BYTES})
    assert (refused.status_code, refused.json()["code"]) == (422, "draft_too_large")
    as_ann.put("/api/drafts", json={"name": "form/0", "value": "Щ" * 50_000}).raise_for_status()
    for number in range(MAX_DRAFTS):
        as_ann.put("/api/drafts", json={"name": f"form/{number}", "value": number}).raise_for_status()
    as_ann.put("/api/drafts", json={"name": "form/0", "value": "changed"}).raise_for_status()
    refused = as_ann.put("/api/drafts", json={"name": FORM, "value": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "list_full")
    assert as_ann.put("/api/drafts", json={"name": "../x y", "value": 1}).status_code == 422


def test_drafts_go_with_their_person(house: House, as_bob: TestClient, bob: Person) -> None:
    as_bob.put("/api/drafts", json={"name": FORM, "value": {"prompt": "a red house"}}).raise_for_status()
    with house.studio.database.session() as session:
        session.execute(delete(User).where(User.id == bob.who.user_id))
    assert drafts.list_drafts(house.studio.database, bob.who) == {}


def test_a_damaged_draft_hides_no_other(house: House, as_ann: TestClient) -> None:
    for name in (FORM, "message"):
        as_ann.put("/api/drafts", json={"name": name, "value": "typed"}).raise_for_status()
    with house.studio.database.session() as session:
        session.execute(text("UPDATE drafts SET value = '{' WHERE name = 'message'"))
    assert as_ann.get("/api/drafts").json() == {FORM: "typed"}
