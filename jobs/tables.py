"""Tables of the queue: jobs, and what they have been seen to cost."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Job(Base):
    """One request on its way. Only changes of state are written here; progress lives in the live store.

    ``stop_place`` is how far the job ever was when the studio ended during it (see ``jobs.places``), ``restarts`` how
    often the studio ended since it last came further.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    task: Mapped[str]
    title: Mapped[str]
    model: Mapped[str]
    lane: Mapped[str]
    priority: Mapped[str]
    batch_id: Mapped[str | None]
    after: Mapped[list[str]] = mapped_column(JSON, default=list)
    parent: Mapped[str | None]
    client_ref: Mapped[str | None]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(default=0)
    restarts: Mapped[int] = mapped_column(default=0)
    stop_place: Mapped[str | None]
    skipped: Mapped[int] = mapped_column(default=0)
    cancel: Mapped[bool] = mapped_column(default=False)
    resume: Mapped[str | None]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    seed: Mapped[int | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]

    __table_args__ = (
        Index("jobs_by_state", "state", "created_at"),
        UniqueConstraint("user_id", "client_ref"),
    )


class Cost(Base):
    """What jobs of one kind, model and device have been seen to take: moving averages, newest weighs most."""

    __tablename__ = "costs"

    task: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    jobs: Mapped[int]
    load_seconds: Mapped[float]
    seconds_per_unit: Mapped[float]
    spread: Mapped[float]
    working_bytes: Mapped[int]
