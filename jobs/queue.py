"""The rows of the queue and their changes of state; memory follows every write."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db import Database
from errors import Problem, StudioError
from jobs.costs import Costs
from jobs.line import Line
from jobs.live import LiveStore, Turn
from jobs.record import LiveJob, Spot, Ticket, live_of, ticket_of
from jobs.tables import Job
from jobs.trouble import IN_VAIN
from jobs.views import ACTIVE, State
from jobs.warmth import Warmth

MOST_UNFINISHED = 200
"""How many unfinished jobs one person may have."""
DISK = "waiting for disk space"
DATABASE = "waiting for the database"
_OTHERS = "waiting for the job before it"


class Outdated(Exception):
    """An attempt that is not the current one any more wanted to change its job."""


class Outlook(NamedTuple):
    """Where a request would stand if it were made now."""

    place: int
    wait_seconds: float
    warm: bool
    first: LiveJob | None


Ended = Callable[[Session, LiveJob, State, Problem | None], None]
"""Told in the transaction that ends a job: as it stood, how it ended, why."""

Along = Callable[[Session, Job], None]
"""Writes what belongs to a new job, in the transaction that writes the job: both are there, or neither."""


class Queue:
    """Who waits, who runs. Safe from any thread; every change is in the database before anyone sees it.

    One lock orders all changes of state. The live store has its own and is never kept waiting by a write.
    """

    def __init__(self, database: Database, live: LiveStore, costs: Costs, warmth: Warmth, ended: Ended) -> None:
        self._database = database
        self._live = live
        self._costs = costs
        self._warmth = warmth
        self._ended = ended
        self._lock = threading.RLock()
        self._served: dict[str, dict[str, float]] = {}
        self._wake: dict[str, list[Callable[[], None]]] = {}
        self._blocked = False

    def serve(self, lane: str, wake: Callable[[], None]) -> None:
        """Open a lane, or one more place in it: ``wake`` is called whenever there may be work."""
        query = select(Job.user_id, func.max(Job.started_at)).where(Job.lane == lane, Job.started_at.is_not(None))
        with self._lock, self._database.session() as session:
            rows = session.execute(query.group_by(Job.user_id)).tuples()
            self._served[lane] = {user: started or 0.0 for user, started in rows}
        with self._lock:
            self._wake.setdefault(lane, []).append(wake)
            self.line_up(lane)

    # -- coming in

    def add(self, row: Job, owner: str, units: float, same: Callable[[Job], bool], along: Along | None = None) -> str:
        """Write a new job and line it up; its id, or that of the job made under its ``client_ref`` before.

        ``same`` says whether an earlier job asked for the same; ``along`` joins the transaction that writes a new one.
        Raises StudioError conflict, too_many_jobs.
        """
        with self._lock:
            earlier = self.known_as(row.user_id, row.client_ref, same)
            if earlier is not None:
                return earlier
            self._check_room(row.user_id)
            with self._database.session() as session:
                session.add(row)
                if along is not None:
                    along(session, row)
            self._live.put(live_of(row, ticket_of(row, owner, units)))
            self.line_up(row.lane)
            wakes = list(self._wake.get(row.lane, ()))
        for wake in wakes:
            wake()
        return row.id

    def known_as(self, user_id: str, client_ref: str | None, same: Callable[[Job], bool]) -> str | None:
        """The id of the job a person made under a reference of their own. Raises StudioError conflict."""
        if client_ref is None:
            return None
        with self._database.session() as session:
            row = session.scalar(select(Job).where(Job.user_id == user_id, Job.client_ref == client_ref))
        if row is not None and not same(row):
            raise StudioError(
                "conflict",
                f"“{client_ref}” already stands for another request.",
                "A client_ref names one request for good.",
                "Take a new one.",
                status=409,
            )
        return row.id if row else None

    def take_back(self, row: Job, ticket: Ticket) -> None:
        """Line up a job from an earlier run of the studio."""
        with self._lock:
            self._live.put(live_of(row, ticket))
            self.line_up(row.lane)

    def reopen(self, attempts: Iterable[tuple[str, int]]) -> None:
        """Let failed jobs be saving again, each where that attempt was its last: their results were never saved."""
        with self._lock, self._database.session() as session:
            for job_id, attempt in attempts:
                failed = (Job.id == job_id, Job.attempt == attempt, Job.state == "failed")
                session.execute(update(Job).where(*failed).values(state="saving", error=None, finished_at=None))

    def _check_room(self, user_id: str) -> None:
        mine = sum(1 for job in self._live.all() if not job.finished and job.ticket.user_id == user_id)
        if mine >= MOST_UNFINISHED:
            raise StudioError(
                "too_many_jobs",
                f"You have {mine} jobs under way.",
                f"{MOST_UNFINISHED} is the most one person may have.",
                "Wait for some to finish, or stop some.",
                status=429,
            )

    # -- whose turn it is

    def claim(self, lane: str) -> LiveJob | None:
        """Give the next job its next attempt; None when nobody is ready."""
        with self._lock:
            if self._blocked:
                return None
            turn = self._line(lane).next()
            if turn is None:
                return None
            now = time.time()
            attempt = turn.job.attempt + 1
            with self._database.session() as session:
                _change(session, turn.job, "loading", attempt=attempt, started_at=now)
                for job in turn.overtaken:
                    session.execute(update(Job).where(Job.id == job.id).values(skipped=job.skipped + 1))
            for job in turn.overtaken:
                self._live.update(job.id, skipped=job.skipped + 1)
            ticket = turn.job.ticket
            expected = self._costs.expect(ticket.task, ticket.model, ticket.units)
            job = self._live.update(
                turn.job.id,
                state="loading",
                attempt=attempt,
                started_at=now,
                expected=expected._replace(load=0.0) if turn.warm else expected,
                **_FRESH,
            )
            self._served.setdefault(lane, {})[ticket.user_id] = now
            self._warmth.runs(lane, ticket.model)
            self.line_up(lane)
            return job

    def block(self, blocked: bool) -> None:
        """Let everybody wait for disk space, or go on."""
        with self._lock:
            if blocked != self._blocked:
                self._blocked = blocked
                for lane in self._wake:
                    self.line_up(lane)

    def line_up(self, lane: str) -> None:
        """Work out the order of a lane anew, as people see it."""
        with self._lock:
            line, waiting = self._line(lane), self._waiting(lane)
            turns = []
            while turn := line.next():
                turns.append(self._turn(turn.job, turn.warm, DISK if self._blocked else ""))
            held = [job for job in waiting if not self._ready(job)]
            turns += [self._turn(job, False, _OTHERS) for job in held]
            self._live.line_up(lane, turns)

    def outlook(self, ticket: Ticket) -> Outlook:
        """Where a job would stand if it were lined up now."""
        with self._lock:
            line = self._line(ticket.lane, LiveJob(ticket=ticket))
            before = 0
            while (turn := line.next()) and turn.job.id != ticket.id:
                before += 1
        seconds, first = self._live.ahead(ticket.lane, before)
        active = sum(1 for job in self._live.all() if job.active and job.ticket.lane == ticket.lane)
        return Outlook(before + active + 1, seconds, bool(turn and turn.warm), first if before + active else None)

    def _line(self, lane: str, *more: LiveJob) -> Line:
        ready = [job for job in self._waiting(lane) if self._ready(job)]
        warm = self._warmth
        return Line([*ready, *more], self._served.get(lane, {}), warm.last(lane), lambda model: warm.warm(lane, model))

    def _waiting(self, lane: str) -> list[LiveJob]:
        waiting = [job for job in self._live.all() if job.state == "queued" and job.ticket.lane == lane]
        return sorted(waiting, key=lambda job: job.ticket.created_at)

    def _ready(self, job: LiveJob) -> bool:
        before = (self._live.get(id) for id in job.ticket.after)
        return all(other is None or other.finished for other in before)

    def _turn(self, job: LiveJob, warm: bool, why: str) -> Turn:
        ticket = job.ticket
        expected = self._costs.expect(ticket.task, ticket.model, ticket.units)
        return Turn(job.id, expected.run + (0.0 if warm else expected.load), why)

    # -- under way

    def mark(self, job: LiveJob, state: State) -> None:
        """Write that the current attempt is loading, running or saving. Raises Outdated for any other attempt."""
        with self._lock:
            with self._database.session() as session:
                _change(session, job, state)
            self._live.update(job.id, state=state)

    def finish(self, job: LiveJob, state: State, error: Problem | None = None) -> None:
        """Write that the current attempt ended without a result, and end what waited for it. Raises Outdated."""
        now = time.time()
        with self._lock:
            doomed = self._waiting_for(job.id)
            with self._database.session() as session:
                self._finish(session, job, state, now, error)
                for other in doomed:
                    self._finish(session, other, "failed", now, IN_VAIN)
            self._live.update(job.id, state=state, finished_at=now, error=error, **_AT_REST)
            for other in doomed:
                self._live.update(other.id, state="failed", finished_at=now, error=IN_VAIN, **_AT_REST)
            for lane in {job.ticket.lane, *(other.ticket.lane for other in doomed)}:
                self.line_up(lane)

    def done(self, session: Session, job: LiveJob, now: float) -> None:
        """Write, in the caller's transaction, that the current attempt is done. Raises Outdated."""
        self._finish(session, job, "done", now, None)

    def drop(self, job: LiveJob, error: Problem) -> None:
        """Show that the current attempt failed where even that cannot be written; the next start settles its row."""
        with self._lock:
            self._live.update(job.id, state="failed", finished_at=time.time(), error=error, **_AT_REST)
            self.line_up(job.ticket.lane)

    def _finish(self, session: Session, job: LiveJob, state: State, now: float, error: Problem | None) -> None:
        _change(session, job, state, finished_at=now, error=error.model_dump() if error else None)
        self._ended(session, self._live.get(job.id) or job, state, error)

    def show_done(self, job: LiveJob, now: float, assets: tuple[str, ...], verdict: str) -> None:
        """Show what ``done`` wrote."""
        with self._lock:
            self._live.update(
                job.id, state="done", finished_at=now, assets=assets, verdict=verdict, error=None, **_AT_REST
            )
            for lane, wakes in self._wake.items():
                self.line_up(lane)
                for wake in wakes:
                    wake()

    def requeue(self, job: LiveJob, **values: Any) -> None:
        """Put the current attempt's job back into the line; ``values`` go into its row. Raises Outdated.

        One that somebody paused waits beside the line instead.
        """
        with self._lock:
            now = self._live.get(job.id)
            state: State = "paused" if now and now.pause else "queued"
            with self._database.session() as session:
                _change(session, job, state, started_at=None, **values)
            kept = _AT_REST if state == "paused" else _FRESH  # a paused one still shows how far it is
            self._live.update(job.id, state=state, started_at=None, pause=False, **kept)
            self.line_up(job.ticket.lane)
            wakes = list(self._wake.get(job.ticket.lane, ()))
        for wake in wakes:
            wake()

    def pause(self, job_id: str) -> LiveJob:
        """Put a waiting job beside the line; mark one under way as to be paused. Raises KeyError, Outdated."""
        with self._lock:
            job = self._live.get(job_id)
            if job is None:
                raise KeyError(job_id)
            if job.state == "queued":
                with self._database.session() as session:
                    _change(session, job, "paused")
                self._live.update(job_id, state="paused", **_FRESH)
                self.line_up(job.ticket.lane)
            elif job.state in ("loading", "running"):
                self._live.update(job_id, pause=True)
            return self._live.get(job_id) or job

    def resume(self, job_id: str) -> LiveJob:
        """Let a paused job wait for its turn again. Raises KeyError, Outdated."""
        with self._lock:
            job = self._live.get(job_id)
            if job is None:
                raise KeyError(job_id)
            if job.state == "paused":
                with self._database.session() as session:
                    _change(session, job, "queued")
                self._live.update(job_id, state="queued", **_FRESH)
                self.line_up(job.ticket.lane)
            wakes = list(self._wake.get(job.ticket.lane, ()))
            job = self._live.get(job_id) or job
        for wake in wakes:
            wake()
        return job

    def cancel(self, job_id: str) -> LiveJob:
        """End a waiting job at once; mark one under way as to be stopped. Raises KeyError for one not in sight."""
        with self._lock:
            job = self._live.get(job_id)
            if job is None:
                raise KeyError(job_id)
            if job.state in ("queued", "paused"):
                self.finish(job, "cancelled")
            elif job.state in ("loading", "running") and not job.cancel:
                with self._database.session() as session:
                    session.execute(update(Job).where(Job.id == job_id).values(cancel=True))
                self._live.update(job_id, cancel=True)
            return self._live.get(job_id) or job

    def _waiting_for(self, job_id: str) -> list[LiveJob]:
        """The waiting jobs that come after a job, and those that come after them."""
        found: dict[str, LiveJob] = {}
        ends = {job_id}
        while True:
            queued = (job for job in self._live.all() if job.state in ("queued", "paused") and job.id not in found)
            more = {job.id: job for job in queued if ends & set(job.ticket.after)}
            if not more:
                return list(found.values())
            found |= more
            ends |= more.keys()


_AT_REST: Mapping[str, Any] = {"note": "", "preview": b"", "previews": 0, "seconds_left": None}
_FRESH: Mapping[str, Any] = {**_AT_REST, "pace": None, "text": "", "thinking": "", "facts": {}, "spot": Spot()}


def _change(session: Session, job: LiveJob, state: State, **values: Any) -> None:
    """Change the row of a job that is still where this attempt left it."""
    here = (Job.id == job.id, Job.attempt == job.attempt, Job.state.in_((*ACTIVE, "queued", "paused")))
    if session.execute(update(Job).where(*here).values(state=state, **values)).rowcount != 1:  # type: ignore[attr-defined]
        raise Outdated(job.id)
