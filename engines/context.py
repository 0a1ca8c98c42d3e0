"""What an engine sees of the job it works on: its inputs, its folder, a way to report and to be stopped."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from engines import runtime, wire
from engines.remembered import Remembered
from engines.requests import AssetFacts, Request

if TYPE_CHECKING:
    from PIL.Image import Image

    from engines.catalog import Catalog
    from engines.config import EngineConfig
    from engines.swapper import Component, Device, Swapper


class JobCancelled(Exception):
    """Raised inside an engine to leave a cancelled job; never shown to anyone."""


class JobYielded(Exception):
    """Raised by an engine after it has written its checkpoint, to make way for another job."""


class Signals:
    """What the outside asks of a job: set from another thread, looked at by the engine."""

    def __init__(self) -> None:
        self.cancelled = Flag()
        self.make_way = Flag()


class Context:
    """One attempt at one job. Engines report here and ask here; they touch nothing else of the studio.

    An engine calls ``progress`` (which raises JobCancelled once the job is cancelled) at every step, leases its
    components, writes files from ``new_file`` and hands each to ``add``. Encoding may go to ``later``.
    """

    def __init__(
        self,
        envelope: wire.Envelope,
        request: Request,
        send: Callable[[wire.Event], None],
        swapper: "Swapper",
        catalog: "Catalog",
        config: "EngineConfig",
        signals: Signals | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        self.remembered = remembered or Remembered()
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
        self._files: list[Future[wire.ResultFile]] = []
        self._notes: dict[str, None] = {}
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self._last_preview = 0.0
        self._is_loading = False
        self._most_bytes = 0
        self._steps_before = self._steps_after = self._steps = 0

    # -- what goes in

    def input(self, asset: str) -> Path:
        """The file of an input."""
        return Path(self._envelope.inputs[asset].path)

    @property
    def inputs(self) -> dict[str, wire.Input]:
        """Every input by its id."""
        return self._envelope.inputs

    def facts(self, asset: str) -> AssetFacts:
        """What is known of an input."""
        return self._envelope.inputs[asset].facts

    def lease(self, *components: "Component", working_bytes: int = 0) -> AbstractContextManager[tuple[Any, ...]]:
        """The loaded models behind components, kept in memory for the length of the block.

        ``working_bytes`` is what the work itself will need on the device beside the weights.
        Raises JobCancelled between components, StudioError where they do not fit.
        """
        return self._swapper.lease(
            components, working_bytes=working_bytes, loading=self._loading, check=self.check, spent=self._spent
        )

    @property
    def most(self) -> tuple[int, int]:
        """Bytes that a lease can have at most now, of the device and of main memory beside it."""
        return self._swapper.most()

    def ask_others(self, missing: int) -> bool:
        """Have another program give back device memory, ``missing`` bytes if it can; whether some came free.

        Raises JobCancelled while it waits.
        """
        return self._swapper.ask_others(missing, self.check)

    def make_room(self, bytes: int) -> None:
        """Drop idle models where another program is about to take ``bytes`` of the memory and they are not free."""
        self._swapper.spare(bytes, self.check)

    @property
    def device(self) -> "Device":
        """Where torch models are loaded."""
        return self._swapper.device

    def heavy(self, *modules: str) -> None:
        """Import modules that take seconds; torch comes first. Told and counted as loading."""
        began = time.monotonic()
        self.check()
        if not runtime.ready(*modules):
            self._loading("the engine")
            runtime.heavy(*modules)
            self._spent(time.monotonic() - began)

    @contextmanager
    def standing_in(self, request: Request, followed_by: int) -> Iterator[None]:
        """While it lasts, the job is another request, done by that one's model: a first part of it, which the job's own
        ``followed_by`` steps follow."""
        own = self.request, self.entry, self.planned, self.pinned
        self.request, self.entry, self.pinned = request, self.catalog.get(request.model or ""), wire.Pinned()
        self._steps_after = followed_by
        try:
            yield
        finally:
            self.request, self.entry, self.planned, self.pinned = own
            self._steps_before, self._steps_after = self._steps_before + self._steps, 0

    # -- what comes out

    def progress(self, step: int, total: int, noun: str = "step") -> None:
        """Report ``step`` of ``total`` done. Raises JobCancelled when the job was cancelled."""
        self.check()
        self._steps, before = total, self._steps_before
        whole = before + total + self._steps_after
        self._send(wire.Progress(**self._of_job, step=before + step, total=whole, noun=noun))

    def text(self, delta: str, *, thinking: bool = False) -> None:
        """Add to the job's growing text, or to the model's thoughts. Raises JobCancelled when it was cancelled."""
        self.check()
        self._send(wire.Text(**self._of_job, delta=delta, thinking=thinking))

    def reconsider(self) -> None:
        """All of the job's text so far were the model's thoughts. Raises JobCancelled when it was cancelled."""
        self.check()
        self._send(wire.TextWasThinking(**self._of_job))

    def tell(self, **facts: Any) -> None:
        """Say something about the work beside its progress (tokens a second …)."""
        self._send(wire.Told(**self._of_job, facts=facts))

    def preview(self, draw: Callable[[], "Image"]) -> None:
        """Show how the result looks now. ``draw`` is called only when a preview is due (twice a second)."""
        now = time.monotonic()
        if now - self._last_preview < wire.PREVIEW_SECONDS:
            return
        self._last_preview = now
        from engines.media.picture import preview_jpeg

        self._send(wire.Preview(**self._of_job, jpeg=preview_jpeg(draw())))

    def new_file(self, suffix: str) -> Path:
        """Where to write the next result; ``suffix`` starts with a dot."""
        name = f"{self._envelope.job}-{self._envelope.attempt}-{len(self._files)}{suffix}"
        return self.out_dir / name

    def add(self, file: wire.ResultFile) -> None:
        """Hand over a finished file. The first is the main one."""
        done: Future[wire.ResultFile] = Future()
        done.set_result(file)
        self._files.append(done)

    def later(self, encode: Callable[[], wire.ResultFile]) -> None:
        """Hand over a file that ``encode`` writes, off the engine's thread."""
        self._files.append(self._encoder.submit(encode))

    def note(self, sentence: str) -> None:
        """Say with every file of this job what of its making is not in it."""
        self._notes[sentence] = None

    def provenance(self, request: Request | None = None, **more: Any) -> dict[str, Any]:
        """What this job's files carry about their making: request, model, seed, parents.

        ``request`` where one file of several has a request of its own.
        """
        from engines.provenance import provenance

        planned = {"plan": self.planned} if self.planned else {}
        return provenance(request or self.request, self.entry, **planned, **more)

    def finish(self) -> tuple[wire.ResultFile, ...]:
        """Wait for what is still being encoded; every file handed over, in order."""
        files = [file.result() for file in self._files]
        return tuple(file.model_copy(update={"notes": (*file.notes, *self._notes)}) for file in files)

    def close(self) -> None:
        """Let nothing write any more: what waits to be encoded is dropped, what is being encoded is waited for."""
        self._encoder.shutdown(cancel_futures=True)

    # -- being stopped

    @property
    def cancelled(self) -> bool:
        """Somebody asked this job to stop."""
        return self._signals.cancelled.is_set()

    @property
    def should_yield(self) -> bool:
        """Somebody asked this job to make way; engines that can, checkpoint and raise JobYielded."""
        return self._signals.make_way.is_set()

    def check(self) -> None:
        """Raise JobCancelled when the job was cancelled."""
        if self.cancelled:
            raise JobCancelled

    def cancel(self) -> None:
        """Ask the job to stop. Called from another thread."""
        self._signals.cancelled.set()

    def make_way(self) -> None:
        """Ask the job to checkpoint and yield. Called from another thread."""
        self._signals.make_way.set()

    @property
    def _of_job(self) -> dict[str, Any]:
        return {"job": self._envelope.job, "attempt": self._envelope.attempt}

    @property
    def working_bytes(self) -> int:
        """The most memory the work took beside what was loaded for it."""
        return max(self._most_bytes, 0 if self._is_loading else self.device.peak())

    def _loading(self, note: str) -> None:
        self._most_bytes = self.working_bytes
        self._is_loading = True
        self._send(wire.Loading(**self._of_job, note=note))

    def _spent(self, seconds: float) -> None:
        self.load_seconds += seconds
        if self._is_loading:
            self._is_loading = False
            self.device.reset_peak()
            self._send(self._swapper.state(self.entry.lane))
