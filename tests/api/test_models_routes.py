"""Models over REST, with a hub on this computer: inspect, download, pause, add, remove; permissions; token."""

import json
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from api import model_views
from engines.hub import cache
from settings import Settings
from studio import Studio
from tests.support import disks
from tests.support.hub import LocalHub, local_hub
from tests.support.people import Person, admit, browser
from tests.support.studios import at_work, wired
from tests.support.waiting import until

pytestmark = pytest.mark.slow

DONE = ("done", "failed", "cancelled")
WRITER = {"config.json": json.dumps({"architectures": ["Qwen3ForCausalLM"]}), "model.safetensors": b"w" * 400_000}


class House(NamedTuple):
    """A running studio with a hub."""

    studio: Studio
    app: ASGIApp
    hub: LocalHub


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from huggingface_hub import constants

    folder = tmp_path_factory.mktemp("models")
    with local_hub() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "hf"))
        patch.setenv("HF_ENDPOINT", hub.url)
        own = {"data": folder / "data", "starter": folder, "model_folders": str(tmp_path_factory.getbasetemp())}
        with (
            wired(Settings(**own, engine="inprocess", keep_free_mb=0, max_upload_mb=1)) as studio,
            at_work(studio) as app,
        ):
            yield House(studio, app, hub)


@pytest.fixture(scope="module")
def owner(house: House) -> Person:
    return admit(house.studio, house.app, "ann")


@pytest.fixture(scope="module")
def member(house: House, owner: Person) -> Person:
    return admit(house.studio, house.app, "bob")


@pytest.fixture(scope="module")
def ann(house: House, owner: Person) -> TestClient:
    return browser(house.app, owner.who.name)


@pytest.fixture
def bob(member: Person) -> TestClient:
    return member.client


@pytest.fixture
def hub(house: House) -> LocalHub:
    house.hub.faults.clear()
    house.hub.add("lab/writer", WRITER, card={"license": "apache-2.0"})
    return house.hub


def added(client: TestClient, **what: str) -> dict[str, Any]:
    answer = client.post("/api/models/add", json=what)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(client: TestClient, id: str) -> dict[str, Any]:
    """Wait for a job to end and return it."""
    found: dict[str, Any] = {}

    def look() -> bool:
        found.update(client.get(f"/api/jobs/{id}").json())
        return found["state"] in DONE

    until(look, 30, f"the end of job {id}")
    return found


def state(client: TestClient, id: str, wanted: str) -> dict[str, Any]:
    """Wait for a job to reach a state and return it."""
    return until(
        lambda: found if (found := client.get(f"/api/jobs/{id}").json())["state"] == wanted else None, 30, wanted
    )


def test_a_model_is_inspected_added_downloaded_and_removed(hub: LocalHub, ann: TestClient, bob: TestClient) -> None:
    look = bob.get("/api/models/look", params={"repo": "lab/writer"}).json()
    assert (look["name"], look["runtime"], look["license"]["commercial"]) == ("writer", "torch", True)
    model = added(bob, repo="lab/writer")
    assert (model["installed"], model["kind"], model["own"], model["fit"]["state"]) == (False, "Writing", True, "fits")
    job = bob.post(f"/api/models/{model['id']}/get").json()
    assert (job["task"], job["title"]) == ("fetch_model", "writer")
    done = ended(bob, job["id"])
    assert done["state"] == "done", done
    assert done["facts"]["bytes"] == done["facts"]["bytes_total"]
    card = ann.get(f"/api/models/{model['id']}").json()
    assert card["installed"]
    assert card["disk_bytes"] == card["download_bytes"]
    assert bob.delete(f"/api/models/{model['id']}").status_code == 403
    freed = ann.delete(f"/api/models/{model['id']}").json()
    assert freed == {"freed_bytes": card["disk_bytes"], "gone": False}
    assert not ann.get(f"/api/models/{model['id']}").json()["installed"]
    assert ann.delete(f"/api/models/{model['id']}").json()["gone"]
    assert ann.get(f"/api/models/{model['id']}").status_code == 422


def test_a_download_is_paused_and_resumed(hub: LocalHub, ann: TestClient, bob: TestClient) -> None:
    model = added(ann, repo="lab/writer")
    hub.fault("model.safetensors", bytes_per_second=120_000)
    job = ann.post(f"/api/models/{model['id']}/get").json()["id"]
    until(lambda: list(cache.root().rglob("*.incomplete")), 30, "the first bytes")
    running = state(ann, job, "running")
    assert running["can_pause"]
    assert ann.delete(f"/api/models/{model['id']}").json()["code"] == "in_use"
    assert bob.post(f"/api/jobs/{job}/pause").status_code == 404
    assert ann.post(f"/api/jobs/{job}/pause").status_code == 200
    paused = state(ann, job, "paused")
    assert paused["words"].startswith("paused at ")
    assert (paused["can_resume"], paused["can_pause"], paused["can_cancel"]) == (True, False, True)
    assert ann.post(f"/api/jobs/{job}/pause").json()["state"] == "paused"
    [part] = cache.root().rglob("*.incomplete")
    kept = part.stat().st_size
    assert kept > 0
    hub.faults.clear()
    asked = len(hub.heard("store"))
    ann.post(f"/api/jobs/{job}/resume")
    assert ended(ann, job)["state"] == "done"
    assert [one.range for one in hub.heard("store")[asked:]] == [f"bytes={kept}-"]
    assert ann.post(f"/api/jobs/{job}/pause").json()["code"] == "cannot_pause"
    assert ann.post(f"/api/jobs/{job}/resume").json()["code"] == "not_paused"
    ann.delete(f"/api/models/{model['id']}")
    ann.delete(f"/api/models/{model['id']}")


def test_a_waiting_job_can_be_paused_and_a_paused_one_canceled(hub: LocalHub, ann: TestClient) -> None:
    hub.fault("model.safetensors", bytes_per_second=60_000)
    ids = []
    for name in ("a", "b", "c"):
        hub.add(f"lab/{name}", {**WRITER, "model.safetensors": name.encode() * 300_000})
        ids.append(ann.post(f"/api/models/{added(ann, repo=f'lab/{name}')['id']}/get").json()["id"])
    waiting = state(ann, ids[2], "queued")  # two run at a time
    assert waiting["can_pause"]
    assert ann.post(f"/api/jobs/{ids[2]}/pause").json()["state"] == "paused"
    for id in ids:
        ann.post(f"/api/jobs/{id}/cancel")
        assert ended(ann, id)["state"] == "cancelled"


def test_a_failure_is_one_problem(hub: LocalHub, ann: TestClient) -> None:
    assert ann.get("/api/models/look", params={"repo": "nobody/nothing"}).json()["code"] == "no_such_repository"
    assert ann.post("/api/models/nothing/get").json()["code"] == "unknown_model"
    assert ann.post("/api/jobs", json={"task": "fetch_model", "entry": "nothing"}).json()["code"] == "unknown_model"
    assert ann.delete("/api/models/rife").json()["code"] == "starter_model"
    for body in ({}, {"repo": 4}, {"path": ""}, {"path": "/nowhere/a.gguf"}, {"repo": "a/b", "more": 1}, {"path": 4}):
        answer = ann.post("/api/models/add", json=body)
        assert answer.status_code in (404, 422), body
        assert answer.json()["what"]


def test_only_the_owner_can_access_server_files(ann: TestClient, bob: TestClient, tmp_path: Path) -> None:
    for method, path, body in (
        ("POST", "/api/models/add", {"path": str(tmp_path)}),
        ("POST", "/api/models/scan", {"folder": str(tmp_path)}),
        ("POST", "/api/models/bring?name=a.gguf", {}),
        ("PUT", "/api/hub-token", {"token": "hf_something"}),
        ("DELETE", "/api/models/rife", None),
    ):
        assert bob.request(method, path, json=body).status_code == 403, path
    assert ann.post("/api/models/scan", json={"folder": str(tmp_path)}).json()["items"] == []


def test_the_token_is_kept_privately_and_opens_gated_models(
    house: House, hub: LocalHub, ann: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    repository = hub.add("lab/gated", {**WRITER, "model.safetensors": b"g" * 50_000})
    model = added(ann, repo="lab/gated")
    repository.gated, repository.token = True, "hf_right_token"
    failed = ended(ann, ann.post(f"/api/models/{model['id']}/get").json()["id"])
    assert failed["error"]["code"] == "gated"
    assert "lab/gated" in failed["error"]["next"]
    assert ann.put("/api/hub-token", json={"token": "two words"}).json()["code"] == "bad_token"
    assert ann.put("/api/hub-token", json={"token": "hf_right_token"}).status_code == 204
    file = house.studio.data.hub_token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shelf = ann.get("/api/models/shelf")
    assert shelf.json()["token"]
    assert "hf_right_token" not in shelf.text
    assert ended(ann, ann.post(f"/api/models/{model['id']}/get").json()["id"])["state"] == "done"
    assert {one.authorization for one in hub.heard("store")} == {""}
    assert "hf_right_token" not in caplog.text
    assert "signature=secret" not in caplog.text
    assert ann.put("/api/hub-token", json={"token": ""}).status_code == 204
    assert not file.exists()


def gguf(name: str = "Small Talk") -> bytes:
    """Return a GGUF file of a language model that is only a header."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    known = {"general.architecture": "llama", "general.name": name, "tokenizer.ggml.model": "gpt2"}
    pairs = b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in known.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(known)) + pairs


def test_a_file_is_uploaded_to_models_on_another_disk(
    house: House, ann: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks.apart(monkeypatch)
    answer = ann.post("/api/models/bring?name=a.gguf", content=gguf())
    assert answer.status_code == 201
    assert [path.name for path in house.studio.data.models.iterdir()] == ["a.gguf"]
    ann.delete(f"/api/models/{answer.json()['id']}")


def test_a_file_is_uploaded_and_removed(house: House, ann: TestClient) -> None:
    answer = ann.post("/api/models/bring?name=Small%20Talk.gguf", content=gguf())
    assert answer.status_code == 201, answer.text
    model = answer.json()
    kept = house.studio.data.models / "small-talk.gguf"
    assert (model["installed"], model["in_place"], kept.read_bytes() == gguf()) == (True, True, True)
    assert ann.delete(f"/api/models/{model['id']}").json()["gone"]
    assert not kept.exists()
    for name, content in (
        ("a.ckpt", b"x"),
        ("a.gguf", b"nonsense"),
        ("../../a.gguf", b"GGUF"),
        ("a.safetensors", b"x" * 90),
    ):
        refused = ann.post("/api/models/bring", params={"name": name}, content=content)
        assert refused.status_code == 422, name
        assert refused.json()["what"]
    assert ann.post("/api/models/bring?name=a.gguf", content=b"x" * 2_000_000).status_code == 413
    assert list(house.studio.data.models.iterdir()) == []


def test_a_folder_is_scanned_and_used_in_place(ann: TestClient, tmp_path: Path) -> None:
    (tmp_path / "llm").mkdir()
    (tmp_path / "llm" / "talk.gguf").write_bytes(gguf())
    (tmp_path / "old.ckpt").write_bytes(b"x")
    found = ann.post("/api/models/scan", json={"folder": str(tmp_path)}).json()
    assert [(item["name"], item["usable"]) for item in found["items"]] == [("llm/talk.gguf", True), ("old.ckpt", False)]
    model = added(ann, path=found["items"][0]["path"])
    assert model["installed"]
    ann.delete(f"/api/models/{model['id']}")
    assert (tmp_path / "llm" / "talk.gguf").exists()


def test_folders_of_extra_model_paths_are_used_under_the_same_rule(ann: TestClient, tmp_path: Path) -> None:
    (tmp_path / "comfy").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "talk.gguf").write_bytes(gguf())
    file = tmp_path / "comfy" / "extra_model_paths.yaml"
    file.write_text(f"here:\n  base_path: {tmp_path}\n  llm: disk\n  checkpoints: /etc\n")
    for typed in (file.parent, file):
        found = ann.post("/api/models/scan", json={"folder": str(typed)}).json()
        assert [one["path"] for one in found["items"]] == [str(tmp_path / "disk" / "talk.gguf")]
        assert found["folder"] == str(file.parent)
        inside, outside = found["extra"]["folders"]
        assert (inside["path"], inside["kinds"], inside["obstacle"]) == (str(tmp_path / "disk"), ["llm"], "")
        assert outside["path"] == "/etc"
        assert "C41_MODEL_FOLDERS" in outside["obstacle"]
    model = added(ann, path=found["items"][0]["path"])
    ann.delete(f"/api/models/{model['id']}")
    file.write_text("here: [")
    broken = ann.post("/api/models/scan", json={"folder": str(file.parent)}).json()
    assert "not valid YAML" in broken["extra"]["obstacle"]


def test_bundles_list_what_is_missing_and_which_one_is_recommended(ann: TestClient) -> None:
    sets = {one["id"]: one for one in ann.get("/api/models/sets").json()}
    assert list(sets) == ["cinema", "balanced", "fast", "small"]
    assert [one["id"] for one in sets.values() if one["recommended"]] == ["small"]
    known = {model["id"]: model for model in ann.get("/api/models").json()}
    for one in sets.values():
        assert one["models"], "a set nobody can get anything of"
        assert one["missing_bytes"] == sum(known[id]["download_bytes"] for id in one["missing"])


def test_every_model_states_its_needs_and_how_it_was_tested(ann: TestClient) -> None:
    for model in ann.get("/api/models").json():
        assert model["fit"]["words"]
        assert model["verified_words"]
        assert model["kind"] in ("Writing", "Pictures", "Picture helpers", "Clips", "Speech")


@pytest.mark.parametrize(
    ("key", "ours"),
    [
        ("writer:session", True),
        ("writer", True),
        ("/models/w#float16", True),
        ("/models/w/unet#float16", True),
        ("/models/w@vae#float16", True),
        ("whisper:/models/w", True),
        ("/models/w-2/unet#float16", False),
        ("writer-2:session", False),
    ],
)
def test_loaded_models_are_told_apart(key: str, ours: bool) -> None:
    assert model_views.belongs_to(key, "writer", {"/models/w"}) == ours
