"""Tables of the cast."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db import Base, new_id


class CastMember(Base):
    """A character, product, place or style. ``key`` is its name in the form used for comparison: lowercase, NFC.

    ``look`` describes its appearance; ``voice`` is a voice of the speech models.
    """

    __tablename__ = "cast_members"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="SET NULL"))
    kind: Mapped[str]
    name: Mapped[str]
    key: Mapped[str]
    look: Mapped[str]
    voice: Mapped[str | None]
    notes: Mapped[str]
    created_at: Mapped[float]
    updated_at: Mapped[float]
    deleted_at: Mapped[float | None]

    __table_args__ = (
        Index("cast_by_owner", "owner_id", "key"),
        Index("cast_by_project", "project_id"),
        Index("cast_names", "owner_id", "key", unique=True, sqlite_where=text("deleted_at IS NULL")),
    )


class CastPicture(Base):
    """A picture of a member; ``place`` is its position among them, from 0."""

    __tablename__ = "cast_pictures"

    member_id: Mapped[str] = mapped_column(ForeignKey("cast_members.id", ondelete="CASCADE"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True, index=True)
    place: Mapped[int]


class CastLora(Base):
    """A LoRA of a member, one per model family; ``trigger`` are its trigger words."""

    __tablename__ = "cast_loras"

    member_id: Mapped[str] = mapped_column(ForeignKey("cast_members.id", ondelete="CASCADE"), primary_key=True)
    family: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    weight: Mapped[float]
    trigger: Mapped[str]
