"""Submitting, following and canceling jobs over REST."""

from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import House, ended, png

LION: dict[str, Any] = {"task": "create_image", "prompt": "a lion", "seed": 7}


def test_from_submission_to_the_file(as_ann: TestClient) -> None:
    estimate = as_ann.post("/api/estimate", json=LION).json()
    assert estimate["fits"]
    assert estimate["model"] == "plain"
    asked = as_ann.post("/api/jobs", json=LION)
    assert asked.status_code == 201
    job = ended(as_ann, asked.json()["id"])
    assert (job["state"], job["request"]["seed"]) == ("done", 7)
    asset = as_ann.get(f"/api/assets/{job['assets'][0]}").json()
    assert asset["title"] == "a lion"
    assert asset["provenance"]["request"]["prompt"] == "a lion"
    page = as_ann.get("/api/assets", params={"job_id": job["id"]}).json()
    assert [found["id"] for found in page["assets"]] == job["assets"]
    follow = as_ann.get("/api/jobs").json()
    assert follow["whole"]
    assert job["id"] in [seen["id"] for seen in follow["jobs"]]
    assert as_ann.get("/api/jobs", params={"since": follow["cursor"]}).json()["jobs"] == []


def test_a_wrapped_request_goes_to_its_project_once(as_ann: TestClient) -> None:
    project = as_ann.get("/api/projects").json()[0]["id"]
    body = {"request": LION, "project_id": project, "client_ref": "scene 4"}
    first, second = (as_ann.post("/api/jobs", json=body).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert first["project_id"] == project


def test_the_record_in_a_file_is_a_request(as_ann: TestClient) -> None:
    job = ended(as_ann, as_ann.post("/api/jobs", json=LION).json()["id"])
    record = as_ann.get(f"/api/assets/{job['assets'][0]}").json()["provenance"]
    record["request"]["of_a_later_version"] = True
    again = as_ann.post("/api/jobs", json=record)
    assert again.status_code == 201
    assert again.json()["request"]["prompt"] == "a lion"


def test_reproducing_gives_the_same_result(as_ann: TestClient) -> None:
    job = ended(as_ann, as_ann.post("/api/jobs", json=LION).json()["id"])
    again = as_ann.post(f"/api/assets/{job['assets'][0]}/reproduce")
    assert again.status_code == 201
    assert "identical" in ended(as_ann, again.json()["id"])["words"]


def test_a_picture_uploaded_again_can_be_reproduced(as_ann: TestClient) -> None:
    job = ended(as_ann, as_ann.post("/api/jobs", json=LION).json()["id"])
    content = as_ann.get(f"/api/assets/{job['assets'][0]}/file").content
    brought = as_ann.post("/api/assets?name=back.png", content=content).json()
    assert brought["provenance"]["request"]["seed"] == 7
    assert brought["origin"] == "upload"
    again = as_ann.post(f"/api/assets/{brought['id']}/reproduce")
    assert "identical" in ended(as_ann, again.json()["id"])["words"]


def test_preview_cancel_and_retry(house: House, as_ann: TestClient) -> None:
    house.painter.go_on.clear()
    job = as_ann.post("/api/jobs", json=LION).json()["id"]
    while not as_ann.get(f"/api/jobs/{job}").json()["preview"]:
        pass
    preview = as_ann.get(f"/api/jobs/{job}/preview")
    assert preview.headers["content-type"] == "image/jpeg"
    assert preview.headers["cache-control"] == "no-store"
    assert preview.content[:2] == b"\xff\xd8"
    as_ann.post(f"/api/jobs/{job}/cancel")
    assert ended(as_ann, job)["state"] == "cancelled"
    house.painter.go_on.set()
    retry = as_ann.post(f"/api/jobs/{job}/retry").json()["id"]
    assert ended(as_ann, retry)["state"] == "done"


def test_moving_and_canceling_what_waits(house: House, as_ann: TestClient, as_bob: TestClient) -> None:
    house.painter.go_on.clear()
    running, first, second = (as_ann.post("/api/jobs", json=LION).json()["id"] for _ in range(3))
    theirs = as_bob.post("/api/jobs", json=LION).json()["id"]
    assert as_ann.post(f"/api/jobs/{second}/move", json={"before": first}).json()["can_move"]
    for client, moved, body, status in (
        (as_bob, second, {"before": theirs}, 404),
        (as_bob, theirs, {"before": second}, 404),
        (as_ann, running, {"after": first}, 409),
        (as_ann, second, {"before": first, "after": first}, 422),
        (as_ann, second, {}, 422),
    ):
        assert client.post(f"/api/jobs/{moved}/move", json=body).status_code == status
    assert {job["id"] for job in as_ann.post("/api/jobs/cancel-waiting").json()} == {first, second}
    assert as_bob.get(f"/api/jobs/{theirs}").json()["state"] == "queued"
    assert {job["id"] for job in as_ann.get("/api/jobs/ended").json()} == {first, second}
    assert as_bob.get("/api/jobs/ended").json() == []
    assert as_ann.post(f"/api/jobs/{first}/dismiss").json()["code"] == "not_failed"
    assert as_ann.post("/api/jobs/dismiss-failed").json() == {"count": 0}
    house.painter.go_on.set()


def test_reproductions_are_marked_and_can_be_left_out(as_ann: TestClient) -> None:
    original = ended(as_ann, as_ann.post("/api/jobs", json=LION).json()["id"])["assets"][0]
    again = ended(as_ann, as_ann.post(f"/api/assets/{original}/reproduce").json()["id"])["assets"][0]
    made = as_ann.get(f"/api/assets/{again}").json()
    assert (made["reproduces"], made["verdict"]) == (original, "identical to the original")
    assert as_ann.get(f"/api/assets/{original}").json()["verdict"] is None
    found = as_ann.get("/api/assets", params={"originals": True}).json()["assets"]
    assert [one["id"] for one in found] == [original]


def test_others_cannot_touch_my_job(house: House, as_ann: TestClient, as_bob: TestClient) -> None:
    house.painter.go_on.clear()
    job = as_ann.post("/api/jobs", json=LION).json()["id"]
    for method, path in (("GET", ""), ("GET", "/preview"), ("POST", "/cancel"), ("POST", "/retry")):
        answer = as_bob.request(method, f"/api/jobs/{job}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    house.painter.go_on.set()
    asset = ended(as_ann, job)["assets"][0]
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore"), ("POST", "/reproduce"), ("GET", "/file")):
        assert as_bob.request(method, f"/api/assets/{asset}{path}").status_code == 404
    assert as_bob.get("/api/assets").json()["assets"] == []
    refused = as_bob.post("/api/jobs", json={"task": "upscale_image", "image": asset})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"task": "create_image", "prompt": ""}, "empty_field"),
        ({"task": "create_image", "prompt": "   "}, "empty_field"),
        ({"task": "create_image"}, "empty_field"),
        ({"task": "create_image", "prompt": "x" * 200_000}, "bad_value"),
        ({**LION, "guidance": -1}, "bad_value"),
        ({**LION, "steps": -1}, "bad_value"),
        ({**LION, "seed": -1}, "bad_value"),
        ({**LION, "width": 513}, "bad_value"),
        ({**LION, "prompt": {"path": "/etc/passwd"}}, "bad_json"),
        ({**LION, "model": "no-such-model"}, "unknown_model"),
        ({**LION, "color": "red"}, "unknown_field"),
        ({"task": "make_coffee"}, "unknown_task"),
        ({"task": ["create_image"]}, "unknown_task"),
        ({}, "unknown_task"),
        ({"request": LION, "client_ref": ""}, "bad_value"),
        ({"request": LION, "client_ref": "x" * 201}, "bad_value"),
        ({"request": LION, "who": "bob"}, "bad_value"),
        ({"request": LION, "project_id": 4}, "bad_value"),
        ({"request": LION, "project_id": "f" * 32}, "not_found"),
        ({"task": "upscale_image", "image": "../../etc/passwd"}, "bad_value"),
        ({"task": "upscale_image", "image": "f" * 32}, "not_found"),
        ({"task": "upscale_image", "image": "f" * 32, "scale": 1000}, "bad_value"),
    ],
)
@pytest.mark.parametrize("path", ["/api/jobs", "/api/estimate"])
def test_bad_requests_are_explained_in_a_sentence(as_owner: TestClient, body: object, code: str, path: str) -> None:
    answer = as_owner.post(path, json=body)
    assert 400 <= answer.status_code < 500
    problem = answer.json()
    if not (path == "/api/estimate" and "client_ref" in str(body)):
        assert problem["code"] == code
    assert problem["what"].endswith((".", "?", "!"))
    assert len(problem["what"] + problem["why"]) < 1000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"task": "create_image", "prompt": "x", "guidance": NaN}',
        b'{"task": "create_image", "prompt": "x", "guidance": Infinity}',
        b'{"task": "create_image", "prompt": "x", "seed": NaN}',
        b'{"task": "create_image", "prompt": NaN}',
        b'{"task": NaN}',
        b'{"task": "create_image", "prompt": "\\ud800"}',
    ],
)
def test_invalid_bodies_are_refused(as_owner: TestClient, body: bytes) -> None:
    answer = as_owner.post("/api/jobs", content=body)
    assert answer.status_code == 422
    assert set(answer.json()) == {"code", "field", "what", "why", "next"}


@pytest.mark.parametrize(
    "body", [b'{"name": "\\ud800"}', b'{"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", b'{"name": NaN}', b"[1]"]
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/api/cast"), ("PATCH", f"/api/assets/{'0' * 32}")])
def test_routes_with_their_own_fields_say_why_a_body_is_refused(
    as_owner: TestClient, method: str, path: str, body: bytes
) -> None:
    answer = as_owner.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_json")
    assert answer.json()["next"]


def test_an_endless_body_is_not_read_completely(as_owner: TestClient) -> None:
    answer = as_owner.post("/api/jobs", content=b'"' + b"x" * (2 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_much")


def test_a_deleted_asset_is_refused_as_input(as_owner: TestClient) -> None:
    asset = as_owner.post("/api/assets?name=a.png", content=png()).json()["id"]
    assert as_owner.delete(f"/api/assets/{asset}").status_code == 204
    answer = as_owner.post("/api/jobs", json={"task": "upscale_image", "image": asset})
    assert (answer.status_code, answer.json()["code"]) == (410, "deleted_asset")


def test_a_sound_is_refused_as_a_picture(as_owner: TestClient, speech: Any) -> None:
    sound = as_owner.post("/api/assets?name=voice.wav", content=speech.read_bytes()).json()["id"]
    answer = as_owner.post("/api/jobs", json={"task": "upscale_image", "image": sound})
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("path", ["/api/jobs", "/api/assets?name=a.png", "/gradio_api/run/predict"])
def test_a_disconnect_is_not_logged_as_an_error(
    as_owner: TestClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in as_owner.cookies.items())
    headers = {**dict(as_owner.headers), "cookie": cookies, "content-length": "100", "content-type": "application/json"}
    route, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "POST", "path": route, "raw_path": route.encode(), "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "server": ("testserver", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip
    said = iter([{"type": "http.request", "body": b'{"task"', "more_body": True}, {"type": "http.disconnect"}])

    async def hear() -> dict[str, Any]:
        return next(said, {"type": "http.disconnect"})

    async def say(_: Any) -> None:
        pass

    app: Any = as_owner.app
    anyio.run(app, scope, hear, say)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
