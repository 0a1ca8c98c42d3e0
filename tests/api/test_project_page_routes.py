"""A project's page over REST: people, notes, script, archive; and never for someone who is not on it."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from library.conversations.tables import Conversation, Message
from tests.api.conftest import House, Person, ended
from tests.api.test_library_routes import bring, made


def new_project(client: TestClient, name: str = "Harbor café ad", shared: bool = False) -> str:
    project: str = client.post("/api/projects", json={"name": name, "shared": shared}).json()["id"]
    return project


def talk(house: House, who: Person, project_id: str | None, text: str, title: str = "Scene") -> tuple[str, str]:
    """Store a conversation with one answer. Returns their ids."""
    with house.studio.database.session() as session:
        row = Conversation(
            owner_id=who.who.user_id, project_id=project_id, title=title, options={}, created_at=1.0, updated_at=1.0
        )
        session.add(row)
        session.flush()
        answer = Message(conversation_id=row.id, role="assistant", text=text, state="done", created_at=1.0)
        session.add(answer)
        session.flush()
        row.head_id = answer.id
        return row.id, answer.id


def test_a_project_is_for_those_who_were_added(as_ann: TestClient, as_bob: TestClient, bob: Person) -> None:
    project = new_project(as_ann)
    path = f"/api/projects/{project}"
    for answer in (as_bob.get(path), as_bob.patch(path, json={"notes": "x"}), as_bob.get(f"{path}/script")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    page = as_ann.get(path).json()
    assert [one["name"] for one in page["people"]] == ["Ann"]
    assert [one["id"] for one in page["others"]] == [bob.who.user_id]
    added = as_ann.patch(path, json={"people": [bob.who.user_id]}).json()
    assert [(one["name"], one["added"]) for one in added["people"]] == [("Ann", False), ("Bob", True)]
    seen = as_bob.get(path).json()
    assert (seen["mine"], seen["owner"], seen["others"]) == (False, "Ann", [])
    refused = as_bob.patch(path, json={"name": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    as_ann.patch(path, json={"people": []}).raise_for_status()
    assert as_bob.get(path).status_code == 404
    assert as_ann.patch(path, json={"people": ["0" * 32]}).status_code == 404


def test_an_archived_project_keeps_everything_and_is_no_longer_current(as_ann: TestClient) -> None:
    project = new_project(as_ann)
    as_ann.post("/api/projects/in-hand", json={"project_id": project}).raise_for_status()
    asset = made(as_ann, project_id=project)
    archived = as_ann.patch(f"/api/projects/{project}", json={"archived": True, "name": "Old ad"}).json()
    assert (archived["archived"], archived["name"], archived["counts"]) == (True, "Old ad", {"image": 1})
    assert as_ann.get("/api/me").json()["project_id"] is None
    assert as_ann.post("/api/projects/in-hand", json={"project_id": project}).json()["code"] == "project_archived"
    [found] = as_ann.get("/api/assets", params={"project_id": project}).json()["assets"]
    assert found["id"] == asset["id"]
    assert not as_ann.patch(f"/api/projects/{project}", json={"archived": False}).json()["archived"]


def test_notes_are_shared_and_nobody_overwrites_the_other(as_ann: TestClient, as_bob: TestClient) -> None:
    path = f"/api/projects/{new_project(as_ann, shared=True)}"
    as_ann.patch(path, json={"notes": "Shoot at dawn.", "notes_before": ""}).raise_for_status()
    late = as_bob.patch(path, json={"notes": "Shoot at noon.", "notes_before": ""})
    assert (late.status_code, late.json()["code"]) == (409, "notes_changed")
    as_bob.patch(path, json={"notes": "Noon.", "notes_before": "Shoot at dawn."}).raise_for_status()
    assert as_ann.get(path).json()["notes"] == "Noon."


def test_an_answer_or_a_document_is_the_script(
    house: House, ann: Person, as_ann: TestClient, as_bob: TestClient
) -> None:
    project = new_project(as_ann, shared=True)
    path = f"/api/projects/{project}"
    conversation, answer = talk(house, ann, project, "INT. HARBOR - DAY", "Harbor scene")
    assert as_bob.get(f"{path}/script").status_code == 404
    as_bob.patch(path, json={"script": {"message_id": answer}}).raise_for_status()
    script = as_ann.get(f"{path}/script").json()
    assert (script["text"], script["title"], script["conversation_id"]) == (
        "INT. HARBOR - DAY",
        "Harbor scene",
        conversation,
    )
    document = bring(as_ann, "scene 2.txt", b"EXT. PIER - NIGHT", project_id=project)
    replaced = as_ann.patch(path, json={"script": {"asset_id": document["id"]}}).json()["script"]
    assert (replaced["kind"], replaced["asset_id"], replaced["message_id"]) == ("document", document["id"], None)
    assert as_bob.get(f"{path}/script").json()["text"] == "EXT. PIER - NIGHT"
    as_ann.delete(f"/api/assets/{document['id']}").raise_for_status()
    assert as_ann.get(path).json()["script"] is None
    assert as_ann.patch(path, json={"script": None}).json()["script"] is None


def test_a_private_conversation_is_not_pinned_for_others(
    house: House, ann: Person, bob: Person, as_ann: TestClient, as_bob: TestClient
) -> None:
    project = new_project(as_ann, shared=True)
    path = f"/api/projects/{project}"
    _, private = talk(house, ann, None, "secret")
    for client in (as_ann, as_bob):
        refused = client.patch(path, json={"script": {"message_id": private}})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_in_project")
    conversation, answer = talk(house, ann, project, "INT. HARBOR")
    as_ann.patch(path, json={"script": {"message_id": answer}}).raise_for_status()
    as_ann.patch(f"/api/conversations/{conversation}", json={"project_id": None}).raise_for_status()
    assert as_bob.get(path).json()["script"] is None, "it has left the project"


@pytest.mark.parametrize("script", [{}, {"message_id": "0" * 32, "asset_id": "0" * 32}, {"message_id": "x"}])
def test_a_script_is_one_text(as_ann: TestClient, script: dict[str, Any]) -> None:
    assert as_ann.patch(f"/api/projects/{new_project(as_ann)}", json={"script": script}).status_code == 422


def test_the_cast_of_a_project(as_ann: TestClient) -> None:
    project = new_project(as_ann)
    for name, home in (("Mara", None), ("Kettle", project), ("Nobody", None)):
        as_ann.post("/api/cast", json={"name": name, "look": "red", "project_id": home}).raise_for_status()
    request = {"task": "create_image", "prompt": "@Mara waits at the harbor", "seed": 3}
    job = as_ann.post("/api/jobs", json={"request": request, "project_id": project}).json()
    assert ended(as_ann, job["id"])["state"] == "done"
    assert [one["name"] for one in as_ann.get(f"/api/projects/{project}").json()["cast"]] == ["Kettle", "Mara"]
