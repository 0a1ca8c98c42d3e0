"""A queue with a real database and library, and hosts controlled by the test."""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from auth.accounts.principal import Principal
from auth.accounts.tables import User
from data import DataFolder
from engines import protocol
from engines.catalog import Catalog
from engines.requests import CreateImage, UpscaleImage
from jobs.queue.tables import Job
from jobs.service import Jobs
from jobs.views import JobView
from library.service import Library
from library.views import AssetView, NewAsset
from tests.support.databases import opened

PATIENCE = 5.0


class FakeHost:
    """A lane whose jobs the test runs by hand: ``next`` takes the next envelope, then ``say`` and ``finish``."""

    def __init__(self, lane: protocol.Lane) -> None:
        self.lane = lane
        self.obeys = True
        self.cancelled: list[str] = []
        self.freed = 0
        self.stopped = False
        self.under_way: protocol.Envelope | None = None
        self.plan: dict[str, Any] | None = None
        self.content = "same"
        self._runs: queue.Queue[protocol.Envelope] = queue.Queue()
        self._on_event: Callable[[protocol.Event], None] = lambda event: None

    def start(self, on_event: Callable[[protocol.Event], None]) -> None:
        self._on_event = on_event

    def run(self, envelope: protocol.Envelope) -> None:
        self.under_way = envelope
        self._runs.put(envelope)

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)
        envelope = self.under_way
        if self.obeys and envelope and envelope.job == job:
            self.under_way = None
            self.say(protocol.Cancelled(job=job, attempt=envelope.attempt))

    def request_yield(self, job: str) -> None: ...

    def free(self) -> None:
        self.freed += 1

    def stop(self) -> None:
        self.stopped = True
        self._on_event = lambda event: None

    # -- for the test

    def next(self) -> protocol.Envelope:
        return self._runs.get(timeout=PATIENCE)

    def idle(self, seconds: float = 0.15) -> bool:
        try:
            self._runs.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def say(self, event: protocol.Event) -> None:
        """Send an event, as from the host's own thread."""
        thread = threading.Thread(target=self._on_event, args=(event,))
        thread.start()
        thread.join()

    def progress(self, envelope: protocol.Envelope, step: int, total: int, noun: str = "step") -> None:
        self.say(protocol.Progress(job=envelope.job, attempt=envelope.attempt, step=step, total=total, noun=noun))

    def write(self, envelope: protocol.Envelope, content: str | None = None) -> protocol.Result:
        """Write a result, as an engine does."""
        content = content or self.content
        name = f"{envelope.job}-{envelope.attempt}-0.png"
        (Path(envelope.out_dir) / name).write_text(content)
        return protocol.Result(
            job=envelope.job,
            attempt=envelope.attempt,
            files=(
                protocol.ResultFile(
                    file=name,
                    kind="image",
                    mime="image/png",
                    width=8,
                    height=8,
                    content_sha256=f"{hash(content) & 0xFFFFFFFF:064x}",
                    provenance={
                        "studio": "test",
                        "request": envelope.request,
                        "model": {"id": envelope.request["model"], "parts": {}},
                        "seed": envelope.request.get("seed"),
                        **({"plan": self.plan} if self.plan else {}),
                    },
                ),
            ),
        )

    def finish(
        self, envelope: protocol.Envelope, content: str | None = None, *, load: float = 0.0, run: float = 1.0
    ) -> None:
        result = self.write(envelope, content)
        self.under_way = None
        self.say(
            protocol.Measured(
                job=envelope.job,
                attempt=envelope.attempt,
                load_seconds=load,
                run_seconds=run,
                working_bytes=1000,
                device="toy",
            )
        )
        self.say(result)

    def device(self, *components: str) -> None:
        """Report the components in memory."""
        self.say(
            protocol.DeviceState(
                lane=self.lane,
                name="toy",
                total_bytes=8 * 10**9,
                used_bytes=2 * 10**9,
                components=tuple(
                    protocol.LoadedComponent(key=key, bytes=1, leased=False, idle_seconds=0) for key in components
                ),
            )
        )


class Scene:
    """A studio's queue with two lanes, three people and a picture of each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = DataFolder(root / "data")
        self.database = opened(self.data)
        (root / "starter").mkdir(exist_ok=True)
        (root / "starter" / "toy.bin").write_bytes(b"toy")
        _write_entries(self.data.catalog)
        self.people: dict[str, Principal] = {}
        self._opened: list[Jobs] = []
        self.open()

    def open(self) -> None:
        """Create a new queue over the same folder, as at start or after a crash."""
        self.catalog = Catalog(self.root / "starter", self.data.catalog)
        self.library = Library(self.database, self.data)
        self.cpu, self.device = FakeHost("cpu"), FakeHost("device")
        hosts: list[Any] = [self.cpu, self.device]
        self.jobs = Jobs(self.database, self.data, self.library, self.catalog, hosts, keep_free_bytes=0)
        self._opened.append(self.jobs)

    def crash(self) -> None:
        """Stop without cleanup, then open again: running jobs are cut off, and stored data stays unchanged."""
        for host in (self.cpu, self.device):
            host._on_event = lambda event: None
        self._opened.remove(self.jobs)
        self.jobs._queue.claim = lambda lane: None  # type: ignore[method-assign]
        for lane in self.jobs._lanes:
            lane._has_room = lambda: True  # its folder will be gone
        self.open()

    def close(self) -> None:
        for jobs in self._opened:
            jobs.stop()
        self.database.close()

    def person(self, name: str, role: str = "member") -> Principal:
        if name not in self.people:
            with self.database.session() as session:
                user = User(name=name, role=role, created_at=time.time())
                session.add(user)
                session.flush()
                self.people[name] = Principal.model_validate({"user_id": user.id, "name": name, "role": role})
        return self.people[name]

    def picture(self, who: Principal) -> AssetView:
        """An uploaded picture, one megapixel according to its facts."""
        folder = self.root / "incoming"
        folder.mkdir(exist_ok=True)
        path = folder / f"{time.monotonic_ns()}.png"
        path.write_bytes(b"picture")
        new = NewAsset(
            file=path.name,
            kind="image",
            title="Beach",
            mime="image/png",
            width=1000,
            height=1000,
            content_sha256="0" * 64,
        )
        return self.library.take_upload(who, path, new=new)

    def upscale(self, who: Principal, model: str = "toy-a", **more: Any) -> JobView:
        """A job for the cpu lane."""
        return self.jobs.submit(who, UpscaleImage(image=self.picture(who).id, model=model), **more)

    def draw(self, who: Principal, prompt: str = "a house", model: str = "toy-draw", **more: Any) -> JobView:
        """A job for the device lane."""
        return self.jobs.submit(who, CreateImage(prompt=prompt, model=model), **more)

    def row(self, job_id: str) -> Job:
        with self.database.session() as session:
            row = session.get(Job, job_id)
            assert row is not None
            return row

    def until(self, who: Principal, job: JobView | str, state: str) -> JobView:
        """Wait until the job is in a state. Returns the job."""
        job_id = job if isinstance(job, str) else job.id
        view: JobView = until(lambda: view if (view := self.jobs.get(who, job_id)).state == state else None, state)
        return view


def until(look: Callable[[], Any], what: str = "it") -> Any:
    """Wait until ``look`` returns a true value. Returns that value."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"timed out waiting for {what}")


def _write_entries(folder: Path) -> None:
    for name, tasks, runtime in (
        ("toy-a", ["upscale_image"], "ncnn"),
        ("toy-b", ["upscale_image"], "ncnn"),
        ("toy-draw", ["create_image"], "torch"),
    ):
        entry = {
            "id": name,
            "name": name.title(),
            "use": "For tests.",
            "tasks": tasks,
            "runtime": runtime,
            "pipeline": "none:None",
            "parts": {"weights": {"repo": "starter:", "file": "toy.bin"}},
            "license": {"name": "MIT", "commercial": True},
            "verified": "starter",
            "load_seconds": 4.0,
            "seconds_per_unit": 20.0,
            "memory": {"float32": 10**9},
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry))
