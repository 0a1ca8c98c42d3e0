"""A queue on a real database and library, with hosts that do what the test tells them."""

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from auth.principal import Principal
from auth.tables import User
from data import DataFolder
from db import open_database
from engines import wire
from engines.catalog import Catalog
from engines.requests import CreateImage, UpscaleImage
from jobs.service import Jobs
from jobs.tables import Job
from jobs.views import JobView
from library.service import Library
from library.views import AssetView, NewAsset

PATIENCE = 5.0


class FakeHost:
    """A lane whose jobs the test does by hand: ``next`` takes what was handed in, then ``say`` and ``finish``."""

    def __init__(self, lane: wire.Lane) -> None:
        self.lane = lane
        self.obeys = True
        self.cancelled: list[str] = []
        self.freed = 0
        self.stopped = False
        self.under_way: wire.Envelope | None = None
        self.plan: dict[str, Any] | None = None
        self.content = "same"
        self._runs: queue.Queue[wire.Envelope] = queue.Queue()
        self._on_event: Callable[[wire.Event], None] = lambda event: None

    def start(self, on_event: Callable[[wire.Event], None]) -> None:
        self._on_event = on_event

    def run(self, envelope: wire.Envelope) -> None:
        self.under_way = envelope
        self._runs.put(envelope)

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)
        envelope = self.under_way
        if self.obeys and envelope and envelope.job == job:
            self.under_way = None
            self.say(wire.Cancelled(job=job, attempt=envelope.attempt))

    def make_way(self, job: str) -> None: ...

    def free(self) -> None:
        self.freed += 1

    def stop(self) -> None:
        self.stopped = True
        self._on_event = lambda event: None

    # -- what the test does

    def next(self) -> wire.Envelope:
        return self._runs.get(timeout=PATIENCE)

    def idle(self, seconds: float = 0.15) -> bool:
        try:
            self._runs.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def say(self, event: wire.Event) -> None:
        """As from the host's own thread."""
        thread = threading.Thread(target=self._on_event, args=(event,))
        thread.start()
        thread.join()

    def progress(self, envelope: wire.Envelope, step: int, total: int, noun: str = "step") -> None:
        self.say(wire.Progress(job=envelope.job, attempt=envelope.attempt, step=step, total=total, noun=noun))

    def write(self, envelope: wire.Envelope, content: str | None = None) -> wire.Result:
        """Write a result as an engine does."""
        content = content or self.content
        name = f"{envelope.job}-{envelope.attempt}-0.png"
        (Path(envelope.out_dir) / name).write_text(content)
        return wire.Result(
            job=envelope.job,
            attempt=envelope.attempt,
            files=(
                wire.ResultFile(
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
        self, envelope: wire.Envelope, content: str | None = None, *, load: float = 0.0, run: float = 1.0
    ) -> None:
        result = self.write(envelope, content)
        self.under_way = None
        self.say(
            wire.Measured(
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
        """Tell what is in memory."""
        self.say(
            wire.DeviceState(
                lane=self.lane,
                name="toy",
                total_bytes=8 * 10**9,
                used_bytes=2 * 10**9,
                components=tuple(
                    wire.LoadedComponent(key=key, bytes=1, leased=False, idle_seconds=0) for key in components
                ),
            )
        )


class Scene:
    """A studio's queue with two lanes, three people and a picture of each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = DataFolder(root / "data")
        self.data.create()
        (root / "starter").mkdir(exist_ok=True)
        (root / "starter" / "toy.bin").write_bytes(b"toy")
        _write_entries(self.data.catalog)
        self.database = open_database(self.data.database)
        self.people: dict[str, Principal] = {}
        self._opened: list[Jobs] = []
        self.open()

    def open(self) -> None:
        """A new queue over the same folder, as after a crash or a start."""
        self.catalog = Catalog(self.root / "starter", self.data.catalog)
        self.library = Library(self.database, self.data)
        self.cpu, self.device = FakeHost("cpu"), FakeHost("device")
        hosts: list[Any] = [self.cpu, self.device]
        self.jobs = Jobs(self.database, self.data, self.library, self.catalog, hosts, keep_free_bytes=0)
        self._opened.append(self.jobs)

    def crash(self) -> None:
        """End without a word, then open again: what ran talks to nobody, what is stored stays as it is."""
        for host in (self.cpu, self.device):
            host._on_event = lambda event: None
        self._opened.remove(self.jobs)
        self.jobs._queue.claim = lambda lane: None  # type: ignore[method-assign]
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
        """A picture somebody brought in, one megapixel in size by its facts."""
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
        """The job once it is in a state."""
        job_id = job if isinstance(job, str) else job.id
        view: JobView = until(lambda: view if (view := self.jobs.get(who, job_id)).state == state else None, state)
        return view


def until(look: Callable[[], Any], what: str = "it") -> Any:
    """What ``look`` returns once that is something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what} did not come")


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
            "licence": {"name": "MIT", "commercial": True},
            "verified": "starter",
            "load_seconds": 4.0,
            "rate": 20.0,
            "memory": {"float32": 10**9},
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry))
