"""The cast over REST: creating, changing, deleting, restoring, mentioning; and designing a new member."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from sqlalchemy import event

from tests.api.conftest import House, Person, ended

LOOK = "a woman of 30 with short red hair"


@pytest.fixture
def client(house: House, ann: Person) -> TestClient:
    return house.client(ann)


@pytest.fixture
def picture(client: TestClient, photo: Path) -> str:
    answer = client.post("/api/assets", params={"name": "mara.jpg"}, content=photo.read_bytes())
    return str(answer.json()["id"])


def create(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/api/cast", json={"name": "Mara", "look": LOOK, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_member_is_created_changed_deleted_and_restored(client: TestClient, picture: str) -> None:
    made = create(client, pictures=[picture], voice="clara")
    assert client.get(f"/api/cast/{made['id']}").json() == made
    changed = client.patch(f"/api/cast/{made['id']}", json={"name": "Maraike", "kind": "style"}).json()
    assert (changed["name"], changed["kind"], changed["look"]) == ("Maraike", "style", LOOK)
    assert [one["name"] for one in client.get("/api/cast", params={"words": "red"}).json()] == ["Maraike"]
    assert client.delete(f"/api/cast/{made['id']}").status_code == 204
    assert client.get("/api/cast").json() == []
    assert client.get(f"/api/cast/{made['id']}").status_code == 410
    assert [one["id"] for one in client.get("/api/cast", params={"deleted": True}).json()] == [made["id"]]
    assert client.post(f"/api/cast/{made['id']}/restore").json()["deleted_at"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "two words"}, 422, "bad_name"),
        ({"name": "Mara"}, 409, "name_taken"),
        ({"look": "x"}, 422, "bad_value"),
        ({"name": "Jon", "kind": "ghost"}, 422, "bad_value"),
        ({"name": "Jon", "age": 4}, 422, "unknown_field"),
        ({"name": "Jon", "pictures": ["f" * 32]}, 404, "not_found"),
        ({"name": "Jon", "project_id": "f" * 32}, 404, "not_found"),
        ({"name": "Jon", "loras": [{"asset": "x"}]}, 422, "bad_value"),
        ({"name": "Jon", "loras": [{"asset": "f" * 32, "weight": 9}]}, 422, "bad_value"),
    ],
)
def test_refusals_give_a_reason(client: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    create(client)
    answer = client.post("/api/cast", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_others_can_mention_shared_members_but_not_change_them(house: House, client: TestClient, bob: Person) -> None:
    project = client.post("/api/projects", json={"name": "Harbour", "shared": True}).json()["id"]
    shared, own = create(client, project_id=project)["id"], create(client, name="Own")["id"]
    of_bob = house.client(bob)
    assert [one["name"] for one in of_bob.get("/api/cast").json()] == ["Mara"]
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/restore")):
        assert of_bob.request(method, f"/api/cast/{own}{path}", json={}).status_code == 404
        assert of_bob.request(method, f"/api/cast/{shared}{path}", json={}).status_code == 403
    asked = {"task": "create_image", "prompt": "@Mara and @Own", "model": "plain"}
    told = of_bob.post("/api/estimate", json=asked).json()["cast"]
    assert told == ["@Mara: uses the description.", "Nobody in the cast is called @Own."]


def test_a_record_names_the_members_and_reproduces_with_them(client: TestClient) -> None:
    member = create(client)["id"]
    asked = {"task": "create_image", "prompt": "@Mara runs", "model": "plain"}
    job = ended(client, client.post("/api/jobs", json=asked).json()["id"])
    assert job["cast"] == ["@Mara: uses the description."]
    client.patch(f"/api/cast/{member}", json={"look": "somebody else"})
    again = client.post(f"/api/assets/{job['assets'][0]}/reproduce").json()
    assert again["request"]["mentions"] == job["request"]["mentions"]
    assert again["request"]["mentions"][0]["words"] == LOOK


# -- designing


def step(client: TestClient, **fields: Any) -> dict[str, Any]:
    answer = client.post("/api/cast/design", json={"look": LOOK, **fields})
    assert answer.status_code == 201, answer.text
    done: dict[str, Any] = answer.json()
    return done


def learn(house: House, **fields: Any) -> None:
    """Replace the model that generates pictures with another kind."""
    path = house.studio.data.catalog / "plain.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **fields}))
    house.studio.catalog.reload()


def test_drafts_then_a_change_then_a_sheet(house: House, client: TestClient) -> None:
    learn(house, quality={"draft": {"steps": 4}})
    drafts = step(client, step="drafts")
    (job,) = drafts["jobs"]
    assert drafts["way"]["how"] == "words"
    assert (job["request"]["count"], job["request"]["steps"]) == (4, 4)
    assert job["request"]["prompt"].startswith(LOOK)
    kept = ended(client, job["id"])["assets"][0]
    change = step(client, step="change", picture=kept, change="shorter hair")
    assert (change["way"]["how"], change["jobs"][0]["task"]) == ("edit", "edit_image")
    assert change["jobs"][0]["request"] | {"image": kept, "prompt": "shorter hair"} == change["jobs"][0]["request"]
    sheet = step(client, step="sheet", picture=kept)
    assert [job["request"]["prompt"].split(", ")[1] for job in sheet["jobs"]] == [
        "front view",
        "three-quarter view",
        "profile",
    ]
    assert {job["request"]["image"] for job in sheet["jobs"]} == {kept}


def test_each_step_uses_what_the_installed_models_can_do(house: House, client: TestClient, picture: str) -> None:
    learn(house, tasks=["create_image"], references=2)
    drafts = step(client, step="drafts", references=[picture])
    assert (drafts["way"]["how"], drafts["jobs"][0]["request"]["references"]) == ("pictures", [picture])
    kept = ended(client, drafts["jobs"][0]["id"])
    change = step(client, step="change", picture=kept["assets"][0], change="shorter hair")["jobs"][0]["request"]
    assert (change["prompt"], change["references"]) == ("the person in picture 1, shorter hair", kept["assets"][:1])
    learn(house, tasks=["create_image", "change_image"], references=0)
    blind = step(client, step="drafts", references=[picture])
    assert (blind["way"]["how"], blind["jobs"][0]["request"]["references"]) == ("words", [])
    change = step(client, step="change", picture=kept["assets"][0], change="shorter hair")["jobs"][0]["request"]
    assert (change["task"], change["prompt"]) == ("change_image", f"{LOOK}, shorter hair")
    sheet = step(client, step="sheet", picture=kept["assets"][0])
    assert sheet["way"]["how"] == "words"
    assert {job["request"]["seed"] for job in sheet["jobs"]} == {kept["request"]["seed"]}
    assert [way["how"] for way in client.get("/api/cast/design").json()] == ["words", "words", "change", "words"]


def test_a_design_step_with_missing_input_is_refused(house: House, client: TestClient, picture: str) -> None:
    for body, code in (
        ({"step": "change", "change": "x"}, "no_picture"),
        ({"step": "change", "picture": picture}, "empty_field"),
        ({"step": "sheet", "picture": picture, "kind": "style"}, "no_sheet"),
        ({"step": "sheet", "picture": "f" * 32}, "not_found"),
        ({"step": "dance"}, "bad_value"),
    ):
        answer = client.post("/api/cast/design", json={"look": LOOK, **body})
        assert answer.json()["code"] == code, body
    learn(house, tasks=["speak"])
    answer = client.post("/api/cast/design", json={"look": LOOK, "step": "drafts"})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_engine")  # no job runs here
    assert client.get("/api/cast/design").json()[0]["how"] == "words"


def test_a_database_that_cannot_grow_is_reported_as_a_full_disk(house: House, client: TestClient) -> None:
    create(client)
    engine = house.studio.database.engine

    def full(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA max_page_count=1")  # no room for another page

    event.listen(engine, "checkout", full)
    for n in range(40):
        answer = client.post("/api/cast", json={"name": f"Mara{n}x", "notes": "a" * 5000})
        if answer.status_code != 201:
            break
    event.remove(engine, "checkout", full)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full"), answer.text
    assert client.get("/api/cast").status_code == 200
