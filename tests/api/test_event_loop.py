"""No request blocks other people's, however large it is."""

import asyncio
import gc
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute

from api.operations import rest
from settings import Settings
from tests.support.people import Person, admit

_MOST_SECONDS = 0.05
_TRIES = 4
"""What blocks the loop does so each time, unlike a busy computer or the first call of a kind."""


class Heartbeat:
    """Records the longest time the app's loop was blocked by this process, not by other programs."""

    def __init__(self, client: Any) -> None:
        self.longest = 0.0
        self._portal = client.portal
        self._stop = threading.Event()

    def __enter__(self) -> "Heartbeat":
        self._task = self._portal.start_task_soon(self._beat)
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._task.result(10)

    async def _beat(self) -> None:
        while not self._stop.is_set():
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(0.005)
            silent = min(time.perf_counter() - before, time.process_time() - worked)
            self.longest = max(self.longest, silent)


@pytest.fixture(scope="module")
def writer(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """The owner of a studio with the starter models and no Ollama."""
    from starlette.testclient import TestClient

    from app import build_app, build_studio, forget_garbage

    folder = tmp_path_factory.mktemp("silence") / "data"
    studio = build_studio(Settings(data=folder, starter=starter, ollama_url="http://127.0.0.1:9", keep_free_mb=10))
    app = build_app(studio)
    with TestClient(app) as running:
        person = admit(studio, app, "ann")
        person.client.portal = running.portal
        forget_garbage()  # as in production
        yield person
    studio.database.close()
    studio.data.unlock()
    gc.unfreeze()
    forget_garbage()  # restore the state from tests/conftest.py


@pytest.fixture(scope="module")
def patience(writer: Person) -> float:
    """Return the longest allowed block, allowing for what this computer does when busy with Python alone."""
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            sum(range(1000))

    with Heartbeat(writer.client) as alone:
        busy = [threading.Thread(target=work) for _ in range(2)]
        for thread in busy:
            thread.start()
        time.sleep(0.5)
        done.set()
        for thread in busy:
            thread.join()
    return max(_MOST_SECONDS, 3 * alone.longest)


def answer_in_silence(writer: Person, patience: float, what: str, ask: Callable[[], Any]) -> Any:
    """Return the response; fail if each of several calls blocked the loop."""
    silences: list[float] = []
    while len(silences) < _TRIES:
        with Heartbeat(writer.client) as heart:
            answer = ask()
        if heart.longest < patience:
            return answer
        silences.append(round(heart.longest, 3))
    raise AssertionError(f"{what} stopped the loop for {silences} s")


def upload(writer: Person, name: str, content: bytes) -> str:
    answer = writer.client.post("/api/assets", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_the_tokens_of_long_texts_are_counted_outside_the_loop(writer: Person, patience: float) -> None:
    lines = b"".join(b"%d\n00:00:01,000 --> 00:00:02,000\nx\n\n" % number for number in range(100_000))
    files = [upload(writer, f"{number}.txt", lines + b"%d" % number) for number in range(4)]
    typed = "1 2 3 4 5 6 7 8 9 0 " * 45_000
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/api/conversations/estimate", {"text": "x", "attachments": files[:1]}),
        ("/api/conversations/estimate", {"text": "x", "attachments": files}),
        ("/api/conversations/estimate", {"text": typed}),
        ("/api/conversations", {"text": "x", "attachments": files}),
        ("/api/estimate", {"task": "write", "messages": [{"role": "user", "text": typed}]}),
        ("/api/jobs", {"task": "write", "messages": [{"role": "user", "text": typed}]}),
    ]
    for path, body in asked:
        began = time.monotonic()
        answer = answer_in_silence(writer, patience, path, partial(writer.client.post, path, json=body))
        problem = answer.json().get("problem") or answer.json()
        assert problem.get("code", "") == "too_long" or answer.status_code == 201, answer.text
        assert time.monotonic() - began < 20


BODIES = {
    "one long text": {"text": "x" * 1_000_000, "name": "x" * 40_000},
    "letters beyond ASCII": {"text": "ä€" * 200_000},
    "many numbers": {"text": [1] * 100_000},
    "many fields": {f"field {number}": 1 for number in range(15_000)},
}


def large_bodies() -> Iterator[tuple[str, str]]:
    """Return the routes that take a body, with their methods."""
    studio: Any = SimpleNamespace(jobs=None, library=None, conversations=None, catalog=None)
    for route in rest.router(studio).routes:
        if isinstance(route, APIRoute):
            path = re.sub(r"{\w+}", "0" * 32, route.path)
            yield from ((method, path) for method in route.methods & {"POST", "PUT", "PATCH"})


@pytest.mark.slow
@pytest.mark.parametrize("kind", BODIES)
def test_no_route_blocks_the_loop_for_a_large_body(writer: Person, patience: float, kind: str) -> None:
    body = json.dumps(BODIES[kind], ensure_ascii=False).encode()
    assert 100_000 < len(body) <= 1024 * 1024
    for method, path in large_bodies():
        ask = partial(writer.client.request, method, path, content=body, headers={"Content-Type": "application/json"})
        answer = answer_in_silence(writer, patience, f"{method} {path}", ask)
        assert answer.status_code < 500, f"{method} {path}: {answer.text[:200]}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", BODIES)
def test_no_endpoint_blocks_the_loop_for_large_arguments(writer: Person, patience: float, kind: str) -> None:
    def call(name: str, data: list[Any]) -> Any:
        called = writer.client.post(f"/gradio_api/call{name}", json={"data": data})
        if called.status_code == 200:
            writer.client.get(f"/gradio_api/call{name}/{called.json()['event_id']}")
        return called

    named = writer.client.get("/gradio_api/info").json()["named_endpoints"]
    for name, endpoint in named.items():
        data = [BODIES[kind]] * max(1, min(2, len(endpoint["parameters"])))  # the limit for an event
        called = answer_in_silence(writer, patience, name, partial(call, name, data))
        assert called.status_code < 500, f"{name}: {called.text[:200]}"
        assert called.status_code != 413, f"{name}: {called.text[:200]}"


def test_no_list_blocks_the_loop_for_a_long_query(writer: Person, patience: float) -> None:
    for path in ("/api/assets", "/api/conversations", "/api/recipes", "/api/models", "/api/presets", "/api/jobs"):
        for name in ("q", "text", "search", "after", "since", "limit"):
            ask = partial(writer.client.get, path, params={name: "ä%_" * 3_000})
            answer = answer_in_silence(writer, patience, f"{path}?{name}", ask)
            assert answer.status_code < 500, f"{path}?{name}: {answer.text[:200]}"
