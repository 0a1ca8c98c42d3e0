"""The first tables: people, library, queue."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, in the order of their references."""
    _people()
    _library()
    _queue()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("password_hash", sa.String),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("device", sa.String, nullable=False),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False, unique=True),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double),
    )
    op.create_index("ix_tokens_user_id", "tokens", ["user_id"])
    op.create_table(
        "one_time_links",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double),
    )
    op.create_table(
        "gradio_uploads",
        sa.Column("path", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_gradio_uploads_created_at", "gradio_uploads", ["created_at"])


def _library() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_table(
        "projects_in_hand",
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
    )
    op.create_table(
        "assets",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("file", sa.String, nullable=False),
        sa.Column("thumb", sa.String),
        sa.Column("mime", sa.String, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("seconds", sa.Double),
        sa.Column("fps", sa.Double),
        sa.Column("frames", sa.Integer),
        sa.Column("content_sha256", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("deleted_at", sa.Double),
        sa.Column("job_id", sa.String),
        sa.Column("provenance", sa.JSON),
    )
    op.create_index("assets_by_owner", "assets", ["owner_id", "created_at"])
    op.create_index("assets_by_project", "assets", ["project_id", "created_at"])
    op.create_index("ix_assets_job_id", "assets", ["job_id"])
    op.create_table(
        "asset_parents",
        sa.Column("child_id", sa.String, sa.ForeignKey("assets.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("parent_id", sa.String, primary_key=True),
    )
    op.create_index("ix_asset_parents_parent_id", "asset_parents", ["parent_id"])


def _queue() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        sa.Column("batch_id", sa.String),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("parent", sa.String),
        sa.Column("client_ref", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("resume", sa.String),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("seed", sa.Integer),
        sa.Column("error", sa.JSON),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double),
        sa.Column("finished_at", sa.Double),
        sa.UniqueConstraint("user_id", "client_ref"),
    )
    op.create_index("ix_jobs_user_id", "jobs", ["user_id"])
    op.create_index("jobs_by_state", "jobs", ["state", "created_at"])
    op.create_table(
        "costs",
        sa.Column("task", sa.String, primary_key=True),
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("jobs", sa.Integer, nullable=False),
        sa.Column("load_seconds", sa.Double, nullable=False),
        sa.Column("seconds_per_unit", sa.Double, nullable=False),
        sa.Column("spread", sa.Double, nullable=False),
        sa.Column("working_bytes", sa.Integer, nullable=False),
    )
