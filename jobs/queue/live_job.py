"""A job in memory: its fixed part and its current state."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from engines.requests import REQUESTS
from errors import Problem
from jobs.queue.tables import Job
from jobs.views import ACTIVE, FINISHED, State
from utf8 import valid_json


class Expected(NamedTuple):
    """The expected cost of a job: seconds to load its model if it is not in memory, seconds of work, and the bytes of
    memory used meanwhile.

    ``low`` and ``high`` bound the seconds of work; ``learned`` says that this computer has run such a job before.
    """

    load: float
    run: float
    low: float
    high: float
    learned: bool
    working_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The request and its owner, fixed when the job is created. ``units`` is the amount of work (see engines.tasks)."""

    id: str
    user_id: str
    owner: str
    project_id: str | None = None
    lane: str
    priority: str = "interactive"
    task: str
    title: str = ""
    model: str
    request: dict[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    parent: str | None = None
    client_ref: str | None = None
    created_at: float
    units: float = 1.0

    @property
    def noun(self) -> str:
        """The queue's word for the result."""
        return REQUESTS[self.task].noun if self.task in REQUESTS else "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The progress of the work and its timing: ``step`` was reached at ``at``, ``first_step`` at ``began``."""

    step: int
    total: int
    noun: str
    at: float
    began: float
    first_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The place of a waiting job in the queue. ``why`` says what it waits for other than its turn."""

    place: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveJob:
    """The current state of a job. Never changed, only replaced; ``version`` grows with every change.

    ``position`` orders a person's jobs once they have moved it; 0 means as submitted. ``yielded`` is the work left, in
    seconds, of a job that lets short ones run since ``yielded_at`` (see ``jobs.queue.yielding``); once it continues, it
    does not do so again before ``works_until``.
    """

    ticket: Ticket
    state: State = "queued"
    attempt: int = 0
    skipped: int = 0
    cancel: bool = False
    pause: bool = False
    started_at: float | None = None
    finished_at: float | None = None
    expected: Expected | None = None
    seconds_left: float | None = None
    spot: Spot = Spot()
    position: float = 0.0
    dismissed: bool = False
    yielded: float | None = None
    yielded_at: float = 0.0
    works_until: float | None = None
    note: str = ""
    pace: Pace | None = None
    text: str = ""
    thinking: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    preview: bytes = b""
    previews: int = 0
    assets: tuple[str, ...] = ()
    error: Problem | None = None
    verdict: str = ""
    version: int = 0

    @property
    def id(self) -> str:
        return self.ticket.id

    @property
    def placed(self) -> bool:
        """Whether its owner has given it a place in the order of their jobs."""
        return self.position > 0

    @property
    def order(self) -> float:
        """What a person's jobs are sorted by."""
        return self.position or self.ticket.created_at

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def active(self) -> bool:
        return self.state in ACTIVE


def ticket_of(row: Job, owner: str, units: float = 1.0) -> Ticket:
    """The ticket of a stored job."""
    return Ticket(
        id=row.id,
        user_id=row.user_id,
        owner=owner,
        project_id=row.project_id,
        lane=row.lane,
        priority=row.priority,
        task=row.task,
        title=row.title,
        model=row.model,
        request=valid_json(row.request) if isinstance(row.request, dict) else {},
        after=tuple(row.after or ()),
        parent=row.parent,
        client_ref=row.client_ref,
        created_at=row.created_at,
        units=units,
    )


def live_of(row: Job, ticket: Ticket) -> LiveJob:
    """The state of a stored job, without what was only in memory."""
    return LiveJob(
        ticket=ticket,
        state=row.state,  # type: ignore[arg-type]
        attempt=row.attempt,
        skipped=row.skipped,
        cancel=row.cancel,
        position=row.position or 0.0,
        dismissed=bool(row.dismissed),
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=_problem(row.error),
    )


def _problem(stored: Any) -> Problem | None:
    """Why a stored job failed, if that can be read."""
    if not stored:
        return None
    try:
        return Problem.model_validate(stored)
    except ValidationError:
        return Problem(code="internal", what="This job failed.", why="The stored reason cannot be read.")
