"""A lane in its own child process, which is supervised and restarted when it dies."""

import logging
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from engines import protocol
from engines.host.config import EngineConfig
from engines.memory import host_memory
from errors import Problem

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[2]
_STOP_SECONDS = 1.0
_SHORT_LIFE = 10.0
"""A child that lives no longer than this, in seconds, counts as another crash in a row."""
_LONGEST_PAUSE = 30.0
_LAST_WORDS = 20
"""How many of a dead child's last lines are examined: log lines from warnings up, and all other output."""
_SHORT = 0.05
"""If less than this part of main memory is available, a crash is attributed to low memory."""
_ALLOCATION = re.compile(
    r"bad_alloc|cannot allocate memory|failed to allocate|out of memory|alloc(ation)? failed", re.I
)
_ENOUGH = 3
"""Crashes in a row after which a waiting job fails."""


class ProcessHost:
    """Runs a lane's jobs in ``python -m engines.host.child`` and exchanges protocol messages with it over a socket.

    ``patience`` is how many seconds a canceled job has to end before the child is killed. ``lazy`` starts the child
    with the first job.
    """

    def __init__(
        self, lane: protocol.Lane, config: EngineConfig, stop_seconds: float = 10.0, *, lazy: bool = False
    ) -> None:
        self.lane = lane
        self._config = config
        self._stop_seconds = stop_seconds
        self._on_event: Callable[[protocol.Event], None] = lambda event: None
        self._lock = threading.RLock()
        self._pipe: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._envelope: protocol.Envelope | None = None
        self._given = False
        self._cancelling = False
        self._stopping = threading.Event()
        self._wanted = threading.Event()
        if not lazy:
            self._wanted.set()
        self._crashes = 0
        self._ended_by = 0
        self._oom_kills = 0
        self._last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._thread = threading.Thread(target=self._supervise, name=f"engine-{lane}", daemon=True)

    # -- called by the queue

    def start(self, on_event: Callable[[protocol.Event], None]) -> None:
        """Start the child; ``on_event`` is called on the host's own thread."""
        self._on_event = on_event
        self._thread.start()

    def run(self, envelope: protocol.Envelope) -> None:
        """Submit a job and return immediately. A child that is still starting gets it as soon as it is ready."""
        with self._lock:
            self._envelope, self._cancelling = envelope, False
            self._given = self._send_command(protocol.Run(envelope=envelope))
        self._wanted.set()

    def cancel(self, job: str) -> None:
        """Stop the job at its next step, or kill the child if that takes too long."""
        with self._lock:
            if not self._envelope or self._envelope.job != job or self._cancelling:
                return
            self._cancelling = True
            self._send_command(protocol.Cancel(job=job))
            killer = threading.Timer(self._stop_seconds, self._kill_after_timeout, (self._envelope,))
            killer.daemon = True
            killer.start()

    def request_yield(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""
        self._send_command(protocol.Yield(job=job))

    def free(self) -> None:
        """Unload every model that no job is using."""
        self._send_command(protocol.Free())

    def stop(self) -> None:
        """Send no more events and end the child: ask it to stop, then kill it."""
        with self._lock:
            self._stopping.set()
            self._wanted.set()
            self._send_command(protocol.Stop())
            process = self._process
        if process:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(_STOP_SECONDS / 2)

    @property
    def pid(self) -> int | None:
        """The child's process id, if it is running."""
        with self._lock:
            return self._process.pid if self._process else None

    # -- supervising the child

    def _supervise(self) -> None:
        self._wanted.wait()
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._live(self._spawn())
            except OSError as error:
                log.error("The engine for %s could not be started: %s", self.lane, error)
            if self._stopping.is_set():
                return
            self._crashes = self._crashes + 1 if time.monotonic() - began < _SHORT_LIFE else 1
            self._reap()
            pause = min(_LONGEST_PAUSE, 0.5 * 2 ** (self._crashes - 2)) if self._crashes > 1 else 0.0
            self._stopping.wait(pause)

    def _spawn(self) -> Connection:
        """Start the child and give it the waiting job."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "engines.host.child"),
                    *(self.lane, str(theirs.fileno()), self._config.model_dump_json()),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=_ROOT,
                env=self._config.environment(),
                start_new_session=True,  # Ctrl-C in a terminal reaches only the studio, which stops the child
            )
        pipe = Connection(ours.detach())
        self._last_words.clear()
        self._oom_kills = host_memory.oom_kills()
        reader = threading.Thread(target=self._forward, args=(process,), name=f"log-{self.lane}", daemon=True)
        reader.start()
        with self._lock:
            self._process, self._pipe = process, pipe
            if self._stopping.is_set():
                process.kill()
            elif self._envelope:
                self._given = self._send_command(protocol.Run(envelope=self._envelope))
        return pipe

    def _live(self, pipe: Connection) -> None:
        """Forward the child's events until it dies."""
        confused = False
        try:
            while True:
                self._receive(protocol.EVENT.validate_json(pipe.recv_bytes()))
        except (EOFError, OSError):
            return
        except ValueError:
            log.exception("The engine for %s sent an invalid event", self.lane)
            confused = True
        finally:
            with self._lock:
                process, self._process, self._pipe = self._process, None, None
                pipe.close()
            if process:
                process.kill()
                self._ended_by = 0 if confused else process.wait()
                log.info("The engine for %s ended: %s", self.lane, _cause(process.wait()))

    def _receive(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Result | protocol.Failed | protocol.Cancelled | protocol.Yielded):
            with self._lock:
                if not self._envelope or (event.job, event.attempt) != (self._envelope.job, self._envelope.attempt):
                    return
                self._envelope = None
                self._crashes = 0
            self._last_words.clear()  # output about this job says nothing about the next
        self._send(event)

    def _forward(self, process: "subprocess.Popen[bytes]") -> None:
        """Forward the child's output to the log line by line, with the level the child gave it."""
        assert process.stdout
        output = logging.getLogger(f"engines.host.child.{self.lane}")
        levels = logging.getLevelNamesMapping()
        with process.stdout:
            for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                level = levels.get(text.partition(" ")[0])
                if level is None or level >= logging.WARNING:
                    self._last_words.append(text)
                # Without "%s", so that the rate limit of the log can tell the lines apart.
                output.log(level or logging.INFO, text)

    def _reap(self) -> None:
        """Report the end of the job that died with the child. A job the child never got waits for the next child."""
        with self._lock:
            if not self._envelope or not (self._given or self._cancelling or self._crashes >= _ENOUGH):
                return
            envelope, cancelled = self._envelope, self._cancelling
            self._envelope = None
        if cancelled:
            self._send(protocol.Cancelled(job=envelope.job, attempt=envelope.attempt))
        else:
            killed = host_memory.oom_kills() > self._oom_kills
            no_memory = out_of_memory_death(self._ended_by, "\n".join(self._last_words), killed_by_kernel=killed)
            problem = _NO_MEMORY if no_memory else _DIED
            self._send(protocol.Failed(job=envelope.job, attempt=envelope.attempt, problem=problem))

    def _kill_after_timeout(self, envelope: protocol.Envelope) -> None:
        with self._lock:
            if self._envelope is envelope and self._process:
                log.warning("Job %s did not stop; killing its engine", envelope.job)
                self._process.kill()

    def _send_command(self, command: protocol.Command) -> bool:
        """Send a command; return False if there is no child to receive it."""
        with self._lock:
            if not self._pipe:
                return False
            try:
                self._pipe.send_bytes(command.model_dump_json().encode())
            except OSError:  # the child is gone; its supervisor will notice
                return False
            return True

    def _send(self, event: protocol.Event) -> None:
        if self._stopping.is_set():
            return
        try:
            self._on_event(event)
        except Exception:
            log.exception("An event of the engine for %s could not be handled", self.lane)


_NO_MEMORY = Problem(
    code="out_of_memory",
    what="There was probably not enough memory to finish this.",
    why="The engine stopped, most likely because it ran out of memory. It has been restarted.",
    next="Choose a smaller size, a shorter duration or a smaller model, or close other programs.",
)
_DIED = Problem(
    code="engine_died",
    what="The engine stopped while working on this.",
    why="The computer may have run out of memory.",
    next="The engine has been restarted: try again.",
)


def out_of_memory_death(code: int, last_words: str, *, killed_by_kernel: bool) -> bool:
    """Whether a child that ended with this exit status ran out of memory, as far as can be seen from outside.

    The kernel kills with SIGKILL, as others may, and counts the processes it killed. A native library without memory
    aborts, usually with a message, or reads from address 0; the latter counts if memory is low or limited. A child that
    exits by itself says why in its last line.
    """
    if code == -signal.SIGKILL:
        return killed_by_kernel
    if code > 0:
        return bool(_ALLOCATION.search(last_words.rstrip().rpartition("\n")[2]))
    if code not in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
        return False
    if _ALLOCATION.search(last_words):
        return True
    limited = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
    return limited or host_memory.available() < host_memory.total() * _SHORT


def _cause(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
