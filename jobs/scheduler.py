"""A lane's thread: takes the next job, hands it to the host, follows it to its end."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from engines import wire
from engines.catalog import Catalog
from engines.host import Host
from errors import Problem
from jobs.attempts import Attempts
from jobs.costs import Costs, seconds_left
from jobs.live import LiveStore
from jobs.queue import DATABASE, DISK, Outdated, Queue
from jobs.record import LiveJob, Pace, Spot
from jobs.trouble import NOT_SAVED, is_disk_full, is_passing, problem_of
from jobs.warmth import Warmth

STOP_SECONDS = 0.9
"""How long a cancelled job may take to end when the studio stops."""
_RETRY_SECONDS = 1.0
_DISK_SECONDS = 5.0
"""How often a lane that waits for disk space looks again."""

log = logging.getLogger(__name__)


class Lane:
    """Runs the jobs of one lane, one at a time. Everything that concerns it arrives in one inbox."""

    def __init__(
        self,
        host: Host,
        queue_: Queue,
        live: LiveStore,
        attempts: Attempts,
        costs: Costs,
        warmth: Warmth,
        has_room: Callable[[], bool],
        catalog: Catalog,
    ) -> None:
        self.name = host.lane
        self._host = host
        self._queue = queue_
        self._live = live
        self._attempts = attempts
        self._costs = costs
        self._warmth = warmth
        self._has_room = has_room
        self._catalog = catalog
        self._inbox: queue.SimpleQueue[wire.Event | None] = queue.SimpleQueue()
        self._measured: wire.Measured | None = None
        self._ended: tuple[str, float] | None = None  # the model of the last job that was done, and when it began
        self._stop_at: float | None = None
        self._thread = threading.Thread(target=self._work, name=f"lane-{self.name}", daemon=True)

    def start(self) -> None:
        """Start the host and begin with what waits."""
        self._queue.serve(self.name, self.wake)
        self._host.start(self._inbox.put)
        self._thread.start()

    def wake(self) -> None:
        """There may be work."""
        self._inbox.put(None)

    def cancel(self, job_id: str) -> None:
        """Tell the host to stop a job."""
        self._host.cancel(job_id)

    def make_way(self, job_id: str) -> None:
        """Tell the host to stop a job that can go on later."""
        self._host.make_way(job_id)

    def free(self) -> None:
        """Let the host drop every model no job holds."""
        self._host.free()

    def stop(self) -> None:
        """End: the running job goes back into the line, then the host ends. At most three seconds."""
        if self._thread.ident is None:
            return
        self._stop_at = time.monotonic() + STOP_SECONDS
        self.wake()
        self._thread.join(STOP_SECONDS + 0.2)
        self._host.stop()

    # -- the thread

    def _work(self) -> None:
        while self._stop_at is None:
            try:
                job = self._claim()
                if job is not None:
                    self._do(job)
                    continue
            except Exception:
                log.exception("lane %s", self.name)
                time.sleep(_RETRY_SECONDS)
            self._rest()

    def _claim(self) -> LiveJob | None:
        room = self._has_room()
        self._queue.block(not room)
        return self._queue.claim(self.name) if room else None

    def _rest(self) -> None:
        """Wait for news; while the disk is full, look again after a while."""
        try:
            event = self._inbox.get(timeout=_DISK_SECONDS)
        except queue.Empty:
            return
        if isinstance(event, wire.DeviceState):
            self._device(event)

    def _do(self, job: LiveJob) -> None:
        """Follow one attempt from its first to its last event."""
        self._measured = None
        try:
            self._host.run(self._attempts.envelope(job))
        except Exception as error:
            self._end(job, "failed", problem_of(error))
            return
        now = self._live.get(job.id)
        if now and now.cancel:  # asked for before the host knew the job
            self._host.cancel(job.id)
        elif now and now.pause:
            self._host.make_way(job.id)
        stopping = False
        while True:
            if self._stop_at is not None and not stopping:
                stopping = True
                self._host.cancel(job.id)
            try:
                event = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                self._put_back(job)
                return
            if isinstance(event, wire.DeviceState):
                self._device(event)
            elif event is not None and (event.job, event.attempt) == (job.id, job.attempt) and self._handle(job, event):
                return

    def _patience(self) -> float | None:
        return None if self._stop_at is None else max(0.0, self._stop_at - time.monotonic())

    def _handle(self, job: LiveJob, event: wire.Event) -> bool:
        """``_take``; an event that cannot be taken in fails its job, and the lane goes on."""
        try:
            return self._take(job, event)
        except Outdated:
            raise
        except Exception as error:
            self._host.cancel(job.id)
            self._end(job, "failed", problem_of(error))
            return True

    def _take(self, job: LiveJob, event: wire.Event) -> bool:
        """Take in an event of the current attempt; True when it was the last."""
        match event:
            case wire.Loading():
                self._be(job, "loading")
                self._live.update(job.id, note=event.note)
            case wire.Progress():
                self._progress(job, event)
            case wire.Text() | wire.TextWasThinking() | wire.TextVoid():
                self._be(job, "running")
                self._text(job, event)
            case wire.Told():
                now = self._live.get(job.id)
                self._live.update(job.id, facts={**(now.facts if now else {}), **event.facts})
            case wire.Preview():
                self._be(job, "running")
                now = self._live.get(job.id)
                self._live.update(job.id, preview=event.jpeg, previews=(now.previews if now else 0) + 1)
            case wire.Measured():
                self._measured = event
            case wire.Result():
                self._save(job, event)
                return True
            case wire.Failed():
                if event.detail:
                    log.info("job %s: %s", job.id, event.detail)
                self._end(job, "failed", event.problem)
                return True
            case wire.Cancelled():
                self._cancelled(job)
                return True
            case wire.Yielded():
                self._put_back(job, resume=True)
                return True
        return False

    def _text(self, job: LiveJob, event: wire.Text | wire.TextWasThinking | wire.TextVoid) -> None:
        now = self._live.get(job.id) or job
        if isinstance(event, wire.TextWasThinking):
            self._live.update(job.id, thinking=now.thinking + now.text, text="")
        elif isinstance(event, wire.TextVoid):
            self._live.update(job.id, text="", thinking="", facts={})
        elif event.thinking:
            self._live.update(job.id, thinking=now.thinking + event.delta)
        else:
            self._live.update(job.id, text=now.text + event.delta)
            self._attempts.mark_place(job, f"letter {len(now.text)}")

    def _progress(self, job: LiveJob, event: wire.Progress) -> None:
        self._be(job, "running")
        now = self._live.get(job.id)
        if now is None:
            return
        pace = _paced(now.pace, event, time.time())
        self._attempts.mark_place(job, f"{event.noun} {event.step} of {event.total}")
        now = replace(now, pace=pace)
        self._live.update(job.id, pace=pace, seconds_left=seconds_left(now, pace.at))

    def _be(self, job: LiveJob, state: str) -> None:
        """Move between loading and running; a change that cannot be written down is shown all the same."""
        now = self._live.get(job.id)
        if now is None or now.state == state:
            return
        try:
            self._queue.mark(job, state)  # type: ignore[arg-type]
        except SQLAlchemyError as error:
            log.warning("job %s is %s, which cannot be written: %s", job.id, state, error)
            self._live.update(job.id, state=state)

    def _save(self, job: LiveJob, result: wire.Result) -> None:
        try:
            if not self._adopt(job, result):
                return
        except Outdated:
            raise
        except Exception as error:
            whole = self._attempts.sealed(job) is not None and not isinstance(error, FileNotFoundError)
            self._end(job, "failed", problem_of(error, NOT_SAVED), clear=not whole)  # the next start tries once more
            return
        self._attempts.clear(job)
        self._ended = (job.ticket.model, job.started_at or time.time())
        if self._measured is not None:
            self._costs.learn(job, self._measured)

    def _adopt(self, job: LiveJob, result: wire.Result) -> bool:
        """Seal a result and make it assets, however long the disk is full or the database busy or read-only.

        False when the studio stops before that; the next start adopts it if it was sealed.
        """
        waiting, marked = False, False
        while True:
            try:
                if not marked:
                    self._attempts.seal(job, result.files)
                    self._queue.mark(job, "saving")
                    marked = True
                self._attempts.keep(job, result.files)
                return True
            except Exception as error:
                if not is_passing(error):
                    raise
                self._wait_to_write(job, error, waiting)
                waiting = True
                if self._stop_at is not None:
                    return False

    def _cancelled(self, job: LiveJob) -> None:
        now = self._live.get(job.id)
        if self._stop_at is not None and not (now and now.cancel):
            self._put_back(job)
        else:
            self._end(job, "cancelled")

    def _end(self, job: LiveJob, state: str, error: Problem | None = None, *, clear: bool = True) -> None:
        if clear:
            self._attempts.clear(job)
        try:
            self._write(job, lambda: self._queue.finish(job, state, error))  # type: ignore[arg-type]
        except Exception as broken:  # whatever it is: a job that cannot be ended would block its lane
            self._queue.drop(job, problem_of(broken, NOT_SAVED))

    def _put_back(self, job: LiveJob, resume: bool = False) -> None:
        self._attempts.clear(job, checkpoint=False)
        self._write(job, lambda: self._queue.requeue(job, resume="checkpoint" if resume else None))

    def _write(self, job: LiveJob, change: Callable[[], None]) -> None:
        """Write the end of an attempt. A full disk is waited out: without it nothing could be claimed either."""
        waiting = False
        while True:
            try:
                change()
                return
            except Outdated as error:
                log.warning("job %s went on without this attempt", error)
                return
            except Exception as error:
                if not is_passing(error):
                    raise
                self._wait_to_write(job, error, waiting)
                waiting = True
                if self._stop_at is not None:
                    return

    def _wait_to_write(self, job: LiveJob, error: Exception, waiting: bool) -> None:
        """Wait a moment before the next try; the first time, say so on the page and in the log."""
        if not waiting:
            log.error("lane %s cannot write what came of a job; it goes on trying", self.name, exc_info=error)
            self._live.update(job.id, spot=Spot(why=DISK if is_disk_full(error) else DATABASE))
        if self._stop_at is None:
            time.sleep(_RETRY_SECONDS)

    def _device(self, state: wire.DeviceState) -> None:
        self._live.device(state)
        self._warmth.heard(state)
        if state.lane == "device":
            self._catalog.on_card = state.beside_bytes > 0
            self._costs.device_is(state.name, gpu=self._catalog.on_card)
        if self._ended:
            model, began = self._ended
            self._warmth.used(model, time.time() - began, state)
            self._ended = None
        self._queue.line_up(self.name)


def _paced(before: Pace | None, event: wire.Progress, now: float) -> Pace:
    """The pace after a step was reported; another total or noun is another piece of work, timed anew."""
    same = before is not None and (before.total, before.noun) == (event.total, event.noun) and event.step >= before.step
    if before is None or not same:
        return Pace(step=event.step, total=event.total, noun=event.noun, at=now, began=now, first_step=event.step)
    return replace(before, step=event.step, at=now)
