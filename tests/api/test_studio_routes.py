"""The other REST routes: people, projects, schemas, models, health, and access."""

import json

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api import errors
from api.operations import rest
from engines.requests import REQUESTS
from tests.api.conftest import House, ended


def routes(house: House) -> list[tuple[str, str]]:
    found = [route for route in rest.router(house.studio).routes if isinstance(route, APIRoute)]
    return [(method, route.path) for route in found for method in sorted(route.methods)]


def test_every_route_but_health_refuses_strangers(house: House) -> None:
    client = house.client()
    for method, path in routes(house):
        answer = client.request(method, path.replace("{id}", "f" * 32).replace("{task}", "speak"))
        assert answer.status_code == (200 if path == "/healthz" else 401), path
        assert path == "/healthz" or method == "HEAD" or answer.json()["code"]


def test_me_and_the_current_project(as_ann: TestClient) -> None:
    me = as_ann.get("/api/me").json()
    assert (me["name"], me["role"], me["via"], me["project_id"]) == ("Ann", "owner", "token", None)
    project = as_ann.post("/api/projects", json={"name": "Film", "shared": True}).json()
    assert as_ann.post("/api/projects/in-hand", json={"project_id": project["id"]}).status_code == 204
    assert as_ann.get("/api/me").json()["project_id"] == project["id"]
    as_ann.post("/api/projects/in-hand", json={"project_id": None})
    assert as_ann.get("/api/me").json()["project_id"] is None
    assert [seen["name"] for seen in as_ann.get("/api/projects").json()] == ["Shared work", "Film"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {}, 422),
        ("", {"name": 4}, 422),
        ("", {"name": ""}, 422),
        ("", {"name": "\ud800"}, 422),
        ("", {"name": "x", "shared": "yes"}, 422),
        ("", {"name": "x", "owner": "bob"}, 422),
        ("/in-hand", {}, 422),
        ("/in-hand", {"project_id": 4}, 422),
        ("/in-hand", {"project_id": "f" * 32}, 404),
    ],
)
def test_invalid_projects_are_refused(as_owner: TestClient, path: str, body: object, status: int) -> None:
    answer = as_owner.post(f"/api/projects{path}", content=json.dumps(body))
    assert answer.status_code == status
    assert answer.json()["what"]


def test_schemas_contain_the_choices_of_this_studio(as_owner: TestClient) -> None:
    listed = as_owner.get("/api/schema").json()
    assert [task["task"] for task in listed] == list(REQUESTS)
    without = {"fetch_model", "fetch_lora", "cut_clip", "join_clips", "grade_clip", "add_sound", "deliver_clip"}
    drawn = set(REQUESTS) - without - {"continue_clip"}  # these need no model, or one of a video family
    assert {task["task"] for task in listed if "plain" in task["models"]} == drawn
    schema = as_owner.get("/api/schema/stylize_image").json()
    style = schema["properties"]["style"]
    assert style["enum"][:2] == ["style-03", "style-04"]
    assert style["choices"][0]["label"] == "Ink"
    assert "plain" in [choice["value"] for choice in schema["properties"]["model"]["choices"]]
    assert schema["properties"]["strength"]["maximum"] == 1
    unknown = as_owner.get("/api/schema/make_coffee")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_task")


def test_models_are_listed_unless_hidden(as_ann: TestClient) -> None:
    models = {model["id"]: model for model in as_ann.get("/api/models").json()}
    assert models["plain"]["installed"]
    assert models["plain"]["lane"] == "cpu"
    assert not models["stable-diffusion-1.5"]["installed"], "hidden from forms, but it can be got"
    assert "hub" not in models


def test_metrics_are_published(house: House, as_ann: TestClient) -> None:
    job = as_ann.post("/api/jobs", json={"task": "create_image", "prompt": "x"}).json()["id"]
    ended(as_ann, job)
    as_ann.get("/api/jobs/none")
    text = TestClient(house.app, client=("127.0.0.1", 1), base_url="http://127.0.0.1").get("/metrics").text
    assert 'c41_jobs{lane="cpu",state="done"} 1.0' in text
    assert 'c41_job_wait_seconds_count{lane="cpu"} 1.0' in text
    assert 'c41_device_bytes{device="Easel",what="used"} 40.0' in text
    assert 'c41_http_requests_total{method="POST",route="/api/jobs",status="201"} 1.0' in text
    assert 'c41_http_requests_total{method="GET",route="/api/jobs/{id}",status="404"} 1.0' in text


def test_an_unexpected_error_shows_no_internals() -> None:
    app = FastAPI()
    errors.install(app)

    @app.get("/")
    def broken() -> None:
        raise RuntimeError("the secret is 42")

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "unexpected"
    assert "42" not in answer.text
    assert TestClient(app).get("/nowhere").json()["code"] == "http_404"
    assert TestClient(app).post("/").headers["allow"] == "GET"
