"""Tables of the library: projects, their members, each person's current project, assets."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class Project(Base):
    """A project, such as a film or a job for a client. ``shared`` ones belong to every member of the studio.

    An archived one is no longer offered for new work. ``notes`` are shared by everyone who works on it. Its script is a
    message of one of its conversations, or one of its documents.
    """

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[float]
    archived_at: Mapped[float | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")
    script_message_id: Mapped[str | None]
    script_asset_id: Mapped[str | None]


class ProjectMember(Base):
    """A person who works on a project other than its owner."""

    __tablename__ = "project_members"

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)


class CurrentProject(Base):
    """A person's current project; None means their own work, which nobody else sees."""

    __tablename__ = "projects_in_hand"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))


class Asset(Base):
    """A file made in the studio or uploaded. ``file``, ``thumb`` and ``proxy`` are relative to the data folder; the
    proxy is a small copy of a clip that browsers cannot play.

    ``source`` is the owner's note on where an upload comes from; a ``step`` is an intermediate result that goes to the
    bin automatically unless it is kept. ``moment`` orders assets and is their row in the full-text index: microseconds
    since 1970, assigned by the database, unique. ``family`` is the model family of a LoRA, ``lora`` what else is known
    about it. ``notes`` are sentences on what is missing from the file. ``badges`` say what was done since the first
    file it was made from, whose title it has. ``reproduces`` is the asset that this one was made to reproduce,
    ``verdict`` whether it is identical.
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
    proxy: Mapped[str | None]
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
    reproduces: Mapped[str | None]
    verdict: Mapped[str | None]
    badges: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")

    __table_args__ = (
        Index("assets_by_owner", "owner_id", "created_at"),
        Index("assets_by_project", "project_id", "created_at"),
        Index("assets_by_facet", "owner_id", "project_id", "kind", "model", "deleted_at", "bytes"),
    )


class AssetParent(Base):
    """One asset was made from another."""

    __tablename__ = "asset_parents"

    child_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    parent_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class ClientNumber(Base):
    """The number of an asset in the file names for clients. ``scope`` is its project, or its owner without one.

    Numbers outlive their assets, so that none is given twice.
    """

    __tablename__ = "client_numbers"

    scope: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]

    __table_args__ = (Index("client_numbers_once", "scope", "number", unique=True),)


class Favorite(Base):
    """An asset that a person marked as a favorite."""

    __tablename__ = "favourites"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True)


class AssetTag(Base):
    """A tag of an asset."""

    __tablename__ = "asset_tags"

    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Preset(Base):
    """Values for the fields of a task's request that a person saved under a name."""

    __tablename__ = "presets"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    task: Mapped[str]
    name: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float]

    __table_args__ = (Index("preset_names", "owner_id", "task", "name", unique=True),)


class Pronunciation(Base):
    """A person's pronunciation of a word: ``say`` is spoken instead of ``word``."""

    __tablename__ = "pronunciations"

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    say: Mapped[str]


class Draft(Base):
    """What a person typed into a form and has not sent: ``name`` is the form, ``value`` anything JSON holds."""

    __tablename__ = "drafts"

    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    saved_at: Mapped[float]
