"""What is said about a job and the queue, to pages and scripts alike."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from errors import Problem

State = Literal["queued", "loading", "running", "saving", "done", "failed", "cancelled", "paused", "interrupted"]
FINISHED: frozenset[State] = frozenset({"done", "failed", "cancelled"})
ACTIVE: frozenset[State] = frozenset({"loading", "running", "saving"})


class View(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True)


class Offer(View):
    """What would work where a request does not fit, or only slowly: a button's label and how long it would take.

    ``changes`` are the request's fields to be set (none: as it is), ``get`` a model to be downloaded first.
    """

    label: str
    seconds: float
    changes: dict[str, Any] = {}
    get: str | None = None


class Estimate(View):
    """What a request would take, before it is made.

    ``learned`` is False until a job of this kind has run on this machine: then ``seconds`` is a range from
    experience elsewhere and ``words`` says so. ``wait_seconds`` is the queue in front of it.
    ``fits`` is False where the device is too small or the model is not here, with ``problem`` saying so; ``fit`` says
    how what fits is kept (“Fits with offload, about 2x slower.”), ``offers`` what would work too, most useful first.
    ``cast`` says of each @name in the prompt what stands for it.
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

    Of other people's jobs outside shared projects only name, kind, state, place and seconds are given:
    ``title``, ``request``, ``text``, ``preview``, ``assets`` and ``error`` stay empty.
    ``words`` is the whole situation as one line a person would say.
    ``cast`` says of each @name in the prompt what stands for it.
    ``facts`` are what the engine says beside its progress (tokens a second …), ``thinking`` what a model thought aloud.
    ``preview`` counts the pictures at ``/api/jobs/<id>/preview``; 0 when there is none.
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
    can_cancel: bool = False
    can_pause: bool = False
    can_resume: bool = False
    can_retry: bool = False


class DeviceView(View):
    """The device meter: what the models run on and how full it is."""

    name: str
    used_bytes: int
    total_bytes: int
    words: str = ""


class Follow(View):
    """Everything that changed since ``cursor`` was last given; ``whole`` says it is the full list instead."""

    cursor: str
    whole: bool
    jobs: tuple[JobView, ...]
    device: DeviceView | None = None
