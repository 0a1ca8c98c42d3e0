"""Tables of recipes: saved recipes, and runs with their steps."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Recipe(Base):
    """A chain of steps that a person saved under a name."""

    __tablename__ = "recipes"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    use: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[float]


class Run(Base):
    """A run of a recipe. It has its own copy of the steps, so that the recipe can be changed or deleted meanwhile.

    ``inputs`` are its input assets by name. ``state`` is going (continues automatically, also after a restart), looking
    (waits for a review of the last result), asking (needs a field filled in), failed, stopped or done.
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
    """One step of a run. ``spec`` is the step from the recipe; ``state`` is open, working, done, failed or stale (an
    earlier step has changed). ``assets`` are its results, ``asset_id`` the chosen one, ``asks`` the fields that must be
    filled in before it can run.
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
