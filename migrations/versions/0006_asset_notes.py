"""Notes on assets: what is missing from a file, what was left out of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column to assets."""
    op.add_column("assets", sa.Column("notes", sa.JSON, nullable=False, server_default="[]"))
