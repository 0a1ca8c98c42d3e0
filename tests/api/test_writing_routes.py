"""Conversations over REST, answered by a small real model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import update
from starlette.types import ASGIApp

from db import new_id
from library.conversations.tables import Message
from settings import Settings
from studio import Studio
from tests.support.people import Person, admit
from tests.support.studios import at_work, wired
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SHORT = {"max_tokens": 12, "seed": 1, "temperature": 0}
LONG = {"max_tokens": 2000, "seed": 1}


class House(NamedTuple):
    """The whole app running, for all tests of this file."""

    studio: Studio
    app: ASGIApp


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[House]:
    with (
        wired(Settings(data=tmp_path_factory.mktemp("writing") / "data", starter=starter, keep_free_mb=10)) as studio,
        at_work(studio) as app,
    ):
        yield House(studio, app)


@pytest.fixture
def writer(whole: House) -> Person:
    """A person without conversations."""
    return admit(whole.studio, whole.app, f"ann-{new_id()[:8]}")


@pytest.fixture
def other(whole: House, writer: Person) -> Person:
    """Another person."""
    return admit(whole.studio, whole.app, f"bob-{new_id()[:8]}")


def begin(person: Person, text: str = "Say hello.", options: Any = SHORT, **more: Any) -> dict[str, Any]:
    answer = person.client.post("/api/conversations", json={"text": text, "options": options, **more})
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


def talk(person: Person, id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.client.get(f"/api/conversations/{id}").raise_for_status().json()
    return found


def answered(person: Person, id: str) -> dict[str, Any]:
    """Wait until nothing in a conversation is being answered, and return it."""

    def look() -> dict[str, Any] | None:
        found = talk(person, id)
        return None if found["answering"] else found

    return until(look, 90, "the answer")


def test_a_question_is_answered_and_stored(writer: Person) -> None:
    asked = begin(writer)
    id = asked["conversation"]["id"]
    question, answer = asked["conversation"]["messages"]
    assert (question["text"], answer["state"], answer["job_id"]) == ("Say hello.", "answering", asked["job"]["id"])
    words = writer.client.get(f"/api/jobs/{asked['job']['id']}/text").text
    last = answered(writer, id)["messages"][-1]
    assert last["text"] == words != ""
    assert (last["state"], last["model"]) == ("done", "smollm2")
    assert last["facts"]["tokens"] > 0
    assert last["facts"]["finish"] in ("stop", "length")
    listed = writer.client.get("/api/conversations").json()["conversations"]
    assert [(one["id"], one["title"], one["answering"]) for one in listed] == [(id, "Say hello.", False)]
    assert writer.client.get("/api/conversations", params={"words": "HELLO"}).json()["conversations"]
    assert not writer.client.get("/api/conversations", params={"words": "goodbye sailor"}).json()["conversations"]


def test_a_stopped_answer_keeps_its_text_and_can_be_regenerated(writer: Person) -> None:
    asked = begin(writer, "Tell me everything about the sea, at length.", LONG)
    id, job = asked["conversation"]["id"], asked["job"]["id"]
    until(lambda: writer.client.get(f"/api/jobs/{job}").json()["text"], 60, "the first words")
    busy = writer.client.post(f"/api/conversations/{id}/messages", json={"text": "And?"})
    assert (busy.status_code, busy.json()["code"]) == (409, "still_answering")
    assert len(talk(writer, id)["messages"]) == 2, "what was refused is not written"
    writer.client.post(f"/api/jobs/{job}/cancel").raise_for_status()
    half = answered(writer, id)["messages"][-1]
    assert half["state"] == "stopped"
    assert half["text"]
    again = writer.client.post(f"/api/messages/{half['id']}/regenerate", json={"options": SHORT})
    assert again.status_code == 201, again.text
    last = answered(writer, id)["messages"][-1]
    assert last["siblings"] == [half["id"], last["id"]]
    back = writer.client.patch(f"/api/conversations/{id}", json={"head_id": half["id"]}).json()
    assert back["messages"][-1]["text"] == half["text"]


def test_refused_questions_store_nothing(writer: Person) -> None:
    refused = (
        ({"text": ""}, 422, "empty_field"),
        ({"text": "Hi", "options": {"model": "nobody"}}, 422, "unknown_model"),
        ({"text": "Hi", "options": {"model": "hibari"}}, 422, "wrong_model"),
        ({"text": "Hi", "options": {"temperature": 9}}, 422, "bad_value"),
        ({"text": "Hi", "options": {"mood": 1}}, 422, "unknown_field"),
        ({"text": "Hi", "attachments": ["0" * 32]}, 404, "not_found"),
        ({"text": "Hi", "project_id": "0" * 32}, 404, "not_found"),
        ({"text": "Hi", "surprise": 1}, 422, "unknown_field"),
        ({"text": 5}, 422, "bad_value"),
        ({"text": "word " * 30_000}, 422, "too_long"),
    )
    for body, status, code in refused:
        answer = writer.client.post("/api/conversations", json=body)
        if body == {"text": ""}:  # an empty conversation is allowed, an empty question is not
            id = answer.json()["id"]
            answer = writer.client.post(f"/api/conversations/{id}/messages", json=body)
            writer.client.delete(f"/api/conversations/{id}")
        assert (answer.status_code, answer.json()["code"]) == (status, code), body
    assert writer.client.get("/api/conversations").json()["conversations"] == []


def test_a_question_that_does_not_fit_is_reported_before_sending(writer: Person) -> None:
    fits = writer.client.post("/api/conversations/estimate", json={"text": "Short."}).json()
    assert (fits["model"], fits["fits"]) == ("smollm2", True)
    document = ("The contract says nothing new. " * 3000).encode()
    paper = writer.client.post("/api/assets", params={"name": "contract.txt"}, content=document).json()
    body = {"text": "What does it say?", "attachments": [paper["id"]]}
    told = writer.client.post("/api/conversations/estimate", json=body)
    said = told.json().get("problem") or told.json()
    assert said["code"] == "too_long"
    assert "contract" in said["what"]
    id = begin(writer)["conversation"]["id"]
    answered(writer, id)
    again = writer.client.post(f"/api/conversations/{id}/estimate", json=body).json()
    assert (again.get("problem") or again)["code"] == "too_long"


def test_a_document_is_read(writer: Person) -> None:
    paper = writer.client.post(
        "/api/assets", params={"name": "call.txt"}, content=b"Call time is 6:30 at the pier."
    ).json()
    asked = begin(writer, "When is the call time?", {**SHORT, "max_tokens": 40}, attachments=[paper["id"]])
    assert asked["conversation"]["messages"][0]["attachments"] == [paper["id"]]
    assert "6:30" in answered(writer, asked["conversation"]["id"])["messages"][-1]["text"]


def test_instructions_come_before_the_conversation(writer: Person) -> None:
    asked = begin(writer, options={**SHORT, "system": "You are a pirate."})
    messages = asked["job"]["request"]["messages"]
    assert [(turn["role"], turn["text"]) for turn in messages] == [
        ("system", "You are a pirate."),
        ("user", "Say hello."),
    ]
    id = asked["conversation"]["id"]
    answered(writer, id)
    more = writer.client.post(f"/api/conversations/{id}/messages", json={"text": "And?", "options": {"system": None}})
    assert [turn["role"] for turn in more.json()["job"]["request"]["messages"]] == ["user", "assistant", "user"]
    assert "system" not in {name for name, value in talk(writer, id)["options"].items() if value}


def test_deleting_stops_the_answer(writer: Person) -> None:
    asked = begin(writer, "Count to ten thousand.", LONG)
    id = asked["conversation"]["id"]
    assert writer.client.delete(f"/api/conversations/{id}").status_code == 204
    until(lambda: writer.client.get(f"/api/jobs/{asked['job']['id']}").json()["finished_at"], 60, "its end")
    assert writer.client.get(f"/api/conversations/{id}").status_code == 410
    writer.client.post(f"/api/conversations/{id}/restore").raise_for_status()
    assert talk(writer, id)["messages"][-1]["state"] == "stopped"


def test_an_answer_whose_job_is_lost_is_marked_as_interrupted(writer: Person, whole: House) -> None:
    id = begin(writer)["conversation"]["id"]
    answered(writer, id)
    with whole.studio.database.session() as session:
        here = (Message.conversation_id == id, Message.role == "assistant")
        session.execute(update(Message).where(*here).values(state="answering", job_id="0" * 32))
    assert talk(writer, id)["messages"][-1]["state"] == "stopped"


def test_export_sends_a_file(writer: Person) -> None:
    id = begin(writer, "Grüße!")["conversation"]["id"]
    answered(writer, id)
    made = writer.client.get(f"/api/conversations/{id}/export", params={"as": "docx"})
    assert made.content.startswith(b"PK")
    assert made.headers["content-disposition"] == (
        "attachment; filename=\"Gru_e!.docx\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%21.docx"
    )
    assert "Grüße!" in writer.client.get(f"/api/conversations/{id}/export").text
    assert writer.client.get(f"/api/conversations/{id}/export", params={"as": "exe"}).status_code == 422


def test_every_route_says_not_found_to_the_other_person(writer: Person, other: Person) -> None:
    asked = begin(writer, "moonlit harbour", {**SHORT, "system": "secret orders"})
    id = asked["conversation"]["id"]
    answer = answered(writer, id)["messages"][-1]
    preset = writer.client.post("/api/writing/presets", json={"name": "secret voice", "system": "s"}).json()["id"]
    tried = (
        ("GET", f"/api/conversations/{id}", None),
        ("GET", f"/api/conversations/{id}/export", None),
        ("PATCH", f"/api/conversations/{id}", {"title": "mine"}),
        ("PATCH", f"/api/conversations/{id}", {"head_id": answer["id"]}),
        ("DELETE", f"/api/conversations/{id}", None),
        ("POST", f"/api/conversations/{id}/restore", {}),
        ("POST", f"/api/conversations/{id}/copy", {}),
        ("POST", f"/api/conversations/{id}/messages", {"text": "?"}),
        ("POST", f"/api/conversations/{id}/estimate", {"text": "?"}),
        ("POST", f"/api/messages/{answer['id']}/regenerate", {}),
        ("GET", f"/api/jobs/{asked['job']['id']}/text", None),
        ("DELETE", f"/api/writing/presets/{preset}", None),
    )
    for method, path, body in tried:
        said = other.client.request(method, path, json=body)
        assert said.status_code == 404, (method, path, said.text)
        assert "harbour" not in said.text
        assert "secret" not in said.text
    for path in (
        "/api/conversations",
        "/api/conversations?words=moonlit",
        "/api/conversations?deleted=1",
        "/api/writing/presets",
    ):
        said = other.client.get(path)
        assert said.status_code == 200
        assert "harbour" not in said.text
        assert "secret" not in said.text
    kept = talk(writer, id)
    assert (kept["title"], len(kept["messages"])) == ("moonlit harbour", 2)
    writer.client.delete(f"/api/writing/presets/{preset}").raise_for_status()


def test_in_a_shared_project_others_read_and_continue_in_a_copy(writer: Person, other: Person) -> None:
    project = writer.client.post("/api/projects", json={"name": "Both", "shared": True}).json()["id"]
    id = begin(writer, project_id=project)["conversation"]["id"]
    said = answered(writer, id)["messages"][-1]["text"]
    seen = talk(other, id)
    assert (seen["mine"], seen["owner"], seen["messages"][-1]["text"]) == (False, writer.who.name, said)
    refused = other.client.post(f"/api/conversations/{id}/messages", json={"text": "?"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    copy = other.client.post(f"/api/conversations/{id}/copy", json={}).json()
    assert copy["mine"]
    more = other.client.post(f"/api/conversations/{copy['id']}/messages", json={"text": "More.", "options": SHORT})
    assert more.status_code == 201
    assert len(answered(other, copy["id"])["messages"]) == 4
