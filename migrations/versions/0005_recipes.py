"""Saved recipes, and their runs with steps."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create three tables."""
    op.create_table(
        "recipes",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("use", sa.String, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_recipes_owner_id", "recipes", ["owner_id"])
    op.create_table(
        "recipe_runs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("owner_id", sa.String, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("project_id", sa.String, sa.ForeignKey("projects.id", ondelete="SET NULL")),
        sa.Column("recipe", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )
    op.create_index("recipe_runs_by_owner", "recipe_runs", ["owner_id", "updated_at"])
    op.create_table(
        "recipe_steps",
        sa.Column("run_id", sa.String, sa.ForeignKey("recipe_runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("job_id", sa.String),
        sa.Column("assets", sa.JSON, nullable=False),
        sa.Column("asset_id", sa.String),
        sa.Column("looked", sa.Boolean, nullable=False),
        sa.Column("asks", sa.JSON, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("problem", sa.JSON),
    )
    op.create_index("ix_recipe_steps_job_id", "recipe_steps", ["job_id"])
