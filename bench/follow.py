"""Many browsers poll the queue, as the page does, while a job runs and while the first model loads.

``running_*`` and ``loading_*``: the 99th percentile, in ms, of a light request (``/api/me``) by another client
meanwhile. The followers and that client run in this process, on the same cores as the studio.
"""

import asyncio
import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from bench.overhead import KINDS, TWIN, EngineKind
from bench.report import percentile, report
from engines.twins import install
from tests.support.live import Live, submit

FOLLOWERS = (50, 200)
POLL_SECONDS = 0.5
PROBE_SECONDS = 0.02
RUNNING_SECONDS = 10.0
LONG = {"task": "create_image", "prompt": "a red house", "width": 512, "height": 512, "steps": 150}


def run() -> None:
    """Measure both hosts."""
    for kind in KINDS:
        for followers in FOLLOWERS:
            _measure(kind, followers)


def _measure(kind: EngineKind, followers: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live = Live(folder / "data", folder / "starter", kind)
        request = LONG | {"model": install(TWIN, folder / "twins", live.data / "catalog")}
        live.start()
        live.first_account("bench")
        try:
            with live.script("bench") as client:
                header = client.headers["Authorization"]
                loading, running = asyncio.run(_follow(live, header, request, followers))
        finally:
            live.kill()
    report("follow", f"loading_{followers}_{kind}", percentile(loading, 99) * 1000, "ms", runs=len(loading))
    report("follow", f"running_{followers}_{kind}", percentile(running, 99) * 1000, "ms", "<= 50", len(running))


async def _follow(
    live: Live, header: str, request: dict[str, object], followers: int
) -> tuple[list[float], list[float]]:
    """The durations in seconds of light requests while the first job loads, and while jobs run."""
    following = [asyncio.create_task(_poll(live.port, header, index / followers)) for index in range(followers)]
    await asyncio.sleep(2)
    client = httpx.Client(base_url=live.url, headers={"Authorization": header}, timeout=60)
    await asyncio.to_thread(lambda: [submit(client, request | {"seed": seed}) for seed in range(30)])
    loading = await _probe(live.port, header, until=lambda states: "running" in states)
    end = time.monotonic() + RUNNING_SECONDS
    running = await _probe(live.port, header, until=lambda states: time.monotonic() > end)
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    return loading, running


async def _poll(port: int, header: str, phase: float) -> None:
    """Act like a browser: request the changes since the last cursor, twice per second."""
    await asyncio.sleep(phase * POLL_SECONDS)
    connection, cursor = Connection(port, header), ""
    while True:
        began = time.monotonic()
        cursor = json.loads(await connection.get(f"/api/jobs?since={cursor}" if cursor else "/api/jobs"))["cursor"]
        await asyncio.sleep(max(0.0, began + POLL_SECONDS - time.monotonic()))


async def _probe(port: int, header: str, until: Callable[[set[str]], bool]) -> list[float]:
    """The durations in seconds of consecutive light requests, until the states of the jobs satisfy ``until``."""
    connection, queue, times = Connection(port, header), Connection(port, header), []
    looked = 0.0
    while True:
        began = time.perf_counter()
        await connection.get("/api/me")
        times.append(time.perf_counter() - began)
        if time.monotonic() > looked + POLL_SECONDS:
            looked = time.monotonic()
            jobs = json.loads(await queue.get("/api/jobs"))["jobs"]
            if until({job["state"] for job in jobs}):
                return times
        await asyncio.sleep(PROBE_SECONDS)


class Connection:
    """One keep-alive HTTP connection without a client library, so that the followers need little CPU time."""

    def __init__(self, port: int, header: str) -> None:
        self._port = port
        self._header = header
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> bytes:
        """The body of a response. Raises RuntimeError for any status but 200."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {self._header}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        if not head.startswith(b"http/1.1 200") or not length:
            raise RuntimeError(head.decode())
        return await reader.readexactly(int(length[1]))
