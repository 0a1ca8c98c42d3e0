"""The live store: every job people look at now, in memory, with one counter that tells what changed."""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from engines import wire
from engines.catalog.fitting import size_of
from jobs import words
from jobs.costs import seconds_left
from jobs.record import LiveJob, Spot
from jobs.showing import Side, Viewer, show, side
from jobs.views import DeviceView, Follow, JobView

log = logging.getLogger(__name__)

KEEP_SECONDS = 3600.0
"""How long a finished job stays in sight."""
KEEP_JOBS = 50
"""How many finished jobs of one person stay in sight."""
_LOOK_SECONDS = 1.0
"""How often times that run down are worked out anew."""


class Turn(NamedTuple):
    """A waiting job in the order of its lane: how long it will take once it is its turn, and what else it waits for."""

    id: str
    seconds: float
    why: str = ""


class LiveStore:
    """Jobs as they stand. Safe from any thread; nothing here waits for the database.

    A cursor is ``<boot id>.<n>``: everything with a version above n is new to whoever holds it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._boot = secrets.token_hex(4)
        self._counter = 0
        self._floor = 0  # the newest version that was forgotten: older cursors need the whole list
        self._jobs: dict[str, LiveJob] = {}  # in the order of their versions
        self._shown: dict[str, dict[Side, JobView]] = {}
        self._lines: dict[str, tuple[Turn, ...]] = {}
        self._devices: dict[str, wire.DeviceState] = {}
        self._device_version = 0
        self._looked = 0.0
        self._ended: dict[str, Counter[str]] = {}

    # -- changes

    def put(self, job: LiveJob) -> LiveJob:
        """Take a job in, or replace it."""
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
        """Change a job. Raises KeyError for one that is not here."""
        with self._lock:
            return self.put(replace(self._jobs[job_id], **changes))

    def device(self, state: wire.DeviceState) -> None:
        """Take in what a lane's device holds now."""
        with self._lock:
            self._devices[state.lane] = state
            self._counter += 1
            self._device_version = self._counter

    def line_up(self, lane: str, turns: Sequence[Turn]) -> None:
        """Take in the order of a lane's waiting jobs."""
        with self._lock:
            self._lines[lane] = tuple(turns)
            self._look(time.time())

    # -- looks

    def get(self, job_id: str) -> LiveJob | None:
        """A job as it stands; None when it is not in sight."""
        with self._lock:
            return self._jobs.get(job_id)

    def all(self) -> list[LiveJob]:
        """Every job in sight, the one that changed last at the end."""
        with self._lock:
            return list(self._jobs.values())

    def version(self, job_id: str) -> int:
        """The version of a job, times run down; 0 when it is not in sight."""
        with self._lock:
            self._look_again()
            job = self._jobs.get(job_id)
            return job.version if job else 0

    def view(self, job: LiveJob, viewer: Viewer) -> JobView:
        """A job as a person sees it."""
        with self._lock:
            return self._view(job, side(job, viewer))

    def since(self, viewer: Viewer, cursor: str | None) -> Follow:
        """What changed since a cursor; the whole list where the cursor is missing, foreign or too old."""
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
        """The device meter: the accelerator's lane where there is one."""
        with self._lock:
            state = self._devices.get("device") or next(iter(self._devices.values()), None)
        if state is None:
            return DeviceView(name="", used_bytes=0, total_bytes=0, words="nothing in memory yet")
        return DeviceView(
            name=state.name,
            used_bytes=state.used_bytes,
            total_bytes=state.total_bytes,
            words=f"{size_of(state.used_bytes)} of {size_of(state.total_bytes)} in use",
        )

    def devices(self) -> dict[str, wire.DeviceState]:
        """What each lane's device holds, as far as it has said so."""
        with self._lock:
            return dict(self._devices)

    def capacity(self, lane: str) -> int | None:
        """The bytes of memory a lane's device has; None while unknown."""
        with self._lock:
            state = self._devices.get(lane)
            return state.total_bytes if state else None

    def counts(self, lanes: Iterable[str]) -> dict[str, dict[str, int]]:
        """How many jobs are in each state: unfinished ones now, finished ones since the start."""
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
            active = [job for job in self._jobs.values() if job.active and job.ticket.lane == lane]
            turns = self._lines.get(lane, ())[:before]
            seconds = sum(seconds_left(job, now) or 0.0 for job in active) + sum(turn.seconds for turn in turns)
            return seconds, active[0] if active else self._jobs.get(turns[0].id) if turns else None

    # -- inside, with the lock held

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
        """Let times run down and old jobs go; only what a person would see changed counts as a change."""
        self._looked = now
        for job in list(self._jobs.values()):
            if job.active:
                self._stands(job, job.spot, seconds_left(job, now))
            elif job.finished and now - (job.finished_at or 0) > KEEP_SECONDS:
                self._forget(job)
        for lane in self._lines:
            self._look_along(lane)

    def _look_along(self, lane: str) -> None:
        active = [job for job in self._jobs.values() if job.active and job.ticket.lane == lane]
        ahead = sum(job.seconds_left or 0.0 for job in active)
        first = active[0] if active else None
        for place, turn in enumerate(self._lines[lane], start=len(active) + 1):
            job = self._jobs.get(turn.id)
            if job is None or job.state != "queued":
                continue
            ahead += turn.seconds
            self._stands(job, _spot(place, first, turn.why), ahead)
            first = first or job

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


def _shown(job: LiveJob, side: Side) -> JobView:
    """A job as seen from a side; its outline where the rest cannot be shown, so that it hides no other job."""
    try:
        return show(job, side)
    except Exception:
        log.exception("job %s can only be shown in outline", job.id)
        return show(job, side._replace(full=False))


def _spot(place: int, first: LiveJob | None, why: str) -> Spot:
    if first is None:
        return Spot(place=place, why=why)
    ticket = first.ticket
    return Spot(place=place, first_user=ticket.user_id, first_owner=ticket.owner, first_noun=ticket.noun, why=why)


def _rounded(seconds: float | None) -> str | None:
    return None if seconds is None else words.about(seconds)
