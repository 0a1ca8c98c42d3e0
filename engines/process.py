"""A lane in a child process of its own: started, watched, and started again when it dies."""

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

from engines import wire
from engines.config import EngineConfig
from engines.swapper import memory
from errors import Problem

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 1.0
_SHORT_LIFE = 10.0
"""A child that lives no longer than this, in seconds, counts as one more of a row of crashes."""
_LONGEST_PAUSE = 30.0
_LAST_WORDS = 20
"""How many of its last lines a dead child is judged by: of its log what is at least a warning, of all else each."""
_SHORT = 0.05
"""With less of the machine's memory free than this part of it, a crash is put down to it."""
_ALLOCATION = re.compile(
    r"bad_alloc|cannot allocate memory|failed to allocate|out of memory|alloc(ation)? failed", re.I
)
_ENOUGH = 3
"""Crashes in a row after which a job no longer waits for a child that lives."""


class ProcessHost:
    """Runs a lane's jobs in ``python -m engines.child`` and speaks the wire with it over a socket.

    ``patience`` is how many seconds a cancelled job has to end by itself before the child is killed. ``lazy`` starts
    the child with the first job.
    """

    def __init__(self, lane: wire.Lane, config: EngineConfig, patience: float = 10.0, *, lazy: bool = False) -> None:
        self.lane = lane
        self._config = config
        self._patience = patience
        self._on_event: Callable[[wire.Event], None] = lambda event: None
        self._lock = threading.RLock()
        self._pipe: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._envelope: wire.Envelope | None = None
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

    # -- what the queue asks

    def start(self, on_event: Callable[[wire.Event], None]) -> None:
        """Start the child; ``on_event`` is called on the host's own thread."""
        self._on_event = on_event
        self._thread.start()

    def run(self, envelope: wire.Envelope) -> None:
        """Hand in a job. Returns at once; a child that is just being started gets it as soon as it is there."""
        with self._lock:
            self._envelope, self._cancelling = envelope, False
            self._given = self._tell(wire.Run(envelope=envelope))
        self._wanted.set()

    def cancel(self, job: str) -> None:
        """Stop the job at its next step, or with the whole child when that takes too long."""
        with self._lock:
            if not self._envelope or self._envelope.job != job or self._cancelling:
                return
            self._cancelling = True
            self._tell(wire.Cancel(job=job))
            killer = threading.Timer(self._patience, self._lose_patience, (self._envelope,))
            killer.daemon = True
            killer.start()

    def make_way(self, job: str) -> None:
        """Ask the job to checkpoint and yield."""
        self._tell(wire.Yield(job=job))

    def free(self) -> None:
        """Drop every model that no job holds."""
        self._tell(wire.Free())

    def stop(self) -> None:
        """Send no more events and end the child: gently for a moment, then at once."""
        with self._lock:
            self._stopping.set()
            self._wanted.set()
            self._tell(wire.Stop())
            process = self._process
        if process:
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(_STOP_SECONDS / 2)

    @property
    def pid(self) -> int | None:
        """The child's process, while there is one."""
        with self._lock:
            return self._process.pid if self._process else None

    # -- the child's life

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
            self._bury()
            pause = min(_LONGEST_PAUSE, 0.5 * 2 ** (self._crashes - 2)) if self._crashes > 1 else 0.0
            self._stopping.wait(pause)

    def _spawn(self) -> Connection:
        """Start the child and give it what is waiting."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "engines.child"),
                    *(self.lane, str(theirs.fileno()), self._config.model_dump_json()),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=_ROOT,
                env=self._config.environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the studio; it tells the child itself
            )
        pipe = Connection(ours.detach())
        self._last_words.clear()
        self._oom_kills = memory.oom_kills()
        reader = threading.Thread(target=self._forward, args=(process,), name=f"log-{self.lane}", daemon=True)
        reader.start()
        with self._lock:
            self._process, self._pipe = process, pipe
            if self._stopping.is_set():
                process.kill()
            elif self._envelope:
                self._given = self._tell(wire.Run(envelope=self._envelope))
        return pipe

    def _live(self, pipe: Connection) -> None:
        """Pass on what the child says until it dies."""
        confused = False
        try:
            while True:
                self._receive(wire.EVENT.validate_json(pipe.recv_bytes()))
        except (EOFError, OSError):
            return
        except ValueError:
            log.exception("The engine for %s spoke nonsense", self.lane)
            confused = True
        finally:
            with self._lock:
                process, self._process, self._pipe = self._process, None, None
                pipe.close()
            if process:
                process.kill()
                self._ended_by = 0 if confused else process.wait()
                log.info("The engine for %s ended: %s", self.lane, _cause(process.wait()))

    def _receive(self, event: wire.Event) -> None:
        if isinstance(event, wire.Result | wire.Failed | wire.Cancelled | wire.Yielded):
            with self._lock:
                if not self._envelope or (event.job, event.attempt) != (self._envelope.job, self._envelope.attempt):
                    return
                self._envelope = None
                self._crashes = 0
            self._last_words.clear()  # what it said of this job says nothing of the next
        self._send(event)

    def _forward(self, process: "subprocess.Popen[bytes]") -> None:
        """Pass the child's output on to the log, a line each, as important as the child says it is."""
        assert process.stdout
        output = logging.getLogger(f"engines.child.{self.lane}")
        levels = logging.getLevelNamesMapping()
        with process.stdout:
            for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                level = levels.get(text.partition(" ")[0])
                if level is None or level >= logging.WARNING:
                    self._last_words.append(text)
                # Without "%s", so that the limit of the log sees lines of different kinds.
                output.log(level or logging.INFO, text)

    def _bury(self) -> None:
        """Say how the job ended that the child took with it. One it never got waits for the next child."""
        with self._lock:
            if not self._envelope or not (self._given or self._cancelling or self._crashes >= _ENOUGH):
                return
            envelope, cancelled = self._envelope, self._cancelling
            self._envelope = None
        if cancelled:
            self._send(wire.Cancelled(job=envelope.job, attempt=envelope.attempt))
        else:
            killed = memory.oom_kills() > self._oom_kills
            no_memory = out_of_memory_death(self._ended_by, "\n".join(self._last_words), killed_by_kernel=killed)
            problem = _NO_MEMORY if no_memory else _DIED
            self._send(wire.Failed(job=envelope.job, attempt=envelope.attempt, problem=problem))

    def _lose_patience(self, envelope: wire.Envelope) -> None:
        with self._lock:
            if self._envelope is envelope and self._process:
                log.warning("Job %s did not stop; its engine is ended", envelope.job)
                self._process.kill()

    def _tell(self, command: wire.Command) -> bool:
        """Send a command; False where there is no child to hear it."""
        with self._lock:
            if not self._pipe:
                return False
            try:
                self._pipe.send_bytes(command.model_dump_json().encode())
            except OSError:  # it is gone; its supervisor notices by itself
                return False
            return True

    def _send(self, event: wire.Event) -> None:
        if self._stopping.is_set():
            return
        try:
            self._on_event(event)
        except Exception:
            log.exception("What the engine for %s said was not taken", self.lane)


_NO_MEMORY = Problem(
    code="out_of_memory",
    what="There was probably not enough memory to finish this.",
    why="The engine was ended, most likely because the memory ran out. It has been started again.",
    next="Make it smaller or shorter, choose a smaller model, or close other programs.",
)
_DIED = Problem(
    code="engine_died",
    what="The engine ended while it worked on this.",
    why="Perhaps the machine ran out of memory.",
    next="It has been started again: try once more.",
)


def out_of_memory_death(code: int, last_words: str, *, killed_by_kernel: bool) -> bool:
    """Whether a child that ended with this exit status ran out of memory, as far as can be seen from outside.

    The kernel kills with SIGKILL, as anybody may, and counts what it killed. A native library that gets no memory
    aborts, mostly saying so, or reads from address 0: that counts where memory is short or limited. What leaves by
    itself says why in its very last line.
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
    return limited or memory.available() < memory.total() * _SHORT


def _cause(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
