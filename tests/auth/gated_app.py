"""A small app behind the real gate: two of our own pages and a real Gradio app at the root."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from auth.accounts.principal import Principal
from auth.accounts.users import Accounts
from auth.http.gate import principal
from auth.http.middleware import protect
from auth.pages.sign_in import router
from data import DataFolder
from db import Database
from settings import Settings
from tests.support.clients import Client
from tests.support.databases import opened

HTML = {"Accept": "text/html,application/xhtml+xml"}
PASSWORD = "a quiet red house"


@dataclass
class House:
    """An app with two people."""

    data: DataFolder
    database: Database
    settings: Settings
    accounts: Accounts
    inside: FastAPI
    app: ASGIApp

    def token(self, name: str) -> dict[str, str]:
        """Return the header for a script of this person."""
        found = next(person for person in self.accounts.people() if person.name == name)
        who = Principal(user_id=found.id, name=found.name, role=found.role)
        return {"Authorization": f"Bearer {self.accounts.new_token(who, 'test')}"}


def build(folder: Path, gradio: bool = False, **settings: object) -> House:
    """A house on a data folder, new or used."""
    data = DataFolder(folder)
    database = opened(data)
    chosen = Settings(data=folder, **settings)  # type: ignore[arg-type]
    accounts = Accounts(database, chosen)
    inside = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inside.include_router(router(accounts, chosen, data))
    _own_pages(inside)
    if gradio:
        mount_gradio(inside)
    return House(data, database, chosen, accounts, inside, protect(inside, accounts, data, chosen))


def people(house: House) -> None:
    """Add ann (owner) and bob (member)."""
    link = house.accounts.first_run_link()
    assert link
    house.accounts.use_link(link.rpartition("/")[2], "ann", PASSWORD)
    house.accounts.use_link(house.accounts.add("bob").rpartition("/")[2], None, PASSWORD)


def account_actions(house: House) -> list[str]:
    """Return the paths of the account page's buttons."""
    found = router(house.accounts, house.settings, house.data).routes
    return [one.path for one in found if isinstance(one, APIRoute) and one.path.startswith("/account/")]


def _own_pages(app: FastAPI) -> None:
    @app.get("/api/me")
    def me(request: Request) -> dict[str, str | None]:
        who = principal(request)
        return {"name": who.name, "role": who.role, "via": who.via, "client": request.client and request.client.host}

    @app.post("/api/act")
    def act(request: Request) -> dict[str, str]:
        return {"url": str(request.url)}

    @app.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/metrics")
    def metrics() -> PlainTextResponse:
        return PlainTextResponse("c41_up 1")


def mount_gradio(app: FastAPI) -> None:
    """Mount a real Gradio app at "/" as the studio does; the caller sets ``GRADIO_TEMP_DIR``."""
    import gradio as gr

    def read(text: str, file: str | None, request: gr.Request) -> str:
        """Return the caller's name and their file's content."""
        return f"{request.username}|{text}|{Path(file).read_text() if file else ''}"

    with gr.Blocks(title="House") as demo:
        text, file, out = gr.Textbox(label="Text"), gr.File(label="File"), gr.Textbox(label="Answer")
        gr.Image(label="Picture")
        gr.Button("Read").click(read, [text, file], out, api_name="read")
    demo.queue(api_open=False, default_concurrency_limit=None)
    gr.mount_gradio_app(
        app,
        demo,
        path="/",
        auth_dependency=lambda request: principal(request).name,
        ssr_mode=False,
        show_error=True,
        enable_monitoring=False,
        run_history=False,
        app_kwargs={"openapi_url": None},
    )
    demo.has_launched = True


def client(house: House, **headers: str) -> TestClient:
    """Return a client for a script or browser on this computer."""
    return Client(house.app, follow_redirects=False, headers=headers, client=("127.0.0.1", 50_000))


def signed_in(house: House, name: str, **headers: str) -> TestClient:
    """Return a browser signed in as this person."""
    browser = client(house, **headers)
    answer = browser.post("/login", data={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


@contextmanager
def served(house: House) -> Iterator[str]:
    """Serve the house on a real port; yields its address."""
    config = uvicorn.Config(house.app, port=0, log_level="error", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
