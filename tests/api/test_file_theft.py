"""Text in pictures and forms cannot make a client fetch, or an endpoint copy, a file."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import JSON, select, update

from api.plain_json import answerable, is_plain
from db import Base
from tests.api.conftest import Live, Person, png

META = {"_type": "gradio.FileData"}


class Thief:
    """A foreign server that records requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        thief = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                thief.asked.append(f"{self.path} {self.headers.get('Authorization')}")
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/steal"


@pytest.fixture(scope="module")
def thief() -> Iterator[Thief]:
    one = Thief()
    yield one
    one.server.shutdown()
    one.server.server_close()


def baits(thief: Thief) -> dict[str, Any]:
    """Objects that Gradio or its client treats as its own."""
    return {
        "fetched": {"path": thief.url, "is_stream": True, "url": thief.url, "meta": META},
        "copied": {"path": str(Path(__file__).parents[2] / "app.py"), "meta": META},
        "breaking": {"path": "a", "meta": "b"},
        "plain": {"path": "/etc/passwd"},
        "updating": {"__type__": "update", "value": {"path": thief.url, "meta": META}},
        "odd": {"__type__": 5},
    }


def connect(live: Live, person: Person, folder: Path) -> Client:
    return Client(live.url, headers=person.headers, verbose=False, download_files=folder, analytics_enabled=False)


def picture(record: dict[str, Any]) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_text("c41", json.dumps(record))
    Image.new("RGB", (8, 6), "teal").save(out, "PNG", pnginfo=info)
    return out.getvalue()


def rest(live: Live, person: Person) -> httpx.Client:
    return httpx.Client(base_url=live.url, headers=person.headers, timeout=30)


@pytest.fixture(scope="module")
def things(live: Live) -> dict[str, str]:
    """Create one of everything Bob can store in a shared project, by kind."""
    with rest(live, live.bob) as bob:
        shared = bob.post("/api/projects", json={"name": "Ferry", "shared": True}).json()["id"]
        asset = bob.post("/api/assets", params={"project_id": shared}, content=png()).json()["id"]
        asked = {"request": {"task": "create_image", "prompt": "a lion"}, "project_id": shared}
        job = bob.post("/api/jobs", json=asked).json()["id"]
        talk = bob.post("/api/conversations", json={"title": "t", "project_id": shared}).json()["id"]
        cast = {"name": "Leo", "look": "old", "project_id": shared, "pictures": [asset]}
        member = bob.post("/api/cast", json=cast).json()["id"]
        steps = [{"name": "s", "request": {"task": "stylize_image", "image": "input:p", "style": "style-04"}}]
        recipe = bob.post("/api/recipes", json={"name": "r", "steps": steps}).json()["id"]
        run = bob.post("/api/recipe-runs", json={"steps": steps, "name": "r"}).json()["id"]
    return {"asset": asset, "job": job, "talk": talk, "member": member, "recipe": recipe, "run": run}


@pytest.fixture(scope="module")
def poisoned(live: Live, thief: Thief, things: dict[str, str]) -> dict[str, str]:
    """The same, with baits added to every JSON object in the database, as an older studio accepted them."""
    with live.house.studio.database.session() as session:
        for table in Base.metadata.sorted_tables:
            for column in (column for column in table.columns if isinstance(column.type, JSON)):
                key = list(table.primary_key.columns)
                for *keys, value in session.execute(select(*key, column)).all():
                    where = [one == known for one, known in zip(key, keys, strict=True)]
                    wide = widened(column.name, value, baits(thief))
                    session.execute(update(table).where(*where).values({column.name: wide}))
    return things


def widened(column: str, value: Any, more: dict[str, Any]) -> Any:
    """Add ``more`` to the objects in a database value; a step's own fields are fixed, those of its request are not."""
    if isinstance(value, list):
        return [widened("spec", one, more) for one in value]
    if column == "spec" and isinstance(value, dict):
        return value | {"request": value["request"] | more}
    if isinstance(value, dict) or column in ("provenance", "lora"):
        return {**(value or {"request": {"task": "x", **more}}), **more}
    return value


def calls(things: dict[str, str]) -> list[tuple[str, tuple[Any, ...]]]:
    """Return each endpoint that reads, with its arguments."""
    return [
        ("/list_assets", ()),
        ("/asset_family", (things["asset"],)),
        ("/change_asset", (things["asset"], {"favorite": True})),
        ("/list_loras", ()),
        ("/job_status", (things["job"],)),
        ("/job_files", (things["job"],)),
        ("/list_cast", ()),
        ("/list_conversations", ()),
        ("/read_conversation", (things["talk"],)),
        ("/list_models", ()),
        ("/list_language_models", ()),
    ]


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_stored_data_cannot_make_a_client_fetch_anything(
    live: Live, thief: Thief, poisoned: dict[str, str], tmp_path: Path, who: str
) -> None:
    client = connect(live, getattr(live, who), tmp_path)
    before = kept_files(live)
    for name, given in [
        *calls(poisoned),
        *([("/list_recipes", ()), ("/recipe_run", (poisoned["run"],))] * (who == "bob")),
    ]:
        answer = client.predict(*given, api_name=name)
        assert "is_stream" not in json.dumps(answer).replace(r"\"is_stream\"", ""), name
    assert thief.asked == []
    assert {path.name for path in kept_files(live) - before} <= {"a lion.png"}  # the files from job_files


def kept_files(live: Live) -> set[Path]:
    return {path for path in live.house.studio.data.uploads.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_every_endpoint_refuses_other_peoples_files(
    live: Live, thief: Thief, things: dict[str, str], tmp_path: Path
) -> None:
    with rest(live, live.bob) as bob:
        endpoints = bob.get("/gradio_api/info").json()["named_endpoints"]
        assert len(endpoints) > 40
        own = bob.post("/gradio_api/upload", files={"files": ("a.txt", b"a")}).json()[0]
        served = f"{live.url}/gradio_api/file={own}"
        for bait in ({"path": thief.url, "meta": META}, {"path": own, "url": thief.url, "meta": META}):
            for name, endpoint in endpoints.items():
                usual = [taken.get("parameter_default") for taken in endpoint["parameters"]]
                for place in range(len(usual)):
                    data = [*usual[:place], {"x": [bait]}, *usual[place + 1 :]]
                    assert bob.post(f"/gradio_api/call{name}", json={"data": data}).status_code == 403, name
        fine = {"path": own, "url": served, "orig_name": "a.txt", "meta": META}
        event = bob.post("/gradio_api/call/upload_asset", json={"data": [fine, None, None]}).json()["event_id"]
        assert "event: complete" in bob.get(f"/gradio_api/call/upload_asset/{event}").text
    client = connect(live, live.bob, tmp_path)
    (tmp_path / "note.txt").write_text("a note")
    mine = handle_file(str(tmp_path / "note.txt"))
    for name, given in (("/submit", ({"task": "write", "x": mine},)), ("/chat", ("hello", None, {"system": mine}))):
        with pytest.raises(AppError, match="contains a file"):
            client.predict(*given, api_name=name)
    assert thief.asked == []


@pytest.mark.slow
def test_an_uploaded_picture_cannot_make_a_client_fetch_anything(live: Live, thief: Thief, tmp_path: Path) -> None:
    client = connect(live, live.ann, tmp_path)
    before = kept_files(live)
    for name, bait in baits(thief).items():
        path = tmp_path / f"{name}.png"
        for hidden in ({"x": bait}, {"model": {"id": bait}}, {"loras": [bait]}, {"parents": [[bait]]}):
            path.write_bytes(picture({"studio": "0.3.0", "request": {"task": "speak", "text": "x"}, **hidden}))
            asset = client.predict(handle_file(str(path)), api_name="/upload_asset")
            assert asset["provenance"] is None
        path.write_bytes(picture({"studio": "0.3.0", "request": {"task": "speak", "text": "x", "more": bait}}))
        assert client.predict(handle_file(str(path)), api_name="/upload_asset")["provenance"] is None
        client.predict(handle_file(str(path)), api_name="/read_picture")
        with rest(live, live.bob) as bob:
            answer = bob.post("/api/assets", content=path.read_bytes())
            assert (answer.status_code, answer.json()["provenance"]) == (201, None)
    assert thief.asked == []
    assert {path.name for path in kept_files(live) - before} <= {f"{name}.png" for name in baits(thief)}


def test_forms_accept_no_file_in_a_field(live: Live, thief: Thief) -> None:
    with rest(live, live.bob) as bob:
        for bait in baits(thief).values():
            for path, body in (
                ("/api/conversations", {"title": "t", "options": {"system": bait}}),
                ("/api/writing/presets", {"name": "p", "options": {"system": bait}}),
                ("/api/presets", {"name": "p", "size": {"shape": bait}}),
                ("/api/jobs", {"studio": "0.3.0", "request": {"task": "speak", "text": "x", "more": bait}}),
                ("/api/recipes", {"name": "r", "steps": [{"request": {"task": "create_image", "prompt": bait}}]}),
            ):
                answer = bob.post(path, json=body)
                assert answer.status_code == 422, (path, bait, answer.text)


def test_responses_contain_no_gradio_objects() -> None:
    inner = {"path": "/etc/passwd", "url": "http://evil.example/"}
    assert json.loads(answerable({"a": [inner]})["a"][0]) == inner
    assert json.loads(answerable({"__type__": "update", "value": 1})) == {"__type__": "update", "value": 1}
    assert answerable({"path": 5, "b": (1, {"url": "x"})}) == {"path": 5, "b": [1, {"url": "x"}]}


@pytest.mark.parametrize("number", [10**400, -(10**400), 2**63, float("nan"), float("inf"), -float("inf"), 1e19])
def test_numbers_that_parsers_cannot_read_are_not_plain(number: float) -> None:
    assert not is_plain({"a": [number]})
