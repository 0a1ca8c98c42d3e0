"""Runs the jobs of one lane, one at a time, in the thread that calls ``run``: the same in the app and in a child."""

import errno
import logging
import shutil
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from engines import protocol
from engines.catalog import Catalog
from engines.host.config import EngineConfig
from engines.host.context import Context, JobCancelled, JobYielded, Signals
from engines.host.result_cache import ResultCache
from engines.memory import Swapper
from engines.memory.device import out_of_memory
from engines.requests import from_storage
from engines.starter.integrity import Integrity
from engines.tasks import runner
from errors import Problem, StudioError

log = logging.getLogger(__name__)

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}


class Worker:
    """Turns envelopes into events. ``send`` is called from the thread of ``run``, except for errors of the encoder.

    ``accept``, ``cancel``, ``request_yield`` and ``free`` may be called from any thread.
    """

    def __init__(
        self,
        lane: protocol.Lane,
        config: EngineConfig,
        send: Callable[[protocol.Event], None],
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
        self._results = ResultCache()
        self._integrity = Integrity(config.starter)

    def accept(self, envelope: protocol.Envelope) -> None:
        """Register a job before ``run`` starts it, so that it can already be canceled."""
        with self._lock:
            self._job, self._signals = envelope.job, Signals()

    def run(self, envelope: protocol.Envelope) -> None:
        """Run a job. Its last event is exactly one of Result, Failed, Cancelled or Yielded, then the device state."""
        if self._job != envelope.job:
            self.accept(envelope)
        ended = self._work(envelope, self._signals)
        if not isinstance(ended, protocol.Result | protocol.Yielded):
            _clear(envelope)
        with self._lock:
            self._job = ""
        self._send(ended)
        self.tell()

    def cancel(self, job: str) -> None:
        """Stop the job if it is running."""
        with self._lock:
            if job == self._job:
                self._signals.cancelled.set()

    def request_yield(self, job: str) -> None:
        """Ask the job to checkpoint and yield if it is running."""
        with self._lock:
            if job == self._job:
                self._signals.request_yield.set()

    def free(self) -> None:
        """Unload every model that no job is using, and clear the result cache."""
        self._results.forget()
        self._swapper.free()

    def rest(self) -> None:
        """Unload models that have been idle for long. Called when there is nothing to do."""
        if self._swapper.sweep():
            self.tell()

    def tell(self) -> None:
        """Send the device state."""
        self._send(self._swapper.state(self._lane))

    def _work(self, envelope: protocol.Envelope, signals: Signals) -> protocol.EndEvent:
        """Try a job; if memory runs out, try once more with everything else unloaded."""
        ended = self._try(envelope, signals)
        if ended is None:
            # Outside the except block: only now does nothing refer to the objects of the first try.
            log.warning("Job %s ran out of memory; trying again with nothing else loaded", envelope.job)
            self._swapper.free()
            _clear(envelope)
            self._send(protocol.TextVoid(job=envelope.job, attempt=envelope.attempt))
            ended = self._try(envelope, signals)
        return ended or _failed(envelope, _no_memory())

    def _try(self, envelope: protocol.Envelope, signals: Signals) -> protocol.EndEvent | None:
        """Try a job once; return None if memory ran out."""
        context: Context | None = None
        of_job = {"job": envelope.job, "attempt": envelope.attempt}
        try:
            context = self._context(envelope, signals)
            return protocol.Result(**of_job, files=self._do(envelope, context))
        except BaseException as error:  # a panic in a Rust library is not an Exception
            if isinstance(error, JobCancelled) or signals.cancelled.is_set():
                return protocol.Cancelled(**of_job)
            if isinstance(error, JobYielded):
                return protocol.Yielded(**of_job)
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

    def _context(self, envelope: protocol.Envelope, signals: Signals) -> Context:
        request = from_storage(envelope.request)
        for folder in (envelope.out_dir, envelope.checkpoint_dir):
            Path(folder).mkdir(parents=True, exist_ok=True)
        return Context(
            envelope, request, self._send, self._swapper, self._catalog, self._config, signals, self._results
        )

    def _do(self, envelope: protocol.Envelope, context: Context) -> tuple[protocol.ResultFile, ...]:
        self._integrity.require(context.entry)
        began = time.monotonic()
        context.check()
        self._swapper.device.reset_peak()
        if context.entry.runtime == "torch":
            context.import_heavy("torch")
            self._swapper.device.select()
        runner(context.request.task)(context.request, context)
        files = context.finish()
        context.check()
        self._send(
            protocol.Measured(
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
    """Return the problem shown to people for an error."""
    if isinstance(error, StudioError):
        return error.problem
    if _errno(error) in _DISK_FULL:
        return Problem(
            code="disk_full",
            what="The disk is full.",
            why="There was no space left to write the result.",
            next="Delete files you no longer need, then try again.",
        )
    return Problem(
        code="engine_error",
        what="The job failed.",
        why=f"Unexpected error in the engine ({type(error).__name__}).",
        next="Try again. If it happens again, see the log for details.",
    )


def _errno(error: BaseException | None) -> int | None:
    """Return the system error number behind an error, if any."""
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
        next="Choose a smaller size, a shorter duration or a smaller model, or close other programs.",
    )


def _failed(envelope: protocol.Envelope, problem: Problem, detail: str = "") -> protocol.Failed:
    return protocol.Failed(job=envelope.job, attempt=envelope.attempt, problem=problem, detail=detail)


def _clear(envelope: protocol.Envelope) -> None:
    """Remove the files of an unfinished attempt, except checkpoints."""
    folder, keep = Path(envelope.out_dir), Path(envelope.checkpoint_dir)
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                if path != keep:
                    shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Files of job %s in %s could not be removed: %s", envelope.job, folder, error)
