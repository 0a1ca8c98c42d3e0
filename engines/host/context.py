"""What an engine sees of its job: inputs, folders, and ways to report and to be stopped."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from engines import protocol, torch_setup
from engines.host.result_cache import ResultCache
from engines.requests import AssetFacts, Request

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.catalog import Catalog
    from engines.host.config import EngineConfig
    from engines.memory import Component, Device, Swapper


class JobCancelled(Exception):
    """Raised inside an engine to leave a canceled job. Never shown to people."""


class JobYielded(Exception):
    """Raised by an engine after it has written its checkpoint, to let another job run."""


class Signals:
    """Requests to a running job: set from another thread, checked by the engine."""

    def __init__(self) -> None:
        self.cancelled = Flag()
        self.request_yield = Flag()


class Context:
    """One attempt at a job. Engines report and ask for resources here, and touch nothing else of the studio.

    An engine calls ``progress`` at every step (it raises JobCancelled once the job is canceled), leases its
    components, writes files to paths from ``new_file`` and passes each to ``add``. Encoding can run in ``later``.
    """

    def __init__(
        self,
        envelope: protocol.Envelope,
        request: Request,
        send: Callable[[protocol.Event], None],
        swapper: "Swapper",
        catalog: "Catalog",
        config: "EngineConfig",
        signals: Signals | None = None,
        results: ResultCache | None = None,
    ) -> None:
        self.results = results or ResultCache()
        self.request = request
        self.entry = catalog.get(request.model or "")
        self.catalog = catalog
        self.config = config
        self.out_dir = Path(envelope.out_dir)
        self.checkpoint_dir = Path(envelope.checkpoint_dir)
        self.load_seconds = 0.0
        self.planned: dict[str, Any] = {}
        self.pinned = envelope.pinned
        self._envelope = envelope
        self._send = send
        self._swapper = swapper
        self._signals = signals or Signals()
        self._files: list[Future[protocol.ResultFile]] = []
        self._notes: dict[str, None] = {}
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._last_preview = 0.0
        self._is_loading = False
        self._most_bytes = 0
        self._steps_before = self._steps_after = self._steps = 0

    # -- inputs and resources

    def input(self, asset: str) -> Path:
        """Return the file of an input."""
        return Path(self._envelope.inputs[asset].path)

    @property
    def inputs(self) -> dict[str, protocol.Input]:
        """Every input by its id."""
        return self._envelope.inputs

    def facts(self, asset: str) -> AssetFacts:
        """Return the facts about an input."""
        return self._envelope.inputs[asset].facts

    def lease(self, *components: "Component", working_bytes: int = 0) -> AbstractContextManager[tuple[Any, ...]]:
        """Provide the loaded models of components, which stay in memory for the duration of the block.

        ``working_bytes`` is what the work itself will need on the device in addition to the weights.
        Raises JobCancelled between components, StudioError if they do not fit.
        """
        return self._swapper.lease(
            components, working_bytes=working_bytes, loading=self._loading, check=self.check, spent=self._spent
        )

    @property
    def lease_limits(self) -> tuple[int, int]:
        """The most bytes that a lease can get now, on the device and in main memory."""
        return self._swapper.lease_limits()

    def ask_others(self, missing: int) -> bool:
        """Ask another program to free ``missing`` bytes of device memory; return whether some were freed.

        May raise JobCancelled while it waits.
        """
        return self._swapper.ask_others(missing, self.check)

    def make_room(self, bytes: int) -> None:
        """Unload idle models if another program is about to use ``bytes`` of memory that are not free."""
        self._swapper.spare(bytes, self.check)

    @property
    def device(self) -> "Device":
        """The device that torch models are loaded on."""
        return self._swapper.device

    def import_heavy(self, *modules: str) -> None:
        """Import modules that take seconds, torch first. Reported and counted as loading."""
        began = time.monotonic()
        self.check()
        if not torch_setup.prepare_imports(*modules):
            self._loading("the engine")
            torch_setup.import_heavy(*modules)
            self._spent(time.monotonic() - began)

    @contextmanager
    def sub_job(self, request: Request, followed_by: int) -> Iterator[None]:
        """Run another request with its own model as the first part of the job, before the job's own ``followed_by``
        steps."""
        own = self.request, self.entry, self.planned, self.pinned
        self.request, self.entry, self.pinned = request, self.catalog.get(request.model or ""), protocol.Pinned()
        self._steps_after = followed_by
        try:
            yield
        finally:
            self.request, self.entry, self.planned, self.pinned = own
            self._steps_before, self._steps_after = self._steps_before + self._steps, 0

    @contextmanager
    def portion(self, before: int, after: int) -> Iterator[None]:
        """Report progress in the block as part of the job: ``before`` of its steps were done, ``after`` will follow."""
        start = self._steps_before
        self._steps_before, self._steps_after = start + before, after
        try:
            yield
        finally:
            self._steps_before, self._steps_after = start, 0

    # -- progress and results

    def progress(self, step: int, total: int, noun: str = "step") -> None:
        """Report ``step`` of ``total`` as done. Raises JobCancelled if the job was canceled."""
        self.check()
        self._steps, before = total, self._steps_before
        whole = before + total + self._steps_after
        self._send(protocol.Progress(**self._of_job, step=before + step, total=whole, noun=noun))

    def text(self, delta: str, *, thinking: bool = False) -> None:
        """Add to the job's text or to the model's reasoning. Raises JobCancelled if the job was canceled."""
        self.check()
        self._send(protocol.Text(**self._of_job, delta=delta, thinking=thinking))

    def reconsider(self) -> None:
        """Mark all text so far as the model's reasoning. Raises JobCancelled if the job was canceled."""
        self.check()
        self._send(protocol.TextWasThinking(**self._of_job))

    def report_facts(self, **facts: Any) -> None:
        """Report facts about the work in addition to its progress (tokens per second …)."""
        self._send(protocol.Facts(**self._of_job, facts=facts))

    def preview(self, draw: Callable[[], "Image"]) -> None:
        """Show a preview of the result. ``draw`` is only called when a preview is due (twice a second)."""
        now = time.monotonic()
        if now - self._last_preview < protocol.PREVIEW_SECONDS:
            return
        self._last_preview = now
        from engines.media.picture import preview_jpeg

        self._send(protocol.Preview(**self._of_job, jpeg=preview_jpeg(draw())))

    def new_file(self, suffix: str) -> Path:
        """Return the path for the next result; ``suffix`` starts with a dot."""
        name = f"{self._envelope.job}-{self._envelope.attempt}-{len(self._files)}{suffix}"
        return self.out_dir / name

    def add(self, file: protocol.ResultFile) -> None:
        """Add a finished file. The first is the main one."""
        done: Future[protocol.ResultFile] = Future()
        done.set_result(file)
        self._files.append(done)

    def later(self, encode: Callable[[], protocol.ResultFile]) -> None:
        """Add a file that ``encode`` writes in the encoder thread."""
        self._files.append(self._encoder.submit(encode))

    def note(self, sentence: str) -> None:
        """Add a note to every file of this job."""
        self._notes[sentence] = None

    def provenance(self, request: Request | None = None, **more: Any) -> dict[str, Any]:
        """Return the provenance of this job's files: request, model, seed, parents.

        ``request`` is set if one of several files has its own request.
        """
        from engines.provenance import provenance

        planned = {"plan": self.planned} if self.planned else {}
        return provenance(request or self.request, self.entry, **planned, **more)

    def finish(self) -> tuple[protocol.ResultFile, ...]:
        """Wait for pending encodings and return every added file, in order."""
        files = [file.result() for file in self._files]
        return tuple(file.model_copy(update={"notes": (*file.notes, *self._notes)}) for file in files)

    def close(self) -> None:
        """Stop writing: drop queued encodings and wait for the running one."""
        self._encoder.shutdown(cancel_futures=True)

    # -- stopping

    @property
    def cancelled(self) -> bool:
        """Whether this job was asked to stop."""
        return self._signals.cancelled.is_set()

    @property
    def should_yield(self) -> bool:
        """Whether this job was asked to yield. Engines that support it write a checkpoint and raise JobYielded."""
        return self._signals.request_yield.is_set()

    def check(self) -> None:
        """Raise JobCancelled if the job was canceled."""
        if self.cancelled:
            raise JobCancelled

    def cancel(self) -> None:
        """Ask the job to stop. Called from another thread."""
        self._signals.cancelled.set()

    def request_yield(self) -> None:
        """Ask the job to checkpoint and yield. Called from another thread."""
        self._signals.request_yield.set()

    @property
    def _of_job(self) -> dict[str, Any]:
        return {"job": self._envelope.job, "attempt": self._envelope.attempt}

    @property
    def working_bytes(self) -> int:
        """The peak memory of the work, in addition to the loaded models."""
        return max(self._most_bytes, 0 if self._is_loading else self.device.peak())

    def _loading(self, note: str) -> None:
        self._most_bytes = self.working_bytes
        self._is_loading = True
        self._send(protocol.Loading(**self._of_job, note=note))

    def _spent(self, seconds: float) -> None:
        self.load_seconds += seconds
        if self._is_loading:
            self._is_loading = False
            self.device.reset_peak()
            self._send(self._swapper.state(self.entry.lane))
