"""Jobs record how far they were when the studio last stopped during them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("jobs", sa.Column("stop_place", sa.String))
