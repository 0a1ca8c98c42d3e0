"""The real ``python app.py`` from its second start on: time to the sign-in page, memory, and the first job.

``login_s``: from the start of the process until ``/login`` responds. ``login_mb``: the resident memory at that time,
including separate engine processes. ``first_job_s``: the first small picture, with no library or model loaded yet.
"""

import os
import tempfile
import time
from pathlib import Path

import httpx

from bench.overhead import KINDS, TWIN, EngineKind
from bench.report import median, report, seconds
from engines.twins import install
from tests.support.live import Live, finished, submit

RUNS = 5
PICTURE = {"task": "create_image", "prompt": "a red house", "width": 64, "height": 64, "steps": 2}


def run() -> None:
    """Measure both hosts."""
    for kind in KINDS:
        _measure(kind)


def _measure(kind: EngineKind) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live = Live(folder / "data", folder / "starter", kind)
        request = PICTURE | {"model": install(TWIN, folder / "twins", live.data / "catalog")}
        live.start()
        live.first_account("bench")
        live.interrupt()
        login, memory, job = [], [], []
        for _ in range(RUNS):
            login.append(seconds(lambda: _until_login(live)))
            memory.append(_megabytes(live))
            with live.script("bench") as client:
                job.append(seconds(lambda client=client: finished(client, submit(client, request))))  # type: ignore[misc]
            live.interrupt()
    report("start", f"login_s_{kind}", median(login), "s", "<= 5", RUNS)
    report("start", f"login_mb_{kind}", median(memory), "MB", runs=RUNS)
    report("start", f"first_job_s_{kind}", median(job), "s", runs=RUNS)


def _until_login(live: Live) -> None:
    process = live.spawn()
    while process.poll() is None:
        try:
            httpx.get(f"{live.url}/login").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.01)
    raise RuntimeError(live.log[-2000:])


def _megabytes(live: Live) -> float:
    assert live.process
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (live.process.pid, *live.children())]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6
