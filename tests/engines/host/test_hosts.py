"""Both hosts behave the same: every test here runs in a thread and in a child."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from engines import protocol, twins
from engines.host.config import EngineConfig
from engines.host.hosts import Host, make_hosts
from tests.engines.host.host_fixtures import envelope, install_entry

pytestmark = pytest.mark.slow

Kind = Literal["inprocess", "process"]
ENDS = (protocol.Result, protocol.Failed, protocol.Cancelled, protocol.Yielded)


class Listener:
    """Collects a host's events."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.events: queue.SimpleQueue[protocol.Event] = queue.SimpleQueue()
        self.threads: set[str] = set()

    def hear(self, event: protocol.Event) -> None:
        self.threads.add(threading.current_thread().name)
        self.events.put(event)

    def until(self, wanted: Callable[[protocol.Event], bool], seconds: float = 120) -> list[protocol.Event]:
        """Return the events up to one."""
        heard = []
        deadline = time.monotonic() + seconds
        while not heard or not wanted(heard[-1]):
            heard.append(self.events.get(timeout=max(0.01, deadline - time.monotonic())))
        return heard

    def end(self) -> protocol.Event:
        return self.until(lambda event: isinstance(event, ENDS))[-1]


@pytest.fixture(scope="module")
def config(twin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> EngineConfig:
    folder = tmp_path_factory.mktemp("hosts")
    install_entry(folder / "own")
    twins.install("stable-diffusion-1.5", twin_folder, folder / "own")
    return EngineConfig(starter=folder / "starter", catalog=folder / "own", threads=1)


@pytest.fixture(scope="module", params=["inprocess", "process"])
def running(request: pytest.FixtureRequest, config: EngineConfig) -> Iterator[Listener]:
    host = make_hosts(request.param, config)[0]
    listener = Listener(host)
    host.start(listener.hear)
    yield listener
    host.stop()


@pytest.fixture
def listener(running: Listener) -> Listener:
    while not running.events.empty():
        running.events.get()
    return running


def picture(folder: Path, job: str = "job", **request: object) -> protocol.Envelope:
    asked = {"model": "stable-diffusion-1.5.twin", "width": 64, "height": 64, "steps": 4, **request}
    return envelope(folder, job, **asked)


def test_a_job_runs(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path))
    heard = listener.until(lambda event: isinstance(event, ENDS))
    assert isinstance(heard[-2], protocol.Measured)
    result = heard[-1]
    assert isinstance(result, protocol.Result)
    assert (tmp_path / "out" / result.files[0].file).is_file()
    assert len(listener.threads) == 1
    state = listener.until(lambda event: isinstance(event, protocol.DeviceState))[-1]
    assert isinstance(state, protocol.DeviceState)
    assert len(state.components) == 3
    assert not any(component.leased for component in state.components)


def test_free_unloads_the_models(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path))
    listener.end()
    listener.host.free()
    listener.until(lambda event: isinstance(event, protocol.DeviceState) and not event.components, 10)


def test_a_cancelled_job_stops_and_the_next_one_runs(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path, steps=150, width=512, height=512))
    listener.until(lambda event: isinstance(event, protocol.Progress))
    began = time.monotonic()
    listener.host.cancel("job")
    assert isinstance(listener.end(), protocol.Cancelled)
    assert time.monotonic() - began < 5
    assert list((tmp_path / "out").iterdir()) == []
    listener.host.run(picture(tmp_path, "next"))
    assert isinstance(listener.end(), protocol.Result)


def test_a_job_cancelled_immediately_is_cancelled(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path, steps=150))
    listener.host.cancel("job")
    assert isinstance(listener.end(), protocol.Cancelled)


def test_a_cancel_for_another_job_does_nothing(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path))
    listener.host.cancel("another")
    listener.host.request_yield("job")
    assert isinstance(listener.end(), protocol.Result)


def test_free_while_a_job_runs_keeps_its_models(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path, steps=30))
    listener.until(lambda event: isinstance(event, protocol.Progress))
    listener.host.free()
    assert isinstance(listener.end(), protocol.Result)


def test_a_failing_listener_does_not_stop_the_lane(listener: Listener, tmp_path: Path) -> None:
    hear, stumbled = listener.hear, threading.Event()

    def stumble(event: protocol.Event) -> None:
        if isinstance(event, protocol.Result) and not stumbled.is_set():
            stumbled.set()
            raise RuntimeError("the queue stumbled")
        hear(event)

    listener.host._on_event = stumble  # type: ignore[attr-defined]
    listener.host.run(picture(tmp_path))
    assert stumbled.wait(60)
    listener.host.run(picture(tmp_path, "next"))
    assert isinstance(listener.end(), protocol.Result)
    listener.host._on_event = hear  # type: ignore[attr-defined]


def test_a_problem_arrives_unchanged(listener: Listener, tmp_path: Path) -> None:
    listener.host.run(picture(tmp_path, model="nobody"))
    failed = listener.end()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "unknown_model"


def test_both_hosts_generate_the_same_picture(config: EngineConfig, tmp_path: Path) -> None:
    hashes = set()
    for kind in ("inprocess", "process"):
        host = make_hosts(kind, config)[0]
        listener = Listener(host)
        host.start(listener.hear)
        host.run(picture(tmp_path / kind, steps=6, width=128, height=96))
        result = listener.end()
        host.stop()
        assert isinstance(result, protocol.Result)
        hashes.add(result.files[0].content_sha256)
    assert len(hashes) == 1


@pytest.mark.parametrize("kind", ["inprocess", "process"])
def test_stop_is_quick_and_quiet_mid_job(kind: Kind, config: EngineConfig, tmp_path: Path) -> None:
    host = make_hosts(kind, config)[0]
    listener = Listener(host)
    host.start(listener.hear)
    host.run(picture(tmp_path, steps=150, width=512, height=512))
    listener.until(lambda event: isinstance(event, protocol.Progress))
    began = time.monotonic()
    host.stop()
    assert time.monotonic() - began < 2
    while not listener.events.empty():
        assert not isinstance(listener.events.get(), ENDS)


@pytest.mark.parametrize("kind", ["inprocess", "process"])
def test_nothing_heavy_is_imported_before_the_first_job(kind: Kind, config: EngineConfig) -> None:
    script = f"""
import sys, threading
from engines.host.config import EngineConfig
from engines.host.hosts import NATIVE_LANES, make_hosts
hosts = make_hosts({kind!r}, EngineConfig.model_validate_json({config.model_dump_json()!r}))
for host in hosts:
    heard = threading.Event()
    host.start(lambda event: heard.set())
    lazy = {kind!r} == "inprocess" and host.lane in NATIVE_LANES  # these start with their first job
    assert lazy or heard.wait(30)
for host in hosts:
    host.stop()
heavy = {{"torch", "diffusers", "transformers", "onnxruntime", "ncnn", "av", "numpy", "PIL"}}
print(sorted(heavy & set(sys.modules)))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
