"""One person's own work is closed to everyone else: other members and the owner."""

import json
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple, get_origin
from uuid import uuid4

import gradio as gr
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from engines.requests import REQUESTS, PromptRequest, asset_fields
from studio import Studio
from tests.security.entry_points import METHODS, events, filled, routes
from tests.support.live import Live
from tests.support.people import Person, admit
from tests.support.waiting import until

GRADIO = "/gradio_api"
TITLE, TEXT, PROJECT, RECIPE = "moonlit harbour", "The otter sleeps.", "Otter film", "Otter poster"


class Work(NamedTuple):
    """Carol's own work: a picture, another in the bin, a finished job with its files, an upload in progress, a recipe
    and a run of it."""

    client: Any
    assets: tuple[str, ...]
    job: str
    project: str
    upload: str
    recipe: str
    run: str

    @property
    def ids(self) -> tuple[str, ...]:
        """Values for the parameters of routes."""
        return (*self.assets, self.job, self.project, self.recipe, self.run)

    @property
    def words(self) -> tuple[str, ...]:
        """Carol's own texts, which her ids do not reveal."""
        return (TITLE, TEXT, TEXT.split()[1], PROJECT, RECIPE)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody else may see: her texts and files. Everyone may see that she has a job."""
        return (*self.words, self.project, *self.assets, self.upload, self.recipe, self.run)


def worked(client: Any, photo: Path) -> Work:
    """Create Carol's work with a client that acts for her."""
    picture = photo.read_bytes()
    project = client.post("/api/projects", json={"name": PROJECT, "shared": False}).json()["id"]
    kept, binned = (
        client.post("/api/assets", params={"name": f"{TITLE}.jpg"}, content=picture).json()["id"] for _ in range(2)
    )
    client.delete(f"/api/assets/{binned}")
    asked = {"request": {"task": "speak", "text": TEXT}, "project_id": project, "client_ref": "take-1"}
    job = client.post("/api/jobs", json=asked).json()["id"]
    done = until(lambda: seen if (seen := client.get(f"/api/jobs/{job}").json())["state"] == "done" else None, 60)
    upload = client.post(f"{GRADIO}/upload", files={"files": ("otter.jpg", picture)}).json()[0]
    steps = [{"request": {"task": "cut_out", "image": "input:otter"}}]
    recipe = client.post("/api/recipes", json={"name": RECIPE, "steps": steps}).json()["id"]
    run = client.post("/api/recipe-runs", json={"recipe_id": recipe}).json()["id"]
    return Work(client, (kept, binned, *done["assets"]), job, project, upload, recipe, run)


@pytest.fixture(scope="module")
def work(studio: Studio, app: ASGIApp, bob: Person, photo: Path) -> Work:
    return worked(admit(studio, app, "carol").client, photo)


@pytest.fixture(params=["bob", "ann"])
def other(request: pytest.FixtureRequest, ann: Person, bob: Person) -> TestClient:
    """The person who tries: bob, a member, then ann, the owner."""
    return {"ann": ann, "bob": bob}[request.param].client


def tells_nothing(work: Work, answer: Any, tried: object) -> None:
    said = answer.text + str(answer.headers)
    assert [secret for secret in work.secrets if secret in said] == [], tried


def unchanged(work: Work) -> None:
    """Check that Carol's work is unchanged."""
    kept, binned, *made = work.assets
    assert {asset["id"] for asset in work.client.get("/api/assets").json()["assets"]} == {kept, *made}
    assert work.client.get(f"/api/assets/{binned}").json()["deleted_at"]
    assert work.client.get(f"/api/jobs/{work.job}").json()["state"] == "done"
    assert work.client.get(f"/api/recipe-runs/{work.run}").json()["state"] == "asking"
    assert [job["id"] for job in work.client.get("/api/jobs").json()["jobs"] if job["mine"]] == [work.job]


@pytest.mark.slow
def test_no_route_reveals_anything(app: ASGIApp, work: Work, other: TestClient) -> None:
    for path in sorted(path for path in routes(app) if path.startswith("/api/") and "{" in path):
        for id in work.ids:
            tried = filled(path, id)
            for method in METHODS:
                answer = other.request(method, tried, headers={"Range": "bytes=0-9"})
                refusals = {404, 405}
                if method in ("POST", "PUT", "PATCH"):
                    refusals |= {422}  # the body is read before anything is looked up
                if path.startswith(("/api/studio/", "/api/models/")):
                    refusals |= {403, 422}  # for the owner; models belong to nobody
                assert answer.status_code in refusals, (method, tried, answer.status_code)
                said = answer.text.replace(id, "") + str(answer.headers)
                assert not [secret for secret in work.secrets if secret in said], (method, tried)
    unchanged(work)


@pytest.mark.slow
def test_no_list_or_filter_reveals_anything(work: Work, other: TestClient) -> None:
    boot = other.get("/api/jobs").json()["cursor"].partition(".")[0]
    for path in (
        *(f"/api/jobs{since}" for since in ("", "?since=", "?since=x", f"?since={boot}.0", f"?since={boot}.1")),
        *(f"/api/assets{query}" for query in ("", "?deleted=1", "?origin=upload", "?limit=200", "?project_id=own")),
        f"/api/assets?job_id={work.job}",
        f"/api/assets?project_id={work.project}",
        "/api/projects",
        "/api/recipes",
        "/api/recipe-runs",
        "/api/me",
        "/account",
        "/config",
        "/",
    ):
        answer = other.get(path)
        assert answer.status_code == 200, path
        said = answer.text.replace(work.project, "") if "project_id" in path else answer.text
        assert not [secret for secret in work.secrets if secret in said], path


@pytest.mark.slow
def test_other_peoples_things_are_refused_as_input_and_as_project(work: Work, other: TestClient, photo: Path) -> None:
    own = other.post("/api/assets", params={"name": "own.jpg"}, content=photo.read_bytes()).json()["id"]
    takers = [(task, name) for task, request in REQUESTS.items() for name in asset_fields(request)]
    assert takers
    drawing = [task for task, request in REQUESTS.items() if issubclass(request, PromptRequest)]
    for path in ("/api/jobs", "/api/estimate"):
        for id in work.assets:
            for task, name in takers:
                several = get_origin(REQUESTS[task].model_fields[name].annotation) is tuple
                taken = {name: [id, id] if several else id}  # some need two
                answer = other.post(path, json={"task": task, **_required(task, own), **taken})
                assert answer.status_code == 404, (path, task, name)
                tells_nothing(work, answer, (path, task))
            for task in drawing:
                mention = {"name": "Mara", "how": "references", "references": [id]}
                for inside in ({"loras": [{"asset": id}]}, {"mentions": [mention]}):
                    answer = other.post(path, json={"task": task, **_required(task, own), **inside})
                    assert answer.status_code == 404, (path, task, inside)
                    tells_nothing(work, answer, (path, task))
        there = {"request": {"task": "speak", "text": "x"}, "project_id": work.project}
        assert other.post(path, json=there).status_code == 404
    picture = work.client.get(f"/api/assets/{work.assets[0]}/file").content
    assert other.post("/api/assets", params={"project_id": work.project}, content=picture).status_code == 404
    assert other.post("/api/projects/in-hand", json={"project_id": work.project}).status_code == 404
    unchanged(work)


def _required(task: str, asset: str) -> dict[str, Any]:
    """Return the required fields of a request: one's own assets, and text."""
    request = REQUESTS[task]
    words: dict[str, Any] = {"sentences": ["Good morning."]} if task == "check_speech" else {}
    if issubclass(request, PromptRequest):
        words["prompt"] = "A lion."
    return {name: asset for name in asset_fields(request) if request.model_fields[name].is_required()} | words


@pytest.mark.slow
def test_no_event_of_the_page_reveals_anything(app: ASGIApp, work: Work, other: TestClient) -> None:
    """Each is called with each of Carol's ids in the event's data and in all text inputs at once, and with the ids in
    turn in every single input."""
    by_turns = cycle(work.ids)
    session = uuid4().hex  # their own page; another person's is refused by the gate
    for name, function in events(app).items():
        if function.queue:
            continue  # the named endpoints are tested below
        every = {n for n, taken in enumerate(function.inputs) if not isinstance(taken, gr.Number | gr.Slider)}
        asked = [(id, every) for id in work.ids]
        asked += [(next(by_turns), {place}) for place in range(len(function.inputs))]
        for id, places in asked:
            data = [id if n in places else getattr(taken, "value", None) for n, taken in enumerate(function.inputs)]
            body = {"data": data, "event_data": {"asset": id, "ref": "take-1"}, "session_hash": session}
            answer = other.post(f"{GRADIO}/run/{name}", json=body)
            assert answer.status_code not in (401, 403, 429), (name, answer.text)
            assert not [word for word in work.words if word in answer.text], (name, places, answer.text)
    unchanged(work)


@pytest.mark.slow
def test_no_endpoint_reveals_anything(live: Live, photo: Path) -> None:
    live.first_account("ann")
    for name in ("bob", "carol"):
        live.add(name)
    work = worked(live.script("carol"), photo)
    endpoints = work.client.get(f"{GRADIO}/info").json()["named_endpoints"]
    assert len(endpoints) > 10
    by_turns = cycle(work.ids)
    for other in (live.script("bob"), live.script("ann")):
        for name, endpoint in endpoints.items():
            usual = [taken.get("parameter_default") for taken in endpoint["parameters"]]
            first = [(id, 0) for id in work.ids]  # the argument that names an endpoint's object
            for id, place in first + [(next(by_turns), place) for place in range(1, len(usual))]:
                data = [*usual[:place], id, *usual[place + 1 :]] if usual else []
                event = other.post(f"{GRADIO}/call{name}", json={"data": data}).json()["event_id"]
                said = other.get(f"{GRADIO}/call{name}/{event}").text
                assert not [word for word in work.words if word in said], (name, place, said)
                assert work.client.get(f"{GRADIO}/call{name}/{event}").status_code == 404
    unchanged(work)


@pytest.mark.slow
def test_no_file_of_the_studio_is_served_by_its_path(studio: Studio, work: Work, other: TestClient) -> None:
    work.client.post(f"{GRADIO}/call/job_files", json={"data": [work.job]})
    files = [path for path in studio.data.root.rglob("*") if path.is_file()]
    assert studio.data.database in files
    assert Path(work.upload) in files
    for path in files:
        for way in (f"{GRADIO}/file={path}", f"{GRADIO}/file/{path}", f"{GRADIO}/file=/{path}", f"/c41{path}"):
            for method in ("GET", "HEAD"):
                assert other.request(method, way).status_code in (403, 404), way
        named = {"path": str(path), "meta": {"_type": "gradio.FileData"}}
        answer = other.post(f"{GRADIO}/call/upload_asset", content=json.dumps({"data": [named, None]}))
        assert answer.status_code == 403, path
