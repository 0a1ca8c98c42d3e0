"""The real studio: ``python app.py`` in its own process, which tests start, watch, kill and restart."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from engines.torch_setup import ENVIRONMENT
from tests.support.people import PASSWORD
from tests.support.waiting import until

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60.0
FINISHED = {"done", "failed", "cancelled"}


def free_port() -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Live:
    """A studio with its own data folder. ``environment`` adds variables; with ``bare`` the process gets no others."""

    data: Path
    starter: Path
    engine: str = "inprocess"
    source: Path = REPOSITORY
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    bare: bool = False
    log_file: Path | None = None
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Its output since the first start."""
        path = self._log_file
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def _log_file(self) -> Path:
        return self.log_file or self.data.parent / "studio.log"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the process."""
        mine = {
            "C41_DATA": str(self.data),
            "C41_STARTER": str(self.starter),
            "C41_PORT": str(self.port),
            "C41_ENGINE": self.engine,
            "C41_KEEP_FREE_MB": "10",
            "PYTHONUNBUFFERED": "1",
        }
        inherited = {} if self.bare else {k: v for k, v in os.environ.items() if k not in ENVIRONMENT}
        return inherited | mine | self.environment

    # -- the process

    def start(self) -> "Live":
        """Start it, and wait until it serves."""
        self.spawn()
        until(self._serves, START_SECONDS, f"the studio at {self.url}", every=0.05)
        return self

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start it without waiting."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(self.source / "app.py")],
                cwd=self.source,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def kill(self) -> None:
        """Kill it, as in a power cut."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def interrupt(self) -> float:
        """Press Ctrl-C and wait for the end. Returns the seconds it took."""
        assert self.process
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        return time.monotonic() - began

    def restart(self) -> "Live":
        """Ctrl-C, then start again."""
        self.interrupt()
        return self.start()

    def children(self) -> list[int]:
        """The processes of its engines."""
        assert self.process
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def engine_pid(self, lane: str) -> int:
        """The process id of a lane's engine, if engines run in their own processes."""
        [found] = [pid for pid in self.children() if lane in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
        return found

    def _serves(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError(f"the studio ended with {self.process.returncode}:\n{self.log[-4000:]}")
        try:  # first without httpx, which reads all of the system's certificates each time
            socket.create_connection(("127.0.0.1", self.port), 2).close()
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except (OSError, httpx.TransportError):
            return False

    # -- people

    def first_account(self, name: str = "ann") -> httpx.Client:
        """Open the link it printed, and create the owner. Returns a browser signed in as the owner."""
        link = re.findall(r"Create the first account: (\S+)", self.log)[-1]
        return self._choose_password(link, name)

    def add(self, name: str) -> httpx.Client:
        """Add a person with ``python -m auth add`` and open their link. Returns a browser signed in as them."""
        return self._choose_password(self.command("add", name), name)

    def command(self, *arguments: str) -> str:
        """The output of ``python -m auth …``; only the address if it prints a link."""
        done = subprocess.run(
            [sys.executable, "-m", "auth", *arguments],
            cwd=self.source,
            env=self.variables,
            capture_output=True,
            text=True,
            check=True,
        )
        link = re.search(r"http://\S+", done.stdout)
        return link.group() if link else done.stdout.strip()

    def script(self, name: str) -> httpx.Client:
        """A script client for a person, with a bearer token."""
        token = self.command("token", name, "tests")
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def browser(self) -> httpx.Client:
        """A browser that is not signed in."""
        return httpx.Client(base_url=self.url, headers={"Accept": "text/html"}, timeout=60)

    def _choose_password(self, link: str, name: str) -> httpx.Client:
        browser = self.browser()
        answer = browser.post(link, data={"name": name, "password": PASSWORD, "again": PASSWORD})
        assert answer.status_code == 303, answer.text
        return browser


# -- API calls


def upload(client: httpx.Client, path: Path) -> str:
    """Upload a file. Returns the asset's id."""
    with path.open("rb") as file:
        answer = client.post("/api/assets", files={"file": (path.name, file)})
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def submit(client: httpx.Client, request: dict[str, Any], **more: Any) -> str:
    """Submit a job. Returns its id."""
    answer = client.post("/api/jobs", json={"request": request, **more})
    assert answer.status_code in (200, 201, 202), answer.text
    return str(answer.json()["id"])


def job(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The current state of a job."""
    answer = client.get(f"/api/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def finished(client: httpx.Client, job_id: str, seconds: float = 120) -> dict[str, Any]:
    """A job once it is done, failed or canceled."""
    return until(
        lambda: found if (found := job(client, job_id))["state"] in FINISHED else None,
        seconds,
        f"the end of job {job_id}",
        every=0.1,
    )
