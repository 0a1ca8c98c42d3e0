"""The rows of the queue and their state changes; memory is updated after every write."""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db import Database
from errors import Problem, StudioError
from jobs.queue.costs import Costs
from jobs.queue.lane_order import LaneOrder, Outlook
from jobs.queue.live_job import LiveJob, Spot, Ticket, live_of, ticket_of
from jobs.queue.live_store import LiveStore
from jobs.queue.problems import NO_RESULT
from jobs.queue.reorder import positions
from jobs.queue.residency import Residency
from jobs.queue.tables import Job
from jobs.queue.yielding import works_until
from jobs.views import ACTIVE, State

MOST_UNFINISHED = 200
"""The maximum number of unfinished jobs per person."""
DISK = "waiting for disk space"
DATABASE = "waiting for the database"


class Outdated(Exception):
    """An attempt that is no longer the current one tried to change its job."""


EndListener = Callable[[Session, LiveJob, State, Problem | None], None]
"""Called in the transaction that ends a job, with its last state, its end state, and the problem if it failed."""

Along = Callable[[Session, Job], None]
"""Writes data that belongs to a new job, in the transaction that writes the job."""


class Queue:
    """The waiting and running jobs. Thread-safe; every change is in the database before anyone sees it.

    One lock orders all state changes. The live store has its own lock and never waits for a write.
    """

    def __init__(
        self, database: Database, live: LiveStore, costs: Costs, residency: Residency, ended: EndListener
    ) -> None:
        self._database = database
        self._live = live
        self._costs = costs
        self._residency = residency
        self._order = LaneOrder(live, costs, residency)
        self._ended = ended
        self._lock = threading.RLock()
        self._wake: dict[str, list[Callable[[], None]]] = {}
        self._blocked = False

    def serve(self, lane: str, wake: Callable[[], None]) -> None:
        """Open a lane, or add another worker to it: ``wake`` is called whenever there may be work."""
        query = select(Job.user_id, func.max(Job.started_at)).where(Job.lane == lane, Job.started_at.is_not(None))
        with self._lock, self._database.session() as session:
            rows = session.execute(query.group_by(Job.user_id)).tuples()
            self._order.served[lane] = {user: started or 0.0 for user, started in rows}
        with self._lock:
            self._wake.setdefault(lane, []).append(wake)
            self.line_up(lane)

    # -- adding jobs

    def add(self, row: Job, owner: str, units: float, same: Callable[[Job], bool], along: Along | None = None) -> str:
        """Write a new job and queue it. Returns its id, or the id of the earlier job with the same ``client_ref``.

        ``same`` returns whether an earlier job had the same request; ``along`` joins the transaction that writes a new
        one. Raises StudioError conflict, too_many_jobs.
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
        """The id of a person's job with this ``client_ref``. Raises StudioError conflict."""
        if client_ref is None:
            return None
        with self._database.session() as session:
            row = session.scalar(select(Job).where(Job.user_id == user_id, Job.client_ref == client_ref))
        if row is not None and not same(row):
            raise StudioError(
                "conflict",
                f"“{client_ref}” was already used for a different request.",
                "A client_ref permanently belongs to one request.",
                "Use a new client_ref.",
                status=409,
            )
        return row.id if row else None

    def take_back(self, row: Job, ticket: Ticket) -> None:
        """Queue a job from an earlier run of the studio again."""
        with self._lock:
            self._live.put(live_of(row, ticket))
            self.line_up(row.lane)

    def reopen(self, attempts: Iterable[tuple[str, int]]) -> None:
        """Set failed jobs back to saving if the given attempt was their last: their results were never saved."""
        with self._lock, self._database.session() as session:
            for job_id, attempt in attempts:
                failed = (Job.id == job_id, Job.attempt == attempt, Job.state == "failed")
                session.execute(update(Job).where(*failed).values(state="saving", error=None, finished_at=None))

    def _check_room(self, user_id: str) -> None:
        mine = sum(1 for job in self._live.all() if not job.finished and job.ticket.user_id == user_id)
        if mine >= MOST_UNFINISHED:
            raise StudioError(
                "too_many_jobs",
                f"You have {mine} unfinished jobs.",
                f"One person can have at most {MOST_UNFINISHED}.",
                "Wait for some to finish, or cancel some.",
                status=429,
            )

    # -- order

    def claim(self, lane: str, *, short: bool = False) -> LiveJob | None:
        """Start the next attempt of the next job, or of the next short one; None if no job is ready."""
        with self._lock:
            turn = None if self._blocked else self._order.next_short(lane) if short else self._order.next(lane)
            if turn is None:
                return None
            now = time.time()
            attempt = turn.job.attempt + 1
            resumed = turn.job.yielded is not None
            started = turn.job.started_at if resumed else now
            with self._database.session() as session:
                _change(session, turn.job, "loading", attempt=attempt, started_at=started)
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
                started_at=started,
                expected=expected._replace(load=0.0) if turn.warm else expected,
                **(_resumed(turn.job, now) if resumed else _FRESH),
            )
            self._order.served.setdefault(lane, {})[ticket.user_id] = now
            self._residency.runs(lane, ticket.model)
            self.line_up(lane)
            return job

    def has_short(self, lane: str) -> bool:
        """Whether a short job is waiting that could run between the steps of a long one."""
        return not self._blocked and self._order.next_short(lane) is not None  # without the lock: it is asked often

    def move(self, job_id: str, anchor_id: str, *, after: bool) -> LiveJob:
        """Move a waiting job before or after another of the same person, lane and priority.

        Raises KeyError if one of the two does not wait there (any more).
        """
        with self._lock:
            job = self._live.get(job_id)
            if job is None:
                raise KeyError(job_id)
            line = self._order.movable(job)
            for wanted in (job_id, anchor_id):
                if not any(other.id == wanted for other in line):
                    raise KeyError(wanted)
            new = positions(line, job_id, anchor_id, after=after) if job_id != anchor_id else {}
            with self._database.session() as session:
                for id, position in new.items():
                    session.execute(update(Job).where(Job.id == id).values(position=position))
            for id, position in new.items():
                self._live.update(id, position=position)
            self.line_up(job.ticket.lane)
            return self._live.get(job_id) or job

    def block(self, blocked: bool) -> None:
        """Make every job wait for disk space, or continue."""
        with self._lock:
            if blocked != self._blocked:
                self._blocked = blocked
                for lane in self._wake:
                    self.line_up(lane)

    def line_up(self, lane: str) -> None:
        """Update the order of a lane, as people see it."""
        with self._lock:
            self._live.line_up(lane, self._order.turns(lane, DISK if self._blocked else ""))

    def outlook(self, ticket: Ticket) -> Outlook:
        """The place of a job if it were queued now."""
        with self._lock:
            return self._order.outlook(ticket)

    # -- active jobs

    def mark(self, job: LiveJob, state: State) -> None:
        """Write that the current attempt is loading, running or saving. Raises Outdated for any other attempt."""
        with self._lock:
            with self._database.session() as session:
                _change(session, job, state)
            self._live.update(job.id, state=state)

    def finish(self, job: LiveJob, state: State, error: Problem | None = None) -> None:
        """Write that the current attempt ended without a result, and fail the jobs waiting for it. Raises Outdated."""
        now = time.time()
        with self._lock:
            doomed = self._waiting_for(job.id)
            with self._database.session() as session:
                self._finish(session, job, state, now, error)
                for other in doomed:
                    self._finish(session, other, "failed", now, NO_RESULT)
            self._live.update(job.id, state=state, finished_at=now, error=error, **_AT_REST)
            for other in doomed:
                self._live.update(other.id, state="failed", finished_at=now, error=NO_RESULT, **_AT_REST)
            for lane in {job.ticket.lane, *(other.ticket.lane for other in doomed)}:
                self.line_up(lane)

    def done(self, session: Session, job: LiveJob, now: float) -> None:
        """Write, in the caller's transaction, that the current attempt is done. Raises Outdated."""
        self._finish(session, job, "done", now, None)

    def drop(self, job: LiveJob, error: Problem) -> None:
        """Show that the current attempt failed, if that cannot be written; the next start updates its row."""
        with self._lock:
            self._live.update(job.id, state="failed", finished_at=time.time(), error=error, **_AT_REST)
            self.line_up(job.ticket.lane)

    def _finish(self, session: Session, job: LiveJob, state: State, now: float, error: Problem | None) -> None:
        _change(session, job, state, finished_at=now, error=error.model_dump() if error else None)
        self._ended(session, self._live.get(job.id) or job, state, error)

    def show_done(self, job: LiveJob, now: float, assets: tuple[str, ...], verdict: str) -> None:
        """Update memory after ``done``."""
        with self._lock:
            self._live.update(
                job.id, state="done", finished_at=now, assets=assets, verdict=verdict, error=None, **_AT_REST
            )
            for lane, wakes in self._wake.items():
                self.line_up(lane)
                for wake in wakes:
                    wake()

    def requeue(self, job: LiveJob, *, yielded: float | None = None, **values: Any) -> None:
        """Put the current attempt's job back into the queue and write ``values`` to its row. Raises Outdated.

        A job that someone paused is set to paused instead. One that ``yielded``, with this many seconds of work left,
        is first when no more short jobs start.
        """
        with self._lock:
            now = self._live.get(job.id)
            state: State = "paused" if now and now.pause else "queued"
            yielded = yielded if state == "queued" else None
            started = job.started_at if yielded is not None else None
            with self._database.session() as session:
                _change(session, job, state, started_at=started, **values)
            changes = _AT_REST if state == "paused" else _FRESH  # a paused job still shows its progress
            changes = changes if yielded is None else {"note": "", "yielded": yielded, "yielded_at": time.time()}
            self._live.update(job.id, state=state, started_at=started, pause=False, **changes)
            self.line_up(job.ticket.lane)
            wakes = list(self._wake.get(job.ticket.lane, ()))
        for wake in wakes:
            wake()

    def pause(self, job_id: str) -> LiveJob:
        """Pause a waiting job; mark an active one to be paused. Raises KeyError, Outdated."""
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
        """Put a paused job back into the queue. Raises KeyError, Outdated."""
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
        """End a waiting job at once; mark an active one to be canceled. Raises KeyError if it is not in memory."""
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

    def dismiss(self, job_ids: Collection[str]) -> None:
        """Mark failed jobs as dismissed."""
        with self._lock:
            with self._database.session() as session:
                session.execute(update(Job).where(Job.id.in_(job_ids), Job.state == "failed").values(dismissed=True))
            for job_id in job_ids:
                job = self._live.get(job_id)
                if job is not None and job.state == "failed":
                    self._live.update(job_id, dismissed=True)

    def _waiting_for(self, job_id: str) -> list[LiveJob]:
        """The jobs that wait for a job, directly or through other jobs."""
        jobs: dict[str, LiveJob] = {}
        ends = {job_id}
        while True:
            queued = (job for job in self._live.all() if job.state in ("queued", "paused") and job.id not in jobs)
            more = {job.id: job for job in queued if ends & set(job.ticket.after)}
            if not more:
                return list(jobs.values())
            jobs |= more
            ends |= more.keys()


_AT_REST: Mapping[str, Any] = {"note": "", "preview": b"", "previews": 0, "seconds_left": None}
_FRESH: Mapping[str, Any] = {
    **_AT_REST,
    "pace": None,
    "text": "",
    "thinking": "",
    "facts": {},
    "spot": Spot(),
    "yielded": None,
    "works_until": None,
}


def _resumed(job: LiveJob, now: float) -> Mapping[str, Any]:
    """What changes when a job continues that let short ones run: its progress stays, and is timed anew."""
    pace = job.pace and replace(job.pace, at=now, began=now, first_step=job.pace.step)
    return {"pace": pace, "spot": Spot(), "yielded": None, "works_until": works_until(job.yielded_at, now)}


def _change(session: Session, job: LiveJob, state: State, **values: Any) -> None:
    """Change the row of a job. Raises Outdated if another attempt has changed it since."""
    here = (Job.id == job.id, Job.attempt == job.attempt, Job.state.in_((*ACTIVE, "queued", "paused")))
    if session.execute(update(Job).where(*here).values(state=state, **values)).rowcount != 1:  # type: ignore[attr-defined]
        raise Outdated(job.id)
