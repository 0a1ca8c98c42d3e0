"""The studio through ``gradio_client``: by name, behind the gate, with files both ways."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError, ValidationError

from tests.api.conftest import Live, Person, png

LION: dict[str, Any] = {"task": "create_image", "prompt": "a lion", "seed": 7}


def connect(live: Live, person: Person, folder: Path) -> Client:
    return Client(live.url, headers=person.headers, verbose=False, download_files=folder, analytics_enabled=False)


@pytest.fixture(scope="module")
def ann(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return connect(live, live.ann, tmp_path_factory.mktemp("ann"))


@pytest.fixture(scope="module")
def bob(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return connect(live, live.bob, tmp_path_factory.mktemp("bob"))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "Löwe 1.png"
    path.write_bytes(png())
    return path


def finish(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    views = list(client.submit(job["id"], api_name="/wait_job"))
    assert views[-1]["state"] == "done"
    return dict(views[-1])


def test_submit_follow_and_download(ann: Client) -> None:
    assert ann.predict(LION, api_name="/estimate")["fits"]
    job = finish(ann, ann.predict(LION, None, "scene 1", api_name="/submit"))
    assert ann.predict(LION, None, "scene 1", api_name="/submit")["id"] == job["id"]
    assert ann.predict(job["id"], api_name="/job_status")["state"] == "done"
    (file,) = ann.predict(job["id"], api_name="/job_files")
    assert Path(file).name == "a lion.png"
    assert Path(file).read_bytes().startswith(b"\x89PNG")
    page = ann.predict(None, None, job["id"], api_name="/list_assets")
    assert [asset["id"] for asset in page["assets"]] == job["assets"]
    record = page["assets"][0]["provenance"]
    assert ann.predict(record, api_name="/submit")["request"] == job["request"]


def test_upload_and_enhance(ann: Client, picture: Path) -> None:
    asset = ann.predict(handle_file(str(picture)), api_name="/upload_asset")
    assert (asset["kind"], asset["title"]) == ("image", "Löwe 1")
    job = ann.predict("upscale", asset["id"], {"scale": 3}, api_name="/enhance")
    assert (job["request"]["task"], job["request"]["scale"]) == ("upscale_image", 3)
    again = ann.predict(handle_file(str(picture)), api_name="/upload_asset")
    assert again["id"] != asset["id"]


def test_speak_and_create_image(ann: Client) -> None:
    spoken = ann.predict("Good evening.", "clara", {"speed": 1.5}, api_name="/speak")
    assert (spoken["request"]["text"], spoken["request"]["speed"]) == ("Good evening.", 1.5)
    drawn = ann.predict("a lion", {"steps": 4}, api_name="/create_image")
    assert (drawn["request"]["prompt"], drawn["request"]["steps"]) == ("a lion", 4)


def test_create_clip_and_animate_image(ann: Client, picture: Path) -> None:
    made = ann.predict("a lion runs", {"seconds": 2}, api_name="/create_clip")
    assert (made["request"]["task"], made["request"]["prompt"], made["request"]["seconds"]) == (
        "create_clip",
        "a lion runs",
        2,
    )
    lion = ann.predict(handle_file(str(picture)), api_name="/upload_asset")["id"]
    moved = ann.predict(lion, "it roars", {"seed": 3}, api_name="/animate_image")["request"]
    assert (moved["task"], moved["image"], moved["prompt"], moved["seed"]) == ("animate_image", lion, "it roars", 3)


def test_change_clip(ann: Client, short_clip: Path) -> None:
    clip = ann.predict(handle_file(str(short_clip)), api_name="/upload_asset")["id"]
    made = ann.predict("restyle", clip, "watercolor", {"strength": 0.3}, api_name="/change_clip")["request"]
    assert (made["task"], made["clip"], made["prompt"], made["strength"]) == ("restyle_clip", clip, "watercolor", 0.3)


def test_a_job_can_be_canceled(live: Live, ann: Client) -> None:
    live.house.painter.go_on.clear()
    try:
        job = ann.predict("a lion", api_name="/create_image")
        ann.predict(job["id"], api_name="/cancel_job")
        assert list(ann.submit(job["id"], api_name="/wait_job"))[-1]["state"] == "cancelled"
    finally:
        live.house.painter.go_on.set()


def test_models_are_listed(ann: Client) -> None:
    assert "plain" in [model["id"] for model in ann.predict(api_name="/list_models")]


def test_errors_are_one_sentence(ann: Client) -> None:
    for call, words in (
        (lambda: ann.predict(LION, "f" * 32, api_name="/submit"), "no such project"),
        (lambda: ann.predict(LION, None, "x" * 201, api_name="/submit"), "client_ref"),
        (lambda: ann.predict(None, api_name="/submit"), "Invalid value for “request”"),
        (lambda: ann.predict({}, api_name="/submit"), "no task"),
        (lambda: ann.predict({**LION, "prompt": "x" * 200_000}, api_name="/submit"), "Invalid value for"),
        (lambda: ann.predict({"task": "create_image", "prompt": ""}, api_name="/submit"), "is empty"),
        (lambda: ann.predict({"task": "x"}, api_name="/estimate"), "no task"),
        (lambda: ann.predict("f" * 32, api_name="/job_status"), "no such job"),
        (lambda: ann.predict("f" * 32, api_name="/job_files"), "no such job"),
        (lambda: ann.submit("f" * 32, api_name="/wait_job").result(), "no such job"),
        (lambda: ann.predict("melt", "f" * 32, api_name="/enhance"), "Invalid value for “operation”"),
        (lambda: ann.predict("upscale", {"id": 1}, api_name="/enhance"), "Invalid value for “asset_id”"),
        (lambda: ann.predict({}, api_name="/job_status"), "Invalid value for “job_id”"),
        (lambda: ann.predict(10**30, api_name="/cancel_job"), "cannot be used as a number"),
        (lambda: ann.submit([], api_name="/wait_job").result(), "Invalid value for “job_id”"),
        (lambda: ann.predict(limit="many", api_name="/list_assets"), "Invalid value for “limit”"),
        (lambda: ann.predict("x", "clara", "fast", api_name="/speak"), "Invalid value for “options”"),
        (lambda: ann.predict("x", "clara", {"speed": 99}, api_name="/speak"), "Invalid value for “speed”"),
        (lambda: ann.predict("x", "clara", {"speed": 10**30}, api_name="/speak"), "cannot be used as a number"),
    ):
        with pytest.raises((AppError, ValidationError), match=words):
            call()


def test_too_few_values_are_counted_and_not_repeated(live: Live, capfd: pytest.CaptureFixture[str]) -> None:
    with httpx.Client(base_url=live.url, headers=live.ann.headers) as script:
        event = script.post("/gradio_api/call/speak", json={"data": ["a secret script"]}).json()["event_id"]
        heard = script.get(f"/gradio_api/call/speak/{event}").text
    assert "/speak takes 4 values, but got 1" in heard
    shown = capfd.readouterr()
    assert "secret" not in heard + shown.out + shown.err


def test_an_operation_must_fit_its_asset(ann: Client, picture: Path) -> None:
    asset = ann.predict(handle_file(str(picture)), api_name="/upload_asset")
    with pytest.raises(AppError, match="upscale, cut_out, stylize"):
        ann.predict("interpolate", asset["id"], api_name="/enhance")


def test_others_have_no_access(live: Live, ann: Client, bob: Client, picture: Path) -> None:
    job = finish(ann, ann.predict(LION, api_name="/submit"))
    for name in ("job_status", "job_files", "cancel_job"):
        with pytest.raises(AppError, match="no such job"):
            bob.predict(job["id"], api_name=f"/{name}")
    with pytest.raises(AppError, match="no such file"):
        bob.predict("upscale", job["assets"][0], api_name="/enhance")
    assert bob.predict(api_name="/list_assets")["assets"] == []
    shown = next(path for path in live.house.studio.data.uploads.rglob("a lion.png"))
    hers = {"path": str(shown), "meta": {"_type": "gradio.FileData"}}
    refused = httpx.post(
        f"{live.url}/gradio_api/call/upload_asset", json={"data": [hers, None]}, headers=live.bob.headers
    )
    assert refused.status_code == 403
    assert httpx.get(f"{live.url}/gradio_api/file={shown}", headers=live.ann.headers).status_code == 200
    assert httpx.get(f"{live.url}/gradio_api/file={shown}", headers=live.bob.headers).status_code == 404


@pytest.mark.parametrize("file", [None, {}, {"path": 4}, {"path": "relative.png"}, "text"])
def test_a_path_that_is_not_an_upload_is_refused(ann: Client, file: object) -> None:
    with pytest.raises(Exception, match=r"no such|uploaded|403|Invalid value"):
        ann.predict(file, api_name="/upload_asset")
