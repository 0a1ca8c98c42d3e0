"""Clips that browsers cannot play have a proxy: a small copy that they can."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column."""
    op.add_column("assets", sa.Column("proxy", sa.String))
