"""Tables of recipes: what is kept, and the runs of it with their steps."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Recipe(Base):
    """A chain of steps that a person keeps under a name."""

    __tablename__ = "recipes"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    use: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[float]


class Run(Base):
    """A recipe on its way. It has its own copy of the steps, so that the recipe may change or go meanwhile.

    ``inputs`` are the assets it was given, by name. ``state`` is going (by itself, now or after a restart), looking (at
    the last result), asking (for what a step lacks), failed, stopped or done.
    """

    __tablename__ = "recipe_runs"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    recipe: Mapped[str]
    name: Mapped[str]
    inputs: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    state: Mapped[str]
    created_at: Mapped[float]
    updated_at: Mapped[float]

    __table_args__ = (Index("recipe_runs_by_owner", "owner_id", "updated_at"),)


class RunStep(Base):
    """One step of a run. ``spec`` is the step as the recipe says it; ``state`` is open, working, done, failed or stale
    (something before it is different now). ``assets`` are its results, ``asset_id`` the one that counts, ``asks`` the
    fields that somebody must fill in before it can be done.
    """

    __tablename__ = "recipe_steps"

    run_id: Mapped[str] = mapped_column(ForeignKey("recipe_runs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str]
    job_id: Mapped[str | None] = mapped_column(index=True)
    assets: Mapped[list[str]] = mapped_column(JSON, default=list)
    asset_id: Mapped[str | None]
    looked: Mapped[bool] = mapped_column(default=False)
    asks: Mapped[list[str]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(default="")
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
