"""Tables of the queue: jobs and their measured costs."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Job(Base):
    """One job. Only state changes are written here; progress is in the live store.

    ``stop_place`` is the farthest progress at which the studio stopped during the job (see
    ``jobs.queue.crash_progress``), ``restarts`` how often it stopped since the job last got further. ``position``
    replaces ``created_at`` in the order of a person's jobs once they have moved it. A ``dismissed`` job is no longer
    listed as failed.
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
    position: Mapped[float | None]
    dismissed: Mapped[bool] = mapped_column(default=False, server_default="0")
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
    """The measured cost of jobs per task, model and device: moving averages in which the newest job counts most."""

    __tablename__ = "costs"

    task: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    jobs: Mapped[int]
    load_seconds: Mapped[float]
    seconds_per_unit: Mapped[float]
    spread: Mapped[float]
    working_bytes: Mapped[int]
