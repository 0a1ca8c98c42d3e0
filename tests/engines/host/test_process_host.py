"""What happens when a lane's child dies, hangs or is orphaned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines import protocol
from engines.host.config import EngineConfig
from engines.host.process_host import ProcessHost, out_of_memory_death
from tests.engines.host.host_fixtures import envelope, install_entry

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    install_entry(tmp_path / "own")
    return EngineConfig(starter=tmp_path / "starter", catalog=tmp_path / "own")


class Watched:
    """A started host, its events and its child."""

    def __init__(self, config: EngineConfig) -> None:
        self.events: list[protocol.Event] = []
        self.host = ProcessHost("cpu", config, stop_seconds=0.3)
        self.host.start(self.events.append)

    def child(self) -> int:
        """Return the child's process id, once it sends events."""
        wait_for(lambda: any(isinstance(event, protocol.DeviceState) for event in self.events))
        assert self.host.pid
        return self.host.pid

    def new_child(self, old: int) -> int:
        wait_for(lambda: self.host.pid not in (None, old))
        assert self.host.pid
        return self.host.pid

    def end(self) -> protocol.Event:
        def ends() -> list[protocol.Event]:
            return [e for e in self.events if isinstance(e, protocol.Result | protocol.Failed | protocol.Cancelled)]

        wait_for(lambda: bool(ends()))
        assert len(ends()) == 1
        return ends()[0]


@pytest.fixture
def watched(config: EngineConfig) -> Iterator[Watched]:
    watched = Watched(config)
    yield watched
    watched.host.stop()


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_killed_child_fails_its_job_and_is_restarted(watched: Watched, tmp_path: Path) -> None:
    child = watched.child()
    os.kill(child, signal.SIGSTOP)
    watched.host.run(envelope(tmp_path))
    os.kill(child, signal.SIGKILL)
    failed = watched.end()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "engine_died"
    watched.new_child(child)
    watched.events.clear()
    watched.host.run(envelope(tmp_path, model="nobody"))
    answered = watched.end()
    assert isinstance(answered, protocol.Failed)
    assert answered.problem.code == "unknown_model"


@pytest.mark.parametrize(
    ("code", "words", "killed", "memory"),
    [
        (-signal.SIGKILL, "", True, True),
        (-signal.SIGKILL, "", False, False),
        (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", False, True),
        (1, "RuntimeError: cannot allocate memory", False, True),
        (-signal.SIGTERM, "", True, False),
        (1, "KeyError: 'x'", False, False),
        (1, "Job 1 ran out of memory; trying again with nothing else loaded\nKeyError: 'x'", False, False),
        (-signal.SIGTERM, "WARNING Job 1 ran out of memory; trying again with nothing else loaded", False, False),
        (-signal.SIGKILL, "WARNING Job 1 ran out of memory; trying again with nothing else loaded", False, False),
        (0, "out of memory", False, False),
    ],
)
def test_a_death_for_lack_of_memory_is_recognized(code: int, words: str, killed: bool, memory: bool) -> None:
    assert out_of_memory_death(code, words, killed_by_kernel=killed) is memory


def crash(watched: Watched, child: int, folder: Path) -> str:
    """Give a child a job and let it crash; return the code of the problem."""
    os.kill(child, signal.SIGSTOP)
    watched.host.run(envelope(folder))
    os.kill(child, signal.SIGSEGV)
    os.kill(child, signal.SIGCONT)
    failed = watched.end()
    assert isinstance(failed, protocol.Failed)
    return failed.problem.code


def test_a_crash_is_not_attributed_to_memory_if_there_is_plenty(watched: Watched, tmp_path: Path) -> None:
    child = watched.child()
    assert crash(watched, child, tmp_path) == "engine_died"


def test_a_crash_is_not_explained_by_output_of_the_previous_job(watched: Watched, tmp_path: Path) -> None:
    watched.child()
    watched.host.run(envelope(tmp_path, model="out of memory"))  # the log says that there is no such model
    assert isinstance(watched.end(), protocol.Failed)
    watched.events.clear()
    child = watched.host.pid
    assert child
    assert crash(watched, child, tmp_path) == "engine_died"


def test_a_lazy_host_has_no_child_before_its_first_job(config: EngineConfig, tmp_path: Path) -> None:
    events: list[protocol.Event] = []
    host = ProcessHost("cpu", config, lazy=True)
    host.start(events.append)
    try:
        assert host.pid is None
        host.run(envelope(tmp_path, model="nobody"))
        wait_for(lambda: any(isinstance(event, protocol.Failed) for event in events))
    finally:
        host.stop()


def test_a_child_killed_while_idle_is_restarted_silently(watched: Watched) -> None:
    child = watched.child()
    os.kill(child, signal.SIGKILL)
    watched.new_child(child)
    assert not any(isinstance(event, protocol.Failed) for event in watched.events)


@pytest.mark.slow
def test_a_job_that_does_not_stop_is_killed_and_reported_as_cancelled(watched: Watched, tmp_path: Path) -> None:
    child = watched.child()
    os.kill(child, signal.SIGSTOP)
    watched.host.run(envelope(tmp_path))
    watched.host.cancel("job")
    assert isinstance(watched.end(), protocol.Cancelled)
    wait_for(lambda: not is_alive(child))
    watched.new_child(child)


def test_a_job_submitted_while_the_child_starts_is_not_lost(config: EngineConfig, tmp_path: Path) -> None:
    watched = Watched(config)
    watched.host.run(envelope(tmp_path, model="nobody"))
    failed = watched.end()
    watched.host.stop()
    assert isinstance(failed, protocol.Failed)
    assert failed.problem.code == "unknown_model"


@pytest.mark.slow
def test_a_child_that_keeps_dying_is_restarted_less_and_less_often(watched: Watched) -> None:
    first = watched.child()
    pids = {first}
    for _ in range(3):
        pid = watched.host.pid
        wait_for(lambda: watched.host.pid is not None)
        pid = watched.host.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        watched.new_child(pid)
        pids.add(watched.host.pid or 0)
    pid = watched.host.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: watched.host.pid is None)
    time.sleep(1.0)
    assert watched.host.pid is None


def test_stop_ends_even_a_child_that_hangs(watched: Watched, tmp_path: Path) -> None:
    child = watched.child()
    os.kill(child, signal.SIGSTOP)
    watched.host.run(envelope(tmp_path))
    began = time.monotonic()
    watched.host.stop()
    assert time.monotonic() - began < 2
    wait_for(lambda: not is_alive(child), 2)


@pytest.mark.parametrize("stopped", [False, True])
def test_the_child_does_not_outlive_its_parent(config: EngineConfig, stopped: bool) -> None:
    script = f"""
import threading
from engines.host.config import EngineConfig
from engines.host.process_host import ProcessHost
host = ProcessHost("cpu", EngineConfig.model_validate_json({config.model_dump_json()!r}))
heard = threading.Event()
host.start(lambda event: heard.set())
assert heard.wait(30)
print(host.pid, flush=True)
threading.Event().wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert is_alive(child)
    if stopped:  # as unresponsive as during a step that blocks the interpreter
        os.kill(child, signal.SIGSTOP)
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_alive(child), 2)
    parent.stdout.close()


def test_the_childs_output_goes_to_the_log(config: EngineConfig, caplog: pytest.LogCaptureFixture) -> None:
    (config.catalog / "broken.yaml").write_text("id: [")
    watched = Watched(config)
    watched.child()
    watched.host.stop()
    wait_for(lambda: "broken.yaml" in caplog.text)
    (line,) = [record for record in caplog.records if "broken.yaml" in record.getMessage()]
    assert line.levelname == "WARNING"
    assert line.getMessage().startswith("WARNING engines.")
