"""The rooms: conversations, marks on assets, presets, pronunciations, sign-in elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every new table and column."""
    _conversations()
    _marks()
    _people()


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.Column("preset", sa.String),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("head_id", sa.String),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
    )
    op.create_index("conversations_by_owner", "conversations", ["owner_id", "updated_at"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("conversation_id", sa.String, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
        sa.Column("parent_id", sa.String),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("thinking", sa.String, nullable=False),
        sa.Column("attachments", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("model", sa.String),
        sa.Column("job_id", sa.String),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_messages_conversation_id", "messages", ["conversation_id"])
    op.create_index("ix_messages_job_id", "messages", ["job_id"])


def _marks() -> None:
    op.add_column("assets", sa.Column("source", sa.String))
    op.add_column("assets", sa.Column("step", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("ix_favourites_asset_id", "favourites", ["asset_id"])
    op.create_table(
        "asset_tags",
        sa.Column("asset_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tag", sa.String, primary_key=True),
    )
    op.create_index("ix_asset_tags_tag", "asset_tags", ["tag"])


def _people() -> None:
    op.create_table(
        "presets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_presets_owner_id", "presets", ["owner_id"])
    op.create_table(
        "pronunciations",
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("word", sa.String, primary_key=True),
        sa.Column("say", sa.String, nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_identities_user_id", "identities", ["user_id"])
