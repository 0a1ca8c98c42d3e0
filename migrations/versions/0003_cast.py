"""The cast: members, their pictures, their LoRAs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create three tables."""
    op.create_table(
        "cast_members",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("look", sa.String, nullable=False),
        sa.Column("voice", sa.String),
        sa.Column("notes", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index("cast_by_owner", "cast_members", ["owner_id", "key"])
    op.create_index("cast_by_project", "cast_members", ["project_id"])
    op.create_table(
        "cast_pictures",
        _member(),
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
    )
    op.create_index("ix_cast_pictures_asset_id", "cast_pictures", ["asset_id"])
    op.create_table(
        "cast_loras",
        _member(),
        sa.Column("family", sa.String, primary_key=True),
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("trigger", sa.String, nullable=False),
    )
    op.create_index("ix_cast_loras_asset_id", "cast_loras", ["asset_id"])


def _member() -> "sa.Column[str]":
    return sa.Column("member_id", sa.String, sa.ForeignKey("cast_members.id", ondelete="CASCADE"), primary_key=True)
