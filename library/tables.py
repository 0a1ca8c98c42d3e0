"""Tables of the library: projects, their members, the project in each hand, assets."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
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
    """A file somebody made here or brought in. ``file`` and ``thumb`` are relative to the data folder.

    ``source`` is what its person says about where an upload comes from; a ``step`` was made on the way to something
    else and goes to the bin by itself when nobody keeps it. ``moment`` is its place in time and in the index of words:
    microseconds since 1970, given by the database, to one asset only. ``family`` says which models a LoRA is for,
    ``lora`` what else is known of it. ``notes`` are sentences on what the file lacks, or was left out of it.
    """

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
    source: Mapped[str | None]
    step: Mapped[bool] = mapped_column(default=False)
    model: Mapped[str | None]
    moment: Mapped[int | None] = mapped_column(BigInteger, unique=True, index=True)
    family: Mapped[str | None]
    lora: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    notes: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")

    __table_args__ = (
        Index("assets_by_owner", "owner_id", "created_at"),
        Index("assets_by_project", "project_id", "created_at"),
        Index("assets_by_facet", "owner_id", "project_id", "kind", "model", "deleted_at", "bytes"),
    )


class AssetParent(Base):
    """One asset went into the making of another."""

    __tablename__ = "asset_parents"

    child_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class Favourite(Base):
    """An asset that a person keeps."""

    __tablename__ = "favourites"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True)


class AssetTag(Base):
    """A word somebody filed an asset under."""

    __tablename__ = "asset_tags"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Preset(Base):
    """Values for the fields of a task's request that a person keeps under a name."""

    __tablename__ = "presets"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    task: Mapped[str]
    name: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float]

    __table_args__ = (Index("preset_names", "owner_id", "task", "name", unique=True),)


class Pronunciation(Base):
    """How a person wants a word spoken: ``say`` is read in place of ``word``."""

    __tablename__ = "pronunciations"

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    say: Mapped[str]
