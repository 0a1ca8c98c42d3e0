"""A lane's thread: claims the next job, hands it to the host, and follows it to its end."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from engines import protocol
from engines.catalog import Catalog
from engines.host.hosts import Host
from errors import Problem
from jobs.queue.attempts import Attempts
from jobs.queue.costs import Costs, seconds_left
from jobs.queue.live_job import LiveJob, Pace, Spot
from jobs.queue.live_store import LiveStore
from jobs.queue.problems import NOT_SAVED, is_disk_full, is_passing, problem_of
from jobs.queue.queue import DATABASE, DISK, Outdated, Queue
from jobs.queue.residency import Residency
from jobs.queue.yielding import SHORT_SECONDS, begins_working, yields_in

STOP_SECONDS = 0.9
"""How long a running job may take to end when the studio stops."""
_RETRY_SECONDS = 1.0
_MARK_SECONDS = 0.25
_DISK_SECONDS = 5.0
"""How often a lane that waits for disk space checks again."""

log = logging.getLogger(__name__)


class Lane:
    """Runs the jobs of one lane, one at a time. All of its events arrive in one inbox."""

    def __init__(
        self,
        host: Host,
        queue_: Queue,
        live: LiveStore,
        attempts: Attempts,
        costs: Costs,
        residency: Residency,
        has_room: Callable[[], bool],
        catalog: Catalog,
    ) -> None:
        self.name = host.lane
        self._host = host
        self._queue = queue_
        self._live = live
        self._attempts = attempts
        self._costs = costs
        self._residency = residency
        self._has_room = has_room
        self._catalog = catalog
        self._inbox: queue.SimpleQueue[protocol.Event | None] = queue.SimpleQueue()
        self._measured: protocol.Measured | None = None
        self._marked = ("", 0.0)  # the job whose progress was saved last, and when
        self._yielded = ""  # the last job asked to yield to short ones
        self._short_until = 0.0
        self._ended: tuple[str, float] | None = None  # the model of the last finished job, and its start time
        self._stop_at: float | None = None
        self._thread = threading.Thread(target=self._work, name=f"lane-{self.name}", daemon=True)

    def start(self) -> None:
        """Start the host and the waiting jobs."""
        self._queue.serve(self.name, self.wake)
        self._host.start(self._inbox.put)
        self._thread.start()

    def wake(self) -> None:
        """Check for work."""
        self._inbox.put(None)

    def cancel(self, job_id: str) -> None:
        """Tell the host to stop a job."""
        self._host.cancel(job_id)

    def request_yield(self, job_id: str) -> None:
        """Tell the host to stop a job that can continue later."""
        self._host.request_yield(job_id)

    def free(self) -> None:
        """Tell the host to unload every model that no job uses."""
        self._host.free()

    def stop(self) -> None:
        """Stop: put the running job back into the queue, then stop the host. Takes at most three seconds."""
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
        if not room:
            return None
        short = self._queue.claim(self.name, short=True) if time.monotonic() < self._short_until else None
        return short or self._queue.claim(self.name)

    def _rest(self) -> None:
        """Wait for an event, or until it is time to check the disk space again."""
        try:
            event = self._inbox.get(timeout=_DISK_SECONDS)
        except queue.Empty:
            return
        if isinstance(event, protocol.DeviceState):
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
        if now and now.cancel:  # requested before the host knew the job
            self._host.cancel(job.id)
        elif now and now.pause:
            self._host.request_yield(job.id)
        stopping = False
        while True:
            if self._stop_at is not None and not stopping:
                stopping = True
                self._host.cancel(job.id)
            try:
                event = self._inbox.get(timeout=self._passing_problem_seconds())
            except queue.Empty:
                self._put_back(job)
                return
            if isinstance(event, protocol.DeviceState):
                self._device(event)
            elif event is not None and (event.job, event.attempt) == (job.id, job.attempt) and self._handle(job, event):
                return
            self._yield_to_short(job)

    def _yield_to_short(self, job: LiveJob) -> None:
        """Ask a long job to yield if a short one is waiting. Called after every event and every new job."""
        now = self._live.get(job.id)
        attempt = f"{job.id}-{job.attempt}"
        if now and self._yielded != attempt and yields_in(now, time.time()) == 0 and self._queue.has_short(self.name):
            self._yielded = attempt
            self._host.request_yield(job.id)

    def _passing_problem_seconds(self) -> float | None:
        return None if self._stop_at is None else max(0.0, self._stop_at - time.monotonic())

    def _handle(self, job: LiveJob, event: protocol.Event) -> bool:
        """Run ``_take``; an event that raises an error fails its job, and the lane continues."""
        try:
            return self._take(job, event)
        except Outdated:
            raise
        except Exception as error:
            self._host.cancel(job.id)
            self._end(job, "failed", problem_of(error))
            return True

    def _take(self, job: LiveJob, event: protocol.Event) -> bool:
        """Process an event of the current attempt; True if it was the last one."""
        match event:
            case protocol.Loading():
                self._be(job, "loading")
                self._live.update(job.id, note=event.note)
            case protocol.Progress():
                self._progress(job, event)
            case protocol.Text() | protocol.TextWasThinking() | protocol.TextVoid():
                self._be(job, "running")
                self._text(job, event)
            case protocol.Facts():
                now = self._live.get(job.id)
                self._live.update(job.id, facts={**(now.facts if now else {}), **event.facts})
            case protocol.Preview():
                self._be(job, "running")
                now = self._live.get(job.id)
                self._live.update(job.id, preview=event.jpeg, previews=(now.previews if now else 0) + 1)
            case protocol.Measured():
                self._measured = event
            case protocol.Result():
                self._save(job, event)
                return True
            case protocol.Failed():
                if event.detail:
                    log.info("job %s: %s", job.id, event.detail)
                self._end(job, "failed", event.problem)
                return True
            case protocol.Cancelled():
                self._cancelled(job)
                return True
            case protocol.Yielded():
                self._let_others_run(job)
                return True
        return False

    def _text(self, job: LiveJob, event: protocol.Text | protocol.TextWasThinking | protocol.TextVoid) -> None:
        now = self._live.get(job.id) or job
        if isinstance(event, protocol.TextWasThinking):
            self._live.update(job.id, thinking=now.thinking + now.text, text="")
        elif isinstance(event, protocol.TextVoid):
            self._live.update(job.id, text="", thinking="", facts={})
        elif event.thinking:
            self._live.update(job.id, thinking=now.thinking + event.delta)
        else:
            self._live.update(job.id, text=now.text + event.delta)
            self._mark(job, f"letter {len(now.text)}")

    def _progress(self, job: LiveJob, event: protocol.Progress) -> None:
        self._be(job, "running")
        now = self._live.get(job.id)
        if now is None:
            return
        pace = _paced(now.pace, event, time.time())
        self._mark(job, f"{event.noun} {event.step} of {event.total}")
        now = replace(now, pace=pace)
        self._live.update(job.id, pace=pace, seconds_left=seconds_left(now, pace.at))

    def _mark(self, job: LiveJob, place: str) -> None:
        """Save the progress, at most every ``_MARK_SECONDS``: a file per step would slow down short steps."""
        last, at = self._marked
        if job.id != last or time.monotonic() - at > _MARK_SECONDS:
            self._marked = (job.id, time.monotonic())
            self._attempts.mark_place(job, place)

    def _be(self, job: LiveJob, state: str) -> None:
        """Switch between loading and running; a change that cannot be written is still shown."""
        now = self._live.get(job.id)
        if now is None or now.state == state:
            return
        try:
            self._queue.mark(job, state)  # type: ignore[arg-type]
        except SQLAlchemyError as error:
            log.warning("job %s is %s, but this cannot be written: %s", job.id, state, error)
            self._live.update(job.id, state=state)
        if state == "running" and now.state == "loading" and (changes := begins_working(now, time.time())):
            self._live.update(job.id, **changes)

    def _save(self, job: LiveJob, result: protocol.Result) -> None:
        try:
            if not self._adopt(job, result):
                return
        except Outdated:
            raise
        except Exception as error:
            whole = self._attempts.sealed(job) is not None and not isinstance(error, FileNotFoundError)
            self._end(job, "failed", problem_of(error, NOT_SAVED), clear=not whole)  # the next start tries again
            return
        self._attempts.clear(job)
        self._ended = (job.ticket.model, job.started_at or time.time())
        if self._measured is not None and job.works_until is None:  # otherwise it is the time of a part
            self._costs.learn(job, self._measured)

    def _adopt(self, job: LiveJob, result: protocol.Result) -> bool:
        """Seal a result and add it to the library, waiting while the disk is full or the database busy or read-only.

        False if the studio stops before that; the next start adds it if it was sealed.
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
        except Exception as broken:  # any error: a job that does not end would block its lane
            self._queue.drop(job, problem_of(broken, NOT_SAVED))

    def _let_others_run(self, job: LiveJob) -> None:
        """Put back a job that will continue from its checkpoint; if it yielded to short ones, they are next."""
        now, left = self._live.get(job.id), None
        if now and now.cancel:
            self._end(job, "cancelled")
            return
        self._attempts.clear(job, checkpoint=False)
        if now and self._yielded == f"{job.id}-{job.attempt}":
            self._short_until = time.monotonic() + SHORT_SECONDS
            left = seconds_left(now, time.time())
        self._write(job, lambda: self._queue.requeue(job, yielded=left, resume="checkpoint"))

    def _put_back(self, job: LiveJob) -> None:
        self._attempts.clear(job, checkpoint=False)
        self._write(job, lambda: self._queue.requeue(job, resume=None))

    def _write(self, job: LiveJob, change: Callable[[], None]) -> None:
        """Write the end of an attempt. Waits while the disk is full: no other job could be claimed anyway."""
        waiting = False
        while True:
            try:
                change()
                return
            except Outdated as error:
                log.warning("job %s has a newer attempt", error)
                return
            except Exception as error:
                if not is_passing(error):
                    raise
                self._wait_to_write(job, error, waiting)
                waiting = True
                if self._stop_at is not None:
                    return

    def _wait_to_write(self, job: LiveJob, error: Exception, waiting: bool) -> None:
        """Wait a moment before the next try; the first time, report it on the page and in the log."""
        if not waiting:
            log.error("lane %s cannot write the outcome of a job; it keeps trying", self.name, exc_info=error)
            self._live.update(job.id, spot=Spot(why=DISK if is_disk_full(error) else DATABASE))
        if self._stop_at is None:
            time.sleep(_RETRY_SECONDS)

    def _device(self, state: protocol.DeviceState) -> None:
        self._live.device(state)
        self._residency.update(state)
        if state.lane == "device":
            self._catalog.on_card = state.host_bytes > 0
            self._costs.device_is(state.name, gpu=self._catalog.on_card)
        if self._ended:
            model, began = self._ended
            self._residency.used(model, time.time() - began, state)
            self._ended = None
        self._queue.line_up(self.name)


def _paced(before: Pace | None, event: protocol.Progress, now: float) -> Pace:
    """The pace after a reported step; a different total or noun is new work, timed from its own start."""
    same = before is not None and (before.total, before.noun) == (event.total, event.noun) and event.step >= before.step
    if before is None or not same:
        return Pace(step=event.step, total=event.total, noun=event.noun, at=now, began=now, first_step=event.step)
    return replace(before, step=event.step, at=now)
