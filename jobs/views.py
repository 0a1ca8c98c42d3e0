"""Views of jobs and the queue, for pages and scripts."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from errors import Problem

State = Literal["queued", "loading", "running", "saving", "done", "failed", "cancelled", "paused", "interrupted"]
FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
ACTIVE: frozenset[State] = frozenset({"loading", "running", "saving"})


class View(BaseModel):
    """A frozen response."""

    model_config = ConfigDict(frozen=True)


class Offer(View):
    """An alternative to a request that does not fit, or is slow: a button's label and the seconds it would take.

    ``changes`` are the request's fields to set (empty: unchanged), ``get`` a model to download first.
    """

    label: str
    seconds: float
    changes: dict[str, Any] = {}
    get: str | None = None


class Estimate(View):
    """The estimate for a request, before it is submitted.

    ``learned`` is False until a job of this kind has run on this computer: until then ``seconds_low`` and
    ``seconds_high`` are a rough range, and ``words`` says so. ``wait_seconds`` is the time until the queue reaches it.
    ``fits`` is False if the device is too small or the model is not installed, and ``problem`` says which; ``fit`` says
    how a request fits (“Fits with streaming, about 2× slower.”), ``offers`` what else would work, most useful first.
    ``cast`` has a sentence for each @name in the prompt.
    """

    task: str
    model: str
    seconds: float
    seconds_low: float
    seconds_high: float
    learned: bool
    wait_seconds: float
    bytes: int
    fits: bool
    words: str
    queue_words: str
    problem: Problem | None = None
    fit: str = ""
    offers: tuple[Offer, ...] = ()
    cast: tuple[str, ...] = ()


class JobView(View):
    """A job as one person sees it.

    Other people's jobs outside shared projects only show name, kind, state, place and seconds:
    ``title``, ``request``, ``text``, ``preview``, ``assets`` and ``error`` stay empty.
    ``words`` is the current situation in one line.
    ``cast`` has a sentence for each @name in the prompt.
    ``facts`` is extra information from the engine (tokens per second …), ``thinking`` a model's reasoning.
    Jobs wait only for others of their ``lane``; ``dismissed`` is a failure that the person has dismissed.
    ``preview`` is the number of the latest preview at ``/api/jobs/<id>/preview``; 0 if there is none.
    """

    id: str
    mine: bool
    owner: str
    task: str
    noun: str
    state: State
    words: str
    place: int | None = None
    step: int = 0
    total: int = 0
    fraction: float | None = None
    seconds_left: float | None = None
    title: str = ""
    model: str = ""
    project_id: str | None = None
    preview: int = 0
    text: str = ""
    thinking: str = ""
    facts: dict[str, Any] = {}
    assets: tuple[str, ...] = ()
    error: Problem | None = None
    cast: tuple[str, ...] = ()
    request: dict[str, Any] | None = None
    attempt: int = 0
    client_ref: str | None = None
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    lane: str = ""
    dismissed: bool = False
    can_move: bool = False
    can_cancel: bool = False
    can_pause: bool = False
    can_resume: bool = False
    can_retry: bool = False


class Move(View):
    """Where a waiting job goes: directly ``before`` or ``after`` another one (exactly one of the two, a job's id)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: str | None = None
    after: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Move":
        if (self.before is None) == (self.after is None):
            raise ValueError("Send either before or after, with the id of a job.")
        return self


class Dismissed(View):
    """The number of failed jobs that were dismissed."""

    count: int


class DeviceView(View):
    """The device meter: the device the models run on, and its memory use."""

    name: str
    used_bytes: int
    total_bytes: int
    words: str = ""


class Follow(View):
    """Everything that changed since the previous ``cursor``; with ``whole``, the full list instead."""

    cursor: str
    whole: bool
    jobs: tuple[JobView, ...]
    device: DeviceView | None = None
