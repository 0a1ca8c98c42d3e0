"""The live store: every current job in memory, with one counter that numbers the changes."""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engines import protocol
from engines.memory_fit import size_of
from jobs import wording
from jobs.queue.costs import seconds_left
from jobs.queue.live_job import LiveJob, Spot
from jobs.queue.yielding import step_seconds, waits, yields_in
from jobs.views import DeviceView, Follow, JobView
from jobs.visibility import Side, Viewer, side, view_for

log = logging.getLogger(__name__)

KEEP_SECONDS = 3600.0
"""How long a finished job stays in memory."""
KEEP_JOBS = 50
"""How many finished jobs of one person stay in memory."""
_LOOK_SECONDS = 1.0
"""How often the remaining times are updated."""


class QueueTurn(NamedTuple):
    """A waiting job in the order of its lane: how long it takes once it starts, and what else it waits for.

    ``short``: it can run between two steps of a long job.
    """

    id: str
    seconds: float
    why: str = ""
    short: bool = False


class BetweenSteps(NamedTuple):
    """The place of a short job that runs between two steps of ``long``, and the seconds until it starts."""

    place: int
    seconds: float
    long: LiveJob


class LiveStore:
    """The current state of jobs. Thread-safe; nothing here waits for the database.

    A cursor is ``<boot id>.<n>``: every version above n is new to the client that holds it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._boot = secrets.token_hex(4)
        self._counter = 0
        self._floor = 0  # the newest version that was dropped: older cursors need the whole list
        self._jobs: dict[str, LiveJob] = {}  # in the order of their versions
        self._shown: dict[str, dict[Side, JobView]] = {}
        self._lines: dict[str, tuple[QueueTurn, ...]] = {}
        self._devices: dict[str, protocol.DeviceState] = {}
        self._device_version = 0
        self._looked = 0.0
        self._ended: dict[str, Counter[str]] = {}

    # -- changes

    def put(self, job: LiveJob) -> LiveJob:
        """Add a job, or replace it."""
        with self._lock:
            self._counter += 1
            job = replace(job, version=self._counter)
            before = self._jobs.pop(job.id, None)
            if before and job.finished and not before.finished:
                self._ended.setdefault(job.ticket.lane, Counter())[job.state] += 1
            self._jobs[job.id] = job
            self._shown.pop(job.id, None)
            if job.finished:
                self._forget_beyond(job.ticket.user_id)
            return job

    def update(self, job_id: str, **changes: Any) -> LiveJob:
        """Change a job. Raises KeyError if it is not in memory."""
        with self._lock:
            return self.put(replace(self._jobs[job_id], **changes))

    def device(self, state: protocol.DeviceState) -> None:
        """Store the current state of a lane's device."""
        with self._lock:
            self._devices[state.lane] = state
            self._counter += 1
            self._device_version = self._counter

    def line_up(self, lane: str, turns: Sequence[QueueTurn]) -> None:
        """Store the order of a lane's waiting jobs."""
        with self._lock:
            self._lines[lane] = tuple(turns)
            self._look(time.time())

    # -- looks

    def get(self, job_id: str) -> LiveJob | None:
        """The current state of a job; None if it is not in memory."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[LiveJob]:
        """Every job in memory, the most recently changed last."""
        with self._lock:
            return list(self._jobs.values())

    def version(self, job_id: str) -> int:
        """The version of a job, with updated times; 0 if it is not in memory."""
        with self._lock:
            self._look_again()
            job = self._jobs.get(job_id)
            return job.version if job else 0

    def view(self, job: LiveJob, viewer: Viewer) -> JobView:
        """A job as a person sees it."""
        with self._lock:
            return self._view(job, side(job, viewer))

    def since(self, viewer: Viewer, cursor: str | None) -> Follow:
        """What changed since a cursor; the whole list if the cursor is missing, invalid or too old."""
        with self._lock:
            self._look_again()
            known = self._known(cursor)
            if known is None:
                jobs = [job for job in self._jobs.values() if not job.finished or job.ticket.user_id == viewer.user_id]
                jobs.sort(key=lambda job: job.ticket.created_at, reverse=True)
            else:
                jobs = []
                for job in reversed(self._jobs.values()):
                    if job.version <= known:
                        break
                    jobs.append(job)
            return Follow(
                cursor=f"{self._boot}.{self._counter}",
                whole=known is None,
                jobs=tuple(self._view(job, side(job, viewer)) for job in jobs),
                device=self.meter() if known is None or self._device_version > known else None,
            )

    def meter(self) -> DeviceView:
        """The device meter: that of the accelerator's lane if there is one."""
        with self._lock:
            state = self._devices.get("device") or next(iter(self._devices.values()), None)
        if state is None:
            return DeviceView(name="", used_bytes=0, total_bytes=0, words="nothing in memory yet")
        return DeviceView(
            name=protocol.device_label(state.name),
            used_bytes=state.used_bytes,
            total_bytes=state.total_bytes,
            words=f"{size_of(state.used_bytes)} of {size_of(state.total_bytes)} in use",
        )

    def devices(self) -> dict[str, protocol.DeviceState]:
        """The state of each lane's device, if it has been reported."""
        with self._lock:
            return dict(self._devices)

    def capacity(self, lane: str) -> int | None:
        """The memory of a lane's device in bytes; None while unknown."""
        with self._lock:
            state = self._devices.get(lane)
            return state.total_bytes if state else None

    def counts(self, lanes: Iterable[str]) -> dict[str, dict[str, int]]:
        """The number of jobs in each state: unfinished ones now, finished ones since the start."""
        with self._lock:
            counts = {lane: Counter(self._ended.get(lane, {})) for lane in lanes}
            for job in self._jobs.values():
                if not job.finished and job.ticket.lane in counts:
                    counts[job.ticket.lane][job.state] += 1
            return {lane: dict(counter) for lane, counter in counts.items()}

    def ahead(self, lane: str, before: int | None = None) -> tuple[float, LiveJob | None]:
        """The seconds until the first ``before`` waiting jobs of a lane are done, and the job that is first now."""
        with self._lock:
            now = time.time()
            active = self._active(lane)
            turns = self._lines.get(lane, ())[:before]
            seconds = sum(seconds_left(job, now) or 0.0 for job in active) + sum(turn.seconds for turn in turns)
            return seconds, active[0] if active else self._jobs.get(turns[0].id) if turns else None

    def line(self, lane: str) -> tuple[QueueTurn, ...]:
        """The waiting jobs of a lane, in order."""
        with self._lock:
            return self._lines.get(lane, ())

    def between_steps(self, lane: str) -> BetweenSteps | None:
        """The place of one more short job of a lane; None if the active job does not yield."""
        with self._lock:
            now = time.time()
            active = self._active(lane)
            soon = _yields(active, now)
            if soon is None:
                return None
            shorts = [turn.seconds for turn in self._lines.get(lane, ()) if turn.short]
            return BetweenSteps(len(active) + len(shorts) + 1, waits([*shorts, 0.0], soon)[-1], active[0])

    # -- internal, with the lock held

    def _active(self, lane: str) -> list[LiveJob]:
        return [job for job in self._jobs.values() if job.active and job.ticket.lane == lane]

    def _known(self, cursor: str | None) -> int | None:
        boot, _, number = (cursor or "").partition(".")
        if boot != self._boot or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        known = int(number)
        return known if self._floor <= known <= self._counter else None

    def _view(self, job: LiveJob, side: Side) -> JobView:
        views = self._shown.setdefault(job.id, {}) if self._jobs.get(job.id) is job else {}
        if side not in views:
            views[side] = _shown(job, side)
        return views[side]

    def _look_again(self) -> None:
        now = time.time()
        if not 0 <= now - self._looked < _LOOK_SECONDS:
            self._look(now)

    def _look(self, now: float) -> None:
        """Update the remaining times and drop old jobs; only a difference that people would see counts as a change."""
        self._looked = now
        for job in list(self._jobs.values()):
            if job.active:
                self._stands(job, job.spot, seconds_left(job, now))
            elif job.finished and now - (job.finished_at or 0) > KEEP_SECONDS:
                self._forget(job)
        for lane in self._lines:
            self._look_along(lane)

    def _look_along(self, lane: str) -> None:
        active = self._active(lane)
        soon = _yields(active, time.time())
        line = self._lines[lane] if soon is None else sorted(self._lines[lane], key=lambda turn: not turn.short)
        early = waits([turn.seconds for turn in line if turn.short], soon) if soon is not None else []
        ahead = sum(job.seconds_left or 0.0 for job in active)
        for place, turn in enumerate(line):
            ahead += turn.seconds
            job = self._jobs.get(turn.id)
            if job is not None and job.state == "queued":
                seconds = min(ahead, early[place]) if place < len(early) else ahead
                self._stands(job, Spot(place=place + len(active) + 1, why=turn.why), seconds)

    def _stands(self, job: LiveJob, spot: Spot, seconds: float | None) -> None:
        if spot != job.spot or _rounded(seconds) != _rounded(job.seconds_left):
            self.put(replace(job, spot=spot, seconds_left=seconds))

    def _forget_beyond(self, user_id: str) -> None:
        finished = [job for job in self._jobs.values() if job.finished and job.ticket.user_id == user_id]
        for job in sorted(finished, key=lambda job: job.finished_at or 0)[:-KEEP_JOBS]:
            self._forget(job)

    def _forget(self, job: LiveJob) -> None:
        self._floor = max(self._floor, job.version)
        del self._jobs[job.id]
        self._shown.pop(job.id, None)


def _yields(active: Sequence[LiveJob], now: float) -> float | None:
    """The seconds until a lane's active job lets short ones run; None if it does not."""
    if len(active) != 1 or (wait := yields_in(active[0], now)) is None:
        return None
    return wait + step_seconds(active[0], now)


def _shown(job: LiveJob, side: Side) -> JobView:
    """A job as seen from one side; only its outline if the rest cannot be shown, so that the list still works."""
    try:
        return view_for(job, side)
    except Exception:
        log.exception("job %s can only be shown in outline", job.id)
        return view_for(job, side._replace(full=False))


def _rounded(seconds: float | None) -> str | None:
    return None if seconds is None else wording.about(seconds)
