"""Does the jobs of one lane, one at a time, in the thread that calls ``run``: the same in the app and in a child."""

import errno
import logging
import shutil
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from engines import wire
from engines.catalog import Catalog
from engines.config import EngineConfig
from engines.context import Context, JobCancelled, JobYielded, Signals
from engines.remembered import Remembered
from engines.requests import from_storage
from engines.starter.integrity import Integrity
from engines.swapper import Swapper
from engines.swapper.device import out_of_memory
from engines.tasks import runner
from errors import Problem, StudioError

log = logging.getLogger(__name__)

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


class Worker:
    """Turns envelopes into events. ``send`` is called from the thread of ``run``, except for the encoder's errors.

    ``accept``, ``cancel``, ``make_way`` and ``free`` may be called from any thread.
    """

    def __init__(
        self,
        lane: wire.Lane,
        config: EngineConfig,
        send: Callable[[wire.Event], None],
        swapper: Swapper,
        catalog: Catalog,
    ) -> None:
        self._lane = lane
        self._config = config
        self._send = send
        self._swapper = swapper
        self._catalog = catalog
        self._lock = threading.Lock()
        self._job = ""
        self._signals = Signals()
        self._remembered = Remembered()
        self._integrity = Integrity(config.starter)

    def accept(self, envelope: wire.Envelope) -> None:
        """Know of a job before ``run`` gets to it, so that it can be cancelled from now on."""
        with self._lock:
            self._job, self._signals = envelope.job, Signals()

    def run(self, envelope: wire.Envelope) -> None:
        """Do a job. Its last event is exactly one of Result, Failed, Cancelled, Yielded; the device's state follows."""
        if self._job != envelope.job:
            self.accept(envelope)
        ended = self._work(envelope, self._signals)
        if not isinstance(ended, wire.Result | wire.Yielded):
            _clear(envelope)
        with self._lock:
            self._job = ""
        self._send(ended)
        self.tell()

    def cancel(self, job: str) -> None:
        """Stop the job if it is the one in hand."""
        with self._lock:
            if job == self._job:
                self._signals.cancelled.set()

    def make_way(self, job: str) -> None:
        """Ask the job to checkpoint and yield if it is the one in hand."""
        with self._lock:
            if job == self._job:
                self._signals.make_way.set()

    def free(self) -> None:
        """Drop every model that no job holds, and what was remembered."""
        self._remembered.forget()
        self._swapper.free()

    def rest(self) -> None:
        """Nothing to do for now: let go of models nobody has used for long."""
        if self._swapper.sweep():
            self.tell()

    def tell(self) -> None:
        """Send what the device holds."""
        self._send(self._swapper.state(self._lane))

    def _work(self, envelope: wire.Envelope, signals: Signals) -> wire.Ended:
        """Try a job; where memory ran out, once more with everything else dropped."""
        ended = self._try(envelope, signals)
        if ended is None:
            # Only here, outside the except block, does nothing refer to what the first try held.
            log.warning("Job %s ran out of memory; trying once more with nothing else loaded", envelope.job)
            self._swapper.free()
            _clear(envelope)
            self._send(wire.TextVoid(job=envelope.job, attempt=envelope.attempt))
            ended = self._try(envelope, signals)
        return ended or _failed(envelope, _no_memory())

    def _try(self, envelope: wire.Envelope, signals: Signals) -> wire.Ended | None:
        """One try at a job; None where memory ran out."""
        context: Context | None = None
        of_job = {"job": envelope.job, "attempt": envelope.attempt}
        try:
            context = self._context(envelope, signals)
            return wire.Result(**of_job, files=self._do(envelope, context))
        except BaseException as error:  # a panic in a library's Rust part is no Exception
            if isinstance(error, JobCancelled) or signals.cancelled.is_set():
                return wire.Cancelled(**of_job)
            if isinstance(error, JobYielded):
                return wire.Yielded(**of_job)
            if out_of_memory(error):
                return None
            problem = _problem(error)
            detail = traceback.format_exc()
            if isinstance(error, StudioError):
                log.info("Job %s: %s", envelope.job, problem.sentence)
            else:
                log.error("Job %s: %s", envelope.job, problem.sentence, exc_info=error)
            return _failed(envelope, problem, detail)
        finally:
            if context:
                context.close()

    def _context(self, envelope: wire.Envelope, signals: Signals) -> Context:
        request = from_storage(envelope.request)
        for folder in (envelope.out_dir, envelope.checkpoint_dir):
            Path(folder).mkdir(parents=True, exist_ok=True)
        return Context(
            envelope, request, self._send, self._swapper, self._catalog, self._config, signals, self._remembered
        )

    def _do(self, envelope: wire.Envelope, context: Context) -> tuple[wire.ResultFile, ...]:
        self._integrity.require(context.entry)
        began = time.monotonic()
        context.check()
        self._swapper.device.reset_peak()
        if context.entry.runtime == "torch":
            context.heavy("torch")
            self._swapper.device.select()
        runner(context.request.task)(context.request, context)
        files = context.finish()
        context.check()
        self._send(
            wire.Measured(
                job=envelope.job,
                attempt=envelope.attempt,
                load_seconds=context.load_seconds,
                run_seconds=max(0.0, time.monotonic() - began - context.load_seconds),
                working_bytes=context.working_bytes,
                device=self._swapper.device.name,
            )
        )
        return files


def _problem(error: BaseException) -> Problem:
    """What a person is told of an error."""
    if isinstance(error, StudioError):
        return error.problem
    if _errno(error) in _DISK_FULL:
        return Problem(
            code="disk_full",
            what="The disk is full.",
            why="There was no room left to write the result.",
            next="Delete what is not needed, then try again.",
        )
    return Problem(
        code="engine_error",
        what="This did not work.",
        why=f"The engine stumbled over something unforeseen ({type(error).__name__}).",
        next="Try again; if it happens again, the log tells more.",
    )


def _errno(error: BaseException | None) -> int | None:
    """The system's error number behind an error, if there is one."""
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error = error.__cause__ or error.__context__
    return None


def _no_memory() -> Problem:
    return Problem(
        code="out_of_memory",
        what="There was not enough memory to finish this.",
        why="It ran out twice, the second time with nothing else loaded.",
        next="Make it smaller or shorter, take a smaller model, or close other programs.",
    )


def _failed(envelope: wire.Envelope, problem: Problem, detail: str = "") -> wire.Failed:
    return wire.Failed(job=envelope.job, attempt=envelope.attempt, problem=problem, detail=detail)


def _clear(envelope: wire.Envelope) -> None:
    """Remove what an unfinished attempt wrote; checkpoints stay."""
    folder, keep = Path(envelope.out_dir), Path(envelope.checkpoint_dir)
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                if path != keep:
                    shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("What %s left in %s could not be removed: %s", envelope.job, folder, error)
