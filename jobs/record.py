"""A job as the studio holds it in memory: what never changes, and how it stands now."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from engines.requests import REQUESTS
from errors import Problem
from jobs.tables import Job
from jobs.views import ACTIVE, FINISHED, State
from utf8 import valid_json


class Expected(NamedTuple):
    """What a job should take: seconds to load its model when it is cold, seconds of work, bytes while at it.

    ``low`` and ``high`` bound the work; ``learned`` says that this machine has done such a job before.
    """

    load: float
    run: float
    low: float
    high: float
    learned: bool
    working_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What was asked, by whom: fixed when the job is made. ``units`` is how much work it is (see engines.tasks)."""

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
        """What the queue calls what it makes."""
        return REQUESTS[self.task].noun if self.task in REQUESTS else "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far the work is, and when it was where: ``step`` was reached at ``at``, ``first_step`` at ``began``."""

    step: int
    total: int
    noun: str
    at: float
    began: float
    first_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a waiting job stands: its place, and whose job is first. ``why`` says what it waits for beside its turn."""

    place: int | None = None
    first_user: str | None = None
    first_owner: str = ""
    first_noun: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveJob:
    """A job as it stands. Never changed, only replaced; ``version`` grows with every change."""

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
    """A stored job as it stands, without what only memory knew."""
    return LiveJob(
        ticket=ticket,
        state=row.state,  # type: ignore[arg-type]
        attempt=row.attempt,
        skipped=row.skipped,
        cancel=row.cancel,
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=_problem(row.error),
    )


def _problem(stored: Any) -> Problem | None:
    """Why a stored job failed, as far as it can be read."""
    if not stored:
        return None
    try:
        return Problem.model_validate(stored)
    except ValidationError:
        return Problem(code="internal", what="This did not work.", why="The stored reason cannot be read.")
