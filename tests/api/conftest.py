"""The API behind the real gate, queue and library; only the models are played, by a host that draws a plain picture."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from starlette.types import ASGIApp

from api import errors, rest
from auth.accounts import Accounts
from auth.mount import protect
from auth.principal import Principal
from data import DataFolder
from db import open_database
from engines import wire
from engines.catalog import Catalog
from engines.language.shelf import Language
from engines.media.picture import preview_jpeg, save_picture
from engines.media.sound import save_sound
from jobs.recipes.service import Recipes
from jobs.service import Jobs
from library.conversations.service import Conversations
from library.service import Library
from settings import Settings
from studio import Studio

MODEL = """
id: plain
name: Plain
use: Draws one colour.
tasks: [create_image, change_image, edit_image, fill_image, extend_image, upscale_image, cut_out, stylize_image,
  create_clip, animate_image, upscale_clip, interpolate_clip, speak, check_speech, write]
runtime: onnx
pipeline: "plain:Plain"
parts: {}
licence: {name: none, commercial: true}
verified: twin
choices:
  style: [{value: style-03, label: Ink, help: As drawn with a pen.}, {value: style-04, label: Oil}]
  voice: [{value: clara, label: Clara}]
"""


class Painter:
    """A host that makes a 16 px picture of the seed's colour for any request, silence for speech; `go_on` holds it."""

    def __init__(self, lane: wire.Lane) -> None:
        self.lane = lane
        self.go_on = threading.Event()
        self.go_on.set()
        self._cancelled: set[str] = set()
        self._send: Callable[[wire.Event], None] = lambda event: None

    def start(self, on_event: Callable[[wire.Event], None]) -> None:
        self._send = on_event
        on_event(wire.DeviceState(lane=self.lane, name="Easel", total_bytes=100, used_bytes=40))

    def run(self, envelope: wire.Envelope) -> None:
        threading.Thread(target=self._paint, args=(envelope,), daemon=True).start()

    def cancel(self, job: str) -> None:
        self._cancelled.add(job)

    def make_way(self, job: str) -> None:
        """It never does."""

    def free(self) -> None:
        """It holds nothing."""

    def stop(self) -> None:
        self.go_on.set()

    def _paint(self, envelope: wire.Envelope) -> None:
        of_job: dict[str, Any] = {"job": envelope.job, "attempt": envelope.attempt}
        picture = Image.new("RGB", (16, 16), ((envelope.request.get("seed") or 0) % 256, 90, 20))
        self._send(wire.Progress(**of_job, step=1, total=2))
        self._send(wire.Preview(**of_job, jpeg=preview_jpeg(picture)))
        while not self.go_on.wait(0.02):
            if envelope.job in self._cancelled:
                self._send(wire.Cancelled(**of_job))
                return
        record = {
            "studio": "0.1.0",
            "request": envelope.request,
            "model": {"id": "plain", "parts": {}},
            "seed": envelope.request.get("seed"),
            "parents": list(envelope.inputs),
        }
        folder = Path(envelope.out_dir)
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"{envelope.job}-{envelope.attempt}-0"
        if envelope.request["task"] == "speak":
            file = save_sound(np.zeros(2400, np.float32), 24_000, name.with_suffix(".wav"), record)
        else:
            file = save_picture(picture, name.with_suffix(".png"), record)
        self._send(wire.Measured(**of_job, load_seconds=0, run_seconds=0.01, working_bytes=1, device="Easel"))
        self._send(wire.Result(**of_job, files=(file,)))


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a token for scripts."""

    who: Principal
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class House:
    """A studio, its app, and the painter who works in it."""

    studio: Studio
    app: ASGIApp
    painter: Painter

    def person(self, name: str) -> Person:
        """A new account; the first is the owner's."""
        accounts = self.studio.accounts
        link = accounts.first_run_link() or accounts.add(name)
        user = accounts.use_link(link.rpartition("/")[2], name, "correct horse battery")
        who = accounts.principal_of_session(accounts.sign_in(user.id, "test"))
        assert who is not None
        return Person(who, accounts.new_token(who, "script"))

    def client(self, person: Person | None = None) -> TestClient:
        """A script's connection."""
        return TestClient(self.app, headers=person.headers if person else {}, raise_server_exceptions=False)


def build(folder: Path, *, gradio: bool, **settings: Any) -> House:
    """A house on a data folder; ``gradio`` adds the page's endpoints."""
    data = DataFolder(folder)
    data.create()
    (data.catalog / "plain.yaml").write_text(MODEL)
    database = open_database(data.database)
    known = Settings(data=folder, **settings)
    library, catalog = Library(database, data), Catalog(starter=data.starter, own=data.catalog)
    painter = Painter("cpu")
    jobs = Jobs(database, data, library, catalog, [painter], keep_free_bytes=0)
    studio = Studio(
        known,
        data,
        database,
        Accounts(database, known),
        catalog,
        library,
        Conversations(database),
        jobs,
        Language(catalog),
        Recipes(database, library, catalog, jobs),
    )
    app = FastAPI()
    errors.install(app)
    app.include_router(rest.router(studio))
    if gradio:
        _mount_gradio(app, studio)
    return House(studio, protect(app, studio.accounts, data, known), painter)


def _mount_gradio(app: FastAPI, studio: Studio) -> None:
    import gradio as gr

    from api import endpoints
    from api.arguments import tell_too_few
    from api.fair_queue import share_queue

    with gr.Blocks() as blocks:
        endpoints.install(studio)
    blocks.queue(api_open=False, default_concurrency_limit=None)
    share_queue(blocks)
    tell_too_few(blocks)
    gr.mount_gradio_app(app, blocks, path="/", auth_dependency=lambda request: request.state.principal.name)
    blocks.has_launched = True


@pytest.fixture
def house(data_folder: Path) -> Iterator[House]:
    """A studio with its REST routes."""
    built = build(data_folder, gradio=False, max_upload_mb=2, keep_free_mb=0)
    built.studio.jobs.start()
    yield built
    built.studio.jobs.stop()
    built.studio.database.close()


@pytest.fixture
def ann(house: House) -> Person:
    """The studio's owner."""
    return house.person("Ann")


@pytest.fixture
def bob(house: House, ann: Person) -> Person:
    """A member."""
    return house.person("Bob")


@pytest.fixture
def as_ann(house: House, ann: Person) -> TestClient:
    """Ann's script."""
    return house.client(ann)


@pytest.fixture
def as_bob(house: House, bob: Person) -> TestClient:
    """Bob's script."""
    return house.client(bob)


@dataclass(frozen=True)
class Live:
    """A house that serves on a port, with two people in it."""

    house: House
    url: str
    ann: Person
    bob: Person


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The whole API on a real port, gradio_client's endpoints too."""
    folder = tmp_path_factory.mktemp("live") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder / "uploads"))
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        house = build(folder, gradio=True, max_upload_mb=2, keep_free_mb=0)
        house.studio.jobs.start()
        house.studio.recipes.start()
        sock = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(house.app, log_level="error", proxy_headers=False, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield Live(house, f"http://127.0.0.1:{sock.getsockname()[1]}", house.person("Ann"), house.person("Bob"))
        server.should_exit = True
        thread.join(10)
        house.studio.recipes.stop()
        house.studio.jobs.stop()
        house.studio.database.close()


def ended(client: TestClient, job_id: str) -> dict[str, Any]:
    """A job when it has ended."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"job {job_id} did not end: {job}")


def png(width: int = 8, height: int = 8) -> bytes:
    """A picture's bytes."""
    import io

    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()
