"""The API behind the real gate, queue and library; only the models are replaced, by a host with plain pictures."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

from api import errors
from api.operations import rest
from auth.accounts.principal import Principal
from auth.accounts.users import Accounts
from auth.http.middleware import protect
from data import DataFolder
from engines import protocol
from engines.catalog import Catalog
from engines.language.models import LanguageService
from engines.media.picture import preview_jpeg, save_picture
from engines.media.sound import save_sound
from jobs.recipes.service import Recipes
from jobs.service import Jobs
from library.conversations.service import Conversations
from library.service import Library
from settings import Settings
from studio import Studio
from tests.support.clients import Client
from tests.support.databases import opened

MODEL = """
id: plain
name: Plain
use: Draws one color.
tasks: [create_image, change_image, edit_image, fill_image, extend_image, upscale_image, cut_out, stylize_image,
  create_clip, animate_image, restyle_clip, edit_clip, fill_clip, extend_clip,
  upscale_clip, interpolate_clip, speak, check_speech, write]
runtime: onnx
pipeline: "plain:Plain"
parts: {}
license: {name: none, commercial: true}
verified: twin
choices:
  style: [{value: style-03, label: Ink, help: As drawn with a pen.}, {value: style-04, label: Oil}]
  voice: [{value: clara, label: Clara}]
"""


class Painter:
    """A host that makes a 16 px picture in the seed's color for any request, silence for speech; `go_on` blocks it."""

    def __init__(self, lane: protocol.Lane) -> None:
        self.lane = lane
        self.go_on = threading.Event()
        self.go_on.set()
        self._cancelled: set[str] = set()
        self._send: Callable[[protocol.Event], None] = lambda event: None

    def start(self, on_event: Callable[[protocol.Event], None]) -> None:
        self._send = on_event
        on_event(protocol.DeviceState(lane=self.lane, name="Easel", total_bytes=100, used_bytes=40))

    def run(self, envelope: protocol.Envelope) -> None:
        threading.Thread(target=self._paint, args=(envelope,), daemon=True).start()

    def cancel(self, job: str) -> None:
        self._cancelled.add(job)

    def request_yield(self, job: str) -> None:
        """Return that it never yields."""

    def free(self) -> None:
        """It holds nothing."""

    def stop(self) -> None:
        self.go_on.set()

    def _paint(self, envelope: protocol.Envelope) -> None:
        of_job: dict[str, Any] = {"job": envelope.job, "attempt": envelope.attempt}
        picture = Image.new("RGB", (16, 16), ((envelope.request.get("seed") or 0) % 256, 90, 20))
        self._send(protocol.Progress(**of_job, step=1, total=2))
        self._send(protocol.Preview(**of_job, jpeg=preview_jpeg(picture)))
        while not self.go_on.wait(0.02):
            if envelope.job in self._cancelled:
                self._send(protocol.Cancelled(**of_job))
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
        self._send(protocol.Measured(**of_job, load_seconds=0, run_seconds=0.01, working_bytes=1, device="Easel"))
        self._send(protocol.Result(**of_job, files=(file,)))


@dataclass(frozen=True)
class Person:
    """Someone with an account and an access token."""

    who: Principal
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True)
class House:
    """A studio, its app, and the host that runs its jobs."""

    studio: Studio
    app: ASGIApp
    painter: Painter

    def person(self, name: str) -> Person:
        """Add an account; the first is the owner's."""
        accounts = self.studio.accounts
        link = accounts.first_run_link() or accounts.add(name)
        user = accounts.use_link(link.rpartition("/")[2], name, "correct horse battery")
        who = accounts.principal_of_session(accounts.sign_in(user.id, "test"))
        assert who is not None
        return Person(who, accounts.new_token(who, "script"))

    def client(self, person: Person | None = None) -> TestClient:
        """Return a client for a script."""
        return Client(self.app, headers=person.headers if person else {}, raise_server_exceptions=False)


def build(folder: Path, *, gradio: bool, **settings: Any) -> House:
    """A house on a data folder; ``gradio`` adds the endpoints."""
    data = DataFolder(folder)
    database = opened(data)
    (data.catalog / "plain.yaml").write_text(MODEL)
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
        LanguageService(catalog),
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

    from api.fair_queue import share_queue
    from api.operations import gradio as endpoints
    from api.operations.script_values import explain_missing_arguments

    with gr.Blocks() as blocks:
        endpoints.install(studio)
    blocks.queue(api_open=False, default_concurrency_limit=None)
    share_queue(blocks)
    explain_missing_arguments(blocks)
    gr.mount_gradio_app(app, blocks, path="/", auth_dependency=lambda request: request.state.principal.name)
    blocks.has_launched = True


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """A studio with its REST routes."""
    built = build(folder, gradio=False, max_upload_mb=2, keep_free_mb=0)
    built.studio.jobs.start()
    yield built
    built.studio.jobs.stop()
    built.studio.database.close()


@pytest.fixture
def house(data_folder: Path) -> Iterator[House]:
    """A studio for one test."""
    with open_house(data_folder) as built:
        yield built


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A studio for the tests of a module that can share it."""
    with open_house(tmp_path_factory.mktemp("shared") / "data 100%") as built:
        yield built


@pytest.fixture(scope="module")
def as_owner(shared_house: House) -> TestClient:
    """A client of the shared studio's owner."""
    return shared_house.client(shared_house.person("Ann"))


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
    """A client of Ann."""
    return house.client(ann)


@pytest.fixture
def as_bob(house: House, bob: Person) -> TestClient:
    """A client of Bob."""
    return house.client(bob)


@dataclass(frozen=True)
class Live:
    """A house that serves on a port, with two people."""

    house: House
    url: str
    ann: Person
    bob: Person


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The whole API on a real port, with the endpoints for gradio_client."""
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
    """Wait for a job to end and return it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"job {job_id} did not end: {job}")


def png(width: int = 8, height: int = 8) -> bytes:
    """Return the bytes of a picture."""
    import io

    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()
