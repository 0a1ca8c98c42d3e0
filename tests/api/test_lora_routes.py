"""LoRAs over REST: uploaded, added from a folder or the hub, listed, refused with reasons."""

import json
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from auth.accounts.tables import User
from engines.hub import cache
from settings import Settings
from studio import Studio
from tests.engines.loras.plain_files import lora_bytes
from tests.support.hub import LocalHub, local_hub
from tests.support.people import admit, browser
from tests.support.studios import at_work, wired
from tests.support.waiting import until

DONE = ("done", "failed", "cancelled")


class House(NamedTuple):
    """A running studio with a hub, its owner and a member."""

    studio: Studio
    app: ASGIApp
    hub: LocalHub
    ann: TestClient
    bob: TestClient
    in_person: TestClient


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from huggingface_hub import constants

    folder = tmp_path_factory.mktemp("loras")
    with local_hub() as hub, pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "hf"))
        patch.setenv("HF_ENDPOINT", hub.url)
        own = {"data": folder / "data", "starter": folder, "model_folders": str(tmp_path_factory.getbasetemp())}
        with wired(Settings(**own, engine="inprocess", keep_free_mb=0)) as studio, at_work(studio) as app:
            ann, bob = (admit(studio, app, name).client for name in ("ann", "bob"))
            yield House(studio, app, hub, ann, bob, browser(app, "ann"))


def ended(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        seen = client.get(f"/api/jobs/{job['id']}").json()
        return seen if seen["state"] in DONE else None

    return until(look, 30)


def upload(client: TestClient, name: str, content: bytes) -> Any:
    return client.post("/api/assets", params={"name": name}, content=content)


def test_an_uploaded_lora_names_its_models(house: House) -> None:
    said = {
        "ss_tag_frequency": json.dumps({"10_mara": {"mara woman": 12, "smile": 3}}),
        "ss_sd_model_name": "sdxl_base",
    }
    asset = upload(house.ann, "Mara v3.safetensors", lora_bytes(2048, said)).json()
    assert (asset["kind"], asset["family"], asset["title"]) == ("lora", "sdxl", "Mara v3")
    assert (asset["lora"]["triggers"], asset["lora"]["rank"]) == (["mara woman"], 4)
    listed = house.ann.get("/api/loras").json()["loras"]
    assert [(one["id"], one["family_name"], one["base_model"], one["fits"]) for one in listed] == [
        (asset["id"], "SDXL", "sdxl_base", None)
    ]
    assert house.bob.get("/api/loras").json()["loras"] == []
    assert house.ann.get("/api/assets", params={"kind": "lora"}).json()["assets"][0]["id"] == asset["id"]
    kinds = house.ann.get("/api/library/facets").json()["kinds"]
    assert {"value": "lora", "name": "lora", "count": 1} in kinds
    assert house.ann.get(f"/api/assets/{asset['id']}/file").content == lora_bytes(2048, said)


def test_with_a_model_the_loras_that_fit_come_first(house: House) -> None:
    upload(house.bob, "large.safetensors", lora_bytes(2048))
    small = upload(house.bob, "small.safetensors", lora_bytes(768)).json()["id"]
    upload(house.bob, "large too.safetensors", lora_bytes(2048))
    found = house.bob.get("/api/loras", params={"model": "stable-diffusion-1.5"}).json()
    assert (found["family"], found["family_name"]) == ("sd15", "Stable Diffusion 1.5")
    assert [one["fits"] for one in found["loras"]] == [True, False, False]
    assert found["loras"][0]["id"] == small
    assert house.bob.get("/api/loras", params={"model": "none"}).status_code == 422


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lora_bytes(768)[:200], "damaged_weights"),
        (lora_bytes(768)[:-10], "damaged_weights"),
        (lora_bytes(768, fill=np.nan), "not_finite"),
        (lora_bytes(768, fill=np.inf), "not_finite"),
        (b"\x80\x02}q\x00.", "pickle"),
        (struct.pack("<Q", 2) + b"{}", "not_a_lora"),
        (struct.pack("<Q", 5000) + b"{" + b"[" * 4999, "damaged_weights"),
    ],
)
def test_a_file_that_is_not_a_lora_is_refused_in_a_sentence(house: House, content: bytes, code: str) -> None:
    before = house.ann.get("/api/assets").json()["assets"]
    answer = upload(house.ann, "bad.safetensors", content)
    assert answer.status_code in (415, 422)
    assert answer.json()["code"] == code
    assert answer.json()["what"].endswith(".")
    assert house.ann.get("/api/assets").json()["assets"] == before


def test_a_lora_of_unknown_family_is_kept_with_the_reason(house: House) -> None:
    asset = upload(house.ann, "odd.safetensors", lora_bytes(96, module="strange_blocks.0.mix")).json()
    assert asset["family"] is None
    assert asset["lora"]["obstacle"]


def test_the_owner_imports_from_a_folder(house: House, tmp_path: Path, photo: Path) -> None:
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "harbour.safetensors"
    file.write_bytes(lora_bytes(768))
    (tmp_path / "sub" / "harbour.preview.png").write_bytes(photo.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(lora_bytes(768, module="", end="weight"))
    (tmp_path / "short.safetensors").write_bytes(lora_bytes(768)[:-1])
    found = house.in_person.post("/api/loras/scan", json={"folder": str(tmp_path)}).json()
    assert [(one["name"], one["family"], bool(one["obstacle"])) for one in found["items"]] == [
        ("sub/harbour.safetensors", "sd15", False),
        ("short.safetensors", None, True),
    ]
    asset = house.in_person.post("/api/loras/import", json={"path": str(file)}).json()
    assert (asset["title"], asset["family"], asset["has_thumb"]) == ("harbour", "sd15", True)
    assert file.stat().st_nlink == 2, "the same bytes, not a copy"
    house.ann.delete(f"/api/assets/{asset['id']}")
    assert file.is_file()
    for route, body in (("scan", {"folder": str(tmp_path)}), ("import", {"path": str(file)})):
        assert house.bob.post(f"/api/loras/{route}", json=body).status_code == 403
    assert house.in_person.post("/api/loras/import", json={"path": "/no/such"}).json()["code"] == "not_readable"
    assert house.in_person.post("/api/loras/scan", json={"folder": "relative"}).json()["code"] == "not_readable"


def test_only_loras_in_the_model_folders_can_be_added_by_path(house: House, tmp_path: Path) -> None:
    lora, note = tmp_path / "fine.safetensors", tmp_path / "note.txt"
    lora.write_bytes(lora_bytes(768))
    note.write_text("a secret")
    (tmp_path / "linked.safetensors").symlink_to("/etc/passwd")
    (tmp_path / "whole.safetensors").write_bytes(lora_bytes(768, module="", end="weight"))
    (tmp_path / "cut.safetensors").write_bytes(lora_bytes(768)[:-1])
    kept = house.studio.data.root
    before = {path for path in kept.rglob("*") if path.is_file() and path.parent != kept}
    for path, code in (
        ("/etc/passwd", "outside_model_folders"),
        ("/proc/self/environ", "outside_model_folders"),
        (str(tmp_path / "linked.safetensors"), "outside_model_folders"),
        (f"{tmp_path}/../../../../../../etc/passwd", "outside_model_folders"),
        (str(note), "not_a_lora"),
        (str(kept / "studio.db"), "not_a_lora"),
        (str(tmp_path / "whole.safetensors"), "not_a_lora"),
        (str(tmp_path / "cut.safetensors"), "damaged_weights"),
        (str(tmp_path), "not_readable"),
    ):
        answer = house.in_person.post("/api/loras/import", json={"path": path})
        assert (answer.status_code, answer.json()["code"]) == (422, code), path
    assert note.stat().st_nlink == 1
    assert {path for path in kept.rglob("*") if path.is_file() and path.parent != kept} == before
    for page, body in (
        ("loras/import", {"path": str(lora)}),
        ("loras/scan", {"folder": str(tmp_path)}),
        ("models/add", {"path": str(lora)}),
        ("models/scan", {"folder": str(tmp_path)}),
    ):
        assert house.ann.post(f"/api/{page}", json=body).json()["code"] == "sign_in_needed", page
        outside = dict.fromkeys(body, "/etc")
        assert house.in_person.post(f"/api/{page}", json=outside).json()["code"] == "outside_model_folders", page


@pytest.mark.parametrize("place", ["~nobody-here/x", "/" + "a" * 300, "/a\0b", "relative"])
def test_invalid_paths_are_refused_in_a_sentence(house: House, place: str) -> None:
    for path, field in (
        ("loras/scan", "folder"),
        ("loras/import", "path"),
        ("models/scan", "folder"),
        ("models/add", "path"),
    ):
        answer = house.in_person.post(f"/api/{path}", json={field: place})
        assert (answer.status_code, answer.json()["code"]) == (422, "not_readable"), (path, answer.text)


def test_odd_names_and_pipes_in_a_folder_are_handled(house: House, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.safetensors")).write_bytes(lora_bytes(768))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "model_index.json").write_text("[" * 100_000)
    for page in ("loras", "models"):
        answer = house.in_person.post(f"/api/{page}/scan", json={"folder": str(tmp_path)})
        assert answer.status_code == 200, answer.text
        told = {item["name"]: item.get("obstacle") or item.get("why") for item in answer.json()["items"]}
        assert "unreadable characters" in told["caf?.safetensors"]
        assert page == "models" or "pipe.safetensors" not in told


def test_a_lora_download_is_stopped_half_way_and_resumed(house: House) -> None:
    content = lora_bytes(768, fill=0.5, rank=512)
    house.hub.add("lab/harbour", {"pytorch_lora_weights.safetensors": content, "README.md": b"x"})
    house.hub.fault("pytorch_lora_weights.safetensors", bytes_per_second=200_000)
    job = house.bob.post("/api/loras/get", json={"repo": "lab/harbour"}).json()

    def under_way() -> bool:
        return bool(house.bob.get(f"/api/jobs/{job['id']}").json()["facts"].get("bytes"))

    until(under_way, 30)
    house.bob.post(f"/api/jobs/{job['id']}/cancel")
    assert ended(house.bob, job)["state"] == "cancelled"
    parts = list(cache.folder("lab/harbour").rglob("*.incomplete"))
    assert len(parts) == 1
    had = parts[0].stat().st_size
    assert 0 < had < len(content)

    house.hub.faults.clear()
    sent = house.hub.sent
    done = ended(house.bob, house.bob.post("/api/loras/get", json={"repo": "lab/harbour"}).json())
    assert done["state"] == "done", done
    assert house.hub.sent - sent < len(content), "it went on from where it was"
    asset = house.bob.get(f"/api/assets/{done['assets'][0]}").json()
    assert (asset["kind"], asset["family"], asset["title"]) == ("lora", "sd15", "harbour")
    assert asset["source"].endswith("/lab/harbour")
    assert house.bob.get(f"/api/assets/{asset['id']}/file").content == content


def test_a_lora_downloaded_again_is_the_newest(house: House) -> None:
    file = "boats.safetensors"
    older, newer = lora_bytes(768, fill=0.25), lora_bytes(768, fill=0.75)
    house.hub.add("lab/boats", {file: older})
    ended(house.ann, house.ann.post("/api/loras/get", json={"repo": "lab/boats"}).json())
    house.hub.move("lab/boats", {file: newer})
    done = ended(house.ann, house.ann.post("/api/loras/get", json={"repo": "lab/boats"}).json())
    assert house.ann.get(f"/api/assets/{done['assets'][0]}/file").content == newer


def test_one_of_several_files_must_be_chosen(house: House) -> None:
    files = {"a.safetensors": lora_bytes(768), "sub/b.safetensors": lora_bytes(2048)}
    house.hub.add("lab/two", files, card={"license": "mit"})
    found = house.ann.get("/api/loras/look", params={"repo": "lab/two"}).json()
    assert sorted(one["path"] for one in found["files"]) == ["a.safetensors", "sub/b.safetensors"]
    assert found["license"] == "mit"
    failed = ended(house.ann, house.ann.post("/api/loras/get", json={"repo": "lab/two"}).json())
    assert failed["error"]["code"] == "choose_file"
    job = house.ann.post("/api/loras/get", json={"repo": "lab/two", "file": "sub/b.safetensors"}).json()
    done = ended(house.ann, job)
    assert house.ann.get(f"/api/assets/{done['assets'][0]}").json()["family"] == "sdxl"
    house.hub.add("lab/none", {"model.ckpt": b"\x80\x02"})
    failed = ended(house.ann, house.ann.post("/api/loras/get", json={"repo": "lab/none"}).json())
    assert failed["error"]["code"] == "no_lora"


def get_by_rest(client: TestClient, repo: str) -> Any:
    return client.post("/api/loras/get", json={"repo": repo}).json()


def get_as_job(client: TestClient, repo: str) -> Any:
    return client.post("/api/jobs", json={"task": "fetch_lora", "repo": repo}).json()


def get_by_endpoint(client: TestClient, repo: str) -> Any:
    event = client.post("/gradio_api/call/get_lora", json={"data": [repo, "", None]}).json()["event_id"]
    told = client.get(f"/gradio_api/call/get_lora/{event}").text
    found = json.loads(told.partition("data: ")[2].splitlines()[0])
    return found[0] if isinstance(found, list) else found


@pytest.mark.slow
@pytest.mark.parametrize("get", [get_by_rest, get_as_job, get_by_endpoint])
def test_every_kind_of_pasted_address_works(house: House, get: Callable[[TestClient, str], Any]) -> None:
    for repo, file in (
        ("lab/pasted", ""),
        ("https://huggingface.co/lab/pasted", ""),
        (" hf.co/lab/pasted ", ""),
        ("https://huggingface.co/lab/pasted/tree/main", ""),
        ("https://huggingface.co/lab/pasted/blob/main/sub/a%20b.safetensors?download=true", "sub/a b.safetensors"),
    ):
        asked = get(house.ann, repo)["request"]
        assert (asked["repo"], asked["file"]) == ("lab/pasted", file)
    for repo in ("https://huggingface.co/lab/pasted/tree/dev", "hf.co/lab/pasted/blob/refs%2Fpr%2F1/a.safetensors"):
        assert "branch" in json.dumps(get(house.ann, repo)), repo
        looked = house.ann.get("/api/loras/look", params={"repo": repo})
        assert (looked.status_code, looked.json()["code"]) == (422, "other_revision")
    assert "cannot download from civitai.com" in json.dumps(get(house.ann, "https://civitai.com/models/1"))
    assert all("Invalid value for" in json.dumps(get(house.ann, name)) for name in ("a/..", "../a", "ａ/ｂ"))


def test_guests_cannot_download(house: House) -> None:
    gus = admit(house.studio, house.app, "gus")
    with house.studio.database.session() as session:
        session.execute(update(User).where(User.id == gus.who.user_id).values(role="guest"))
    guest = gus.client
    assert guest.post("/api/loras/get", json={"repo": "lab/two"}).status_code == 403
    assert guest.get("/api/loras/look", params={"repo": "lab/two"}).status_code == 403
    assert guest.get("/api/loras").json()["loras"] == []
