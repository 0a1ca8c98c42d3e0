"""The cost of jobs on this computer: learned from finished jobs, estimated from the catalog until then."""

import threading
from typing import Protocol

from sqlalchemy import select

from db import Database
from engines import protocol
from engines.catalog.entry import Entry
from errors import StudioError
from jobs.queue.live_job import Expected, LiveJob, Pace
from jobs.queue.tables import Cost

NEWEST = 0.3
"""The weight of the newest job after the first few."""
MUCH_FASTER = 0.7
"""Its weight if it took less than half the time: earlier jobs had extra work, as first runs do."""
GUESS_LOW, GUESS_HIGH = 0.5, 3.0
"""The range around an estimate from the catalog, as factors."""
_LEAST_SPREAD = 0.1
_COLD = 0.01
"""Below this many seconds of loading, the model was already in memory, and no load time is learned."""


class Entries(Protocol):
    """Look-up of catalog entries. ``get`` raises StudioError for an unknown one."""

    def get(self, id: str) -> Entry: ...


class Costs:
    """Moving averages per task, model and device, in the database and in memory. Thread-safe."""

    def __init__(self, database: Database, entries: Entries) -> None:
        self._database = database
        self._entries = entries
        self._lock = threading.Lock()
        self._device: str | None = None
        self._gpu = False
        with database.session() as session:
            self._known = {(row.task, row.model, row.device): row for row in session.scalars(select(Cost))}

    def device_is(self, device: str, *, gpu: bool | None = None) -> None:
        """Set the device that models run on, so that only costs learned there are used, and whether it is a GPU (None
        if unknown), which decides the first estimates."""
        self._device = device
        self._gpu = self._gpu if gpu is None else gpu

    def expect(self, task: str, model: str, units: float) -> Expected:
        """The expected cost of a job of ``units``."""
        cost = self._find(task, model)
        if cost is not None:
            run = cost.seconds_per_unit * units
            margin = min(0.9, max(_LEAST_SPREAD, 1.5 * cost.spread))
            return Expected(cost.load_seconds, run, run * (1 - margin), run * (1 + margin), True, cost.working_bytes)
        try:
            entry = self._entries.get(model)
        except StudioError:
            return Expected(0.0, units, GUESS_LOW * units, GUESS_HIGH * units, False)
        on_gpu = entry.gpu_seconds_per_unit if self._gpu and entry.lane == "device" else None
        run = (entry.seconds_per_unit if on_gpu is None else on_gpu) * units
        return Expected(entry.load_seconds, run, GUESS_LOW * run, GUESS_HIGH * run, False)

    def learn(self, job: LiveJob, measured: protocol.Measured) -> None:
        """Learn from the measured cost of a finished job."""
        ticket = job.ticket
        key = (ticket.task, ticket.model, measured.device)
        rate = measured.run_seconds / max(ticket.units, 1e-9)
        self.device_is(measured.device)
        with self._lock:
            old = self._known.get(key)
            cost = _first(key, rate, measured) if old is None else _next(key, old, rate, measured)
            if old is None and measured.load_seconds < _COLD:
                cost.load_seconds = self._entries.get(ticket.model).load_seconds
            self._known[key] = cost
        with self._database.session() as session:
            session.merge(cost)

    def _find(self, task: str, model: str) -> Cost | None:
        with self._lock:
            if self._device is not None:
                return self._known.get((task, model, self._device))
            same = [cost for (a, b, _), cost in self._known.items() if (a, b) == (task, model)]
        return max(same, key=lambda cost: cost.jobs, default=None)


def _first(key: tuple[str, str, str], rate: float, measured: protocol.Measured) -> Cost:
    return Cost(
        task=key[0],
        model=key[1],
        device=key[2],
        jobs=1,
        load_seconds=measured.load_seconds,
        seconds_per_unit=rate,
        spread=_LEAST_SPREAD,
        working_bytes=measured.working_bytes,
    )


def _next(key: tuple[str, str, str], old: Cost, rate: float, measured: protocol.Measured) -> Cost:
    weight = max(NEWEST, 1 / (old.jobs + 1))
    if rate < old.seconds_per_unit / 2:
        weight = max(MUCH_FASTER, weight)
    off = abs(rate - old.seconds_per_unit) / max(old.seconds_per_unit, 1e-9)
    cold = measured.load_seconds >= _COLD
    return Cost(
        task=key[0],
        model=key[1],
        device=key[2],
        jobs=old.jobs + 1,
        load_seconds=_mix(old.load_seconds, measured.load_seconds, weight) if cold else old.load_seconds,
        seconds_per_unit=_mix(old.seconds_per_unit, rate, weight),
        spread=_mix(old.spread, min(off, 1.0), weight),
        working_bytes=max(measured.working_bytes, round(_mix(old.working_bytes, measured.working_bytes, weight))),
    )


def _mix(old: float, new: float, weight: float) -> float:
    return (1 - weight) * old + weight * new


def seconds_left(job: LiveJob, now: float) -> float | None:
    """The remaining seconds of an active job; None if unknown. Never negative.

    The pace of this run counts more as it progresses; in its first half, the expected time counts too.
    """
    if job.expected is None or job.started_at is None:
        return None
    if job.state == "saving":
        return 0.0
    elapsed = now - job.started_at
    if job.pace is None:
        load = max(0.0, job.expected.load - elapsed) if job.state == "loading" else 0.0
        return load + max(0.0, job.expected.run - max(0.0, elapsed - job.expected.load))
    if job.pace.total < 1:
        return max(0.0, job.expected.run - (now - job.pace.began))
    return _by_pace(job.pace, job.expected.run, now)


def _by_pace(pace: Pace, expected: float, now: float) -> float:
    todo = pace.total - pace.step
    if todo <= 0:
        return 0.0
    done = pace.step / pace.total
    whole = expected * (1 - done)
    if pace.step > pace.first_step:
        # For a download only its own speed counts: earlier ones had other sizes.
        trust = 1.0 if pace.noun == "byte" else min(1.0, 2 * done)
        measured = (pace.at - pace.began) / (pace.step - pace.first_step) * todo
        whole = trust * measured + (1 - trust) * whole
    # At most one step can have passed since the last report.
    return whole - min(max(0.0, now - pace.at), whole / todo)
