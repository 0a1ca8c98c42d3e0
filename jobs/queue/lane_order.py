"""The order of a lane's waiting jobs, with what is known of their times and of the models in memory."""

from typing import NamedTuple

from jobs.queue.costs import Costs
from jobs.queue.fair_order import FairOrder, WaitingJob
from jobs.queue.live_job import LiveJob, Ticket
from jobs.queue.live_store import LiveStore, QueueTurn
from jobs.queue.residency import Residency
from jobs.queue.yielding import SHORT_SECONDS

_OTHERS = "waiting for an earlier job"


class Outlook(NamedTuple):
    """The place of a request in the queue if it were submitted now.

    ``between``: it is short and would run between two steps of the first job.
    """

    place: int
    wait_seconds: float
    warm: bool
    first: LiveJob | None
    between: bool = False


class LaneOrder:
    """Orders the waiting jobs of every lane. Used with the queue's lock held, except ``next_short``.

    ``served`` is the time of each person's last turn, by lane.
    """

    def __init__(self, live: LiveStore, costs: Costs, residency: Residency) -> None:
        self.served: dict[str, dict[str, float]] = {}
        self._live = live
        self._costs = costs
        self._residency = residency

    def next(self, lane: str) -> WaitingJob | None:
        """The next job; None if none is ready."""
        return self._line(lane).next()

    def next_short(self, lane: str) -> WaitingJob | None:
        """The next short job that could run between the steps of a long one."""
        for turn in self._live.line(lane):
            job = self._live.get(turn.id) if turn.short else None
            if job is not None and job.state == "queued":
                warm = self._residency.is_resident(lane, job.ticket.model)
                if self._is_short(job, warm):
                    return WaitingJob(job, (), warm)
        return None

    def movable(self, job: LiveJob) -> list[LiveJob]:
        """The waiting jobs, in order, among which a person can move a job: their own of the same lane and class."""
        ticket = job.ticket
        wanted = (ticket.user_id, ticket.priority)
        waiting = (other for other in self._waiting(ticket.lane) if other.yielded is None)
        return [other for other in waiting if (other.ticket.user_id, other.ticket.priority) == wanted]

    def turns(self, lane: str, why: str = "") -> list[QueueTurn]:
        """Every waiting job of a lane, in order; ``why`` says what all of them wait for."""
        line, turns = self._line(lane), []
        while turn := line.next():
            turns.append(self._turn(turn.job, turn.warm, why))
        held = (job for job in self._waiting(lane) if not self._ready(job))
        return [*turns, *(self._turn(job, False, _OTHERS) for job in held)]

    def outlook(self, ticket: Ticket) -> Outlook:
        """The place of a job if it were queued now."""
        job, lane = LiveJob(ticket=ticket), ticket.lane
        warm = self._residency.is_resident(lane, ticket.model)
        if self._is_short(job, warm) and (soon := self._live.between_steps(lane)):
            return Outlook(soon.place, soon.seconds, warm, soon.long, between=True)
        line, before = self._line(lane, job), 0
        while (turn := line.next()) and turn.job.id != ticket.id:
            before += 1
        seconds, first = self._live.ahead(lane, before)
        active = sum(1 for job in self._live.all() if job.active and job.ticket.lane == lane)
        return Outlook(before + active + 1, seconds, bool(turn and turn.warm), first if before + active else None)

    def _line(self, lane: str, *more: LiveJob) -> FairOrder:
        ready = [job for job in self._waiting(lane) if self._ready(job)]
        warm = self._residency
        return FairOrder(
            [*ready, *more], self.served.get(lane, {}), warm.last(lane), lambda model: warm.is_resident(lane, model)
        )

    def _waiting(self, lane: str) -> list[LiveJob]:
        waiting = [job for job in self._live.all() if job.state == "queued" and job.ticket.lane == lane]
        return sorted(waiting, key=lambda job: job.order)

    def _ready(self, job: LiveJob) -> bool:
        before = (self._live.get(id) for id in job.ticket.after)
        return all(other is None or other.finished for other in before)

    def _turn(self, job: LiveJob, warm: bool, why: str) -> QueueTurn:
        return QueueTurn(job.id, self._seconds(job, warm), why, not why and self._is_short(job, warm))

    def _is_short(self, job: LiveJob, warm: bool) -> bool:
        seconds = self._seconds(job, warm)
        return job.ticket.priority == "interactive" and job.yielded is None and seconds <= SHORT_SECONDS

    def _seconds(self, job: LiveJob, warm: bool) -> float:
        """The seconds that a waiting job takes once it starts."""
        expected = self._costs.expect(job.ticket.task, job.ticket.model, job.ticket.units)
        run = expected.run if job.yielded is None else job.yielded
        return run + (0.0 if warm else expected.load)
