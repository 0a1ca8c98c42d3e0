"""Stalled bodies end the request; uploads to Gradio leave the reserved disk space."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.http.body_timeout import BodyTimeout
from data import DataFolder
from tests.auth.gated_app import House, client


def app() -> FastAPI:
    built = FastAPI()

    @built.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    return built


@contextmanager
def served(inner: ASGIApp) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(inner, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def everything(line: socket.socket) -> bytes:
    """Return what is sent until the server closes the connection."""
    said = b""
    while more := line.recv(4096):
        said += more
    return said


def test_a_stalled_body_ends_the_request_and_the_connection() -> None:
    with served(BodyTimeout(app(), seconds=0.3)) as port, socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        said = everything(line)
    assert said.startswith(b"HTTP/1.1 408")
    assert b"too_slow" in said


def test_a_slow_body_is_waited_for() -> None:
    with served(BodyTimeout(app(), seconds=20)) as port, socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n")
        for letter in (b"s", b"l", b"o", b"w"):
            time.sleep(0.05)
            line.sendall(letter)
        assert everything(line).endswith(b"4")


def test_a_stream_may_be_silent_once_the_body_has_arrived() -> None:
    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        assert not (await receive()).get("more_body")
        waiting = asyncio.create_task(receive())  # until the browser leaves
        await asyncio.sleep(0.3)
        assert not waiting.done()
        waiting.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"still here"})

    with served(BodyTimeout(stream, seconds=0.1)) as port, socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"still here" in everything(line)


def test_uploads_to_gradio_leave_the_reserved_space(gradio_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    script = client(gradio_house, **gradio_house.token("ann"))
    files = {"files": ("note.txt", b"x" * 1000)}
    assert script.post("/gradio_api/upload", files=files).status_code == 200
    keep = gradio_house.settings.keep_free_mb * 2**20
    monkeypatch.setattr(DataFolder, "free_bytes", lambda self: keep + 500)
    before = set(gradio_house.data.uploads.rglob("*"))
    answer = script.post("/gradio_api/upload", files=files)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert set(gradio_house.data.uploads.rglob("*")) == before


def test_an_upload_of_unknown_length_stops_when_the_disk_fills(
    gradio_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = client(gradio_house, **gradio_house.token("ann"))
    script._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
    free = iter([2**40, *[0] * 10_000])
    monkeypatch.setattr(DataFolder, "free_bytes", lambda self: next(free))
    border = b"--b\r\nContent-Disposition: form-data; name=files; filename=big.bin\r\n\r\n"
    pieces = [border, *[bytes(2**20)] * 64, b"\r\n--b--\r\n"]
    answer = script.post(
        "/gradio_api/upload", content=iter(pieces), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code >= 400
    assert not list(gradio_house.data.uploads.rglob("big.bin"))
