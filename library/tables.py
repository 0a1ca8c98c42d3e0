"""Tables of the library: projects, their members, the project in each hand, assets."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Project(Base):
    """A job for a client, a film. ``shared`` ones belong to every member of the studio."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]


class ProjectMember(Base):
    """Someone other than its owner who works on a project."""

    __tablename__ = "project_members"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)


class ProjectInHand(Base):
    """The project a person works on now; None means their own work, which nobody else sees."""

    __tablename__ = "projects_in_hand"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))


class Asset(Base):
    """A file somebody made here or brought in. ``file`` and ``thumb`` are relative to the data folder."""

    __tablename__ = "assets"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    kind: Mapped[str]
    origin: Mapped[str]
    title: Mapped[str]
    file: Mapped[str]
    thumb: Mapped[str | None]
    mime: Mapped[str]
    bytes: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    seconds: Mapped[float | None]
    fps: Mapped[float | None]
    frames: Mapped[int | None]
    content_sha256: Mapped[str]
    created_at: Mapped[float]
    deleted_at: Mapped[float | None]
    job_id: Mapped[str | None] = mapped_column(index=True)
    provenance: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    __table_args__ = (
        Index("assets_by_owner", "owner_id", "created_at"),
        Index("assets_by_project", "project_id", "created_at"),
    )


class AssetParent(Base):
    """One asset went into the making of another."""

    __tablename__ = "asset_parents"

    child_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[str] = mapped_column(primary_key=True, index=True)
