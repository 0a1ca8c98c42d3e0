"""A lane in a child process of its own: started, watched, and started again when it dies."""

import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from engines import wire
from engines.config import EngineConfig
from errors import Problem

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 1.0
_SHORT_LIFE = 10.0
"""A child that lives no longer than this, in seconds, counts as one more of a row of crashes."""
_LONGEST_PAUSE = 30.0
_ENOUGH = 3
"""Crashes in a row after which a job no longer waits for a child that lives."""


class ProcessHost:
    """Runs a lane's jobs in ``python -m engines.child`` and speaks the wire with it over a socket.

    ``patience`` is how many seconds a cancelled job has to end by itself before the child is killed.
    """

    def __init__(self, lane: wire.Lane, config: EngineConfig, patience: float = 10.0) -> None:
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
        self._crashes = 0
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
        threading.Thread(target=_forward, args=(process, self.lane), name=f"log-{self.lane}", daemon=True).start()
        with self._lock:
            self._process, self._pipe = process, pipe
            if self._stopping.is_set():
                process.kill()
            elif self._envelope:
                self._given = self._tell(wire.Run(envelope=self._envelope))
        return pipe

    def _live(self, pipe: Connection) -> None:
        """Pass on what the child says until it dies."""
        try:
            while True:
                self._receive(wire.EVENT.validate_json(pipe.recv_bytes()))
        except (EOFError, OSError):
            return
        except ValueError:
            log.exception("The engine for %s spoke nonsense", self.lane)
        finally:
            with self._lock:
                process, self._process, self._pipe = self._process, None, None
                pipe.close()
            if process:
                process.kill()
                log.info("The engine for %s ended: %s", self.lane, _cause(process.wait()))

    def _receive(self, event: wire.Event) -> None:
        if isinstance(event, wire.Result | wire.Failed | wire.Cancelled | wire.Yielded):
            with self._lock:
                if not self._envelope or (event.job, event.attempt) != (self._envelope.job, self._envelope.attempt):
                    return
                self._envelope = None
                self._crashes = 0
        self._send(event)

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
            self._send(wire.Failed(job=envelope.job, attempt=envelope.attempt, problem=_DIED))

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


_DIED = Problem(
    code="engine_died",
    what="The engine ended while it worked on this.",
    why="Perhaps the machine ran out of memory.",
    next="It has been started again: try once more.",
)


def _cause(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def _forward(process: subprocess.Popen[bytes], lane: wire.Lane) -> None:
    """Pass the child's output on to the log, a line each, as important as the child says it is."""
    assert process.stdout
    output = logging.getLogger(f"engines.child.{lane}")
    levels = logging.getLevelNamesMapping()
    with process.stdout:
        for line in process.stdout:
            text = line.decode(errors="replace").rstrip()
            output.log(levels.get(text.partition(" ")[0], logging.INFO), "%s", text)
