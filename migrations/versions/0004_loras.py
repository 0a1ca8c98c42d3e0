"""Facts about LoRAs: the models they are for, their trigger words, their rank."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns to assets."""
    op.add_column("assets", sa.Column("family", sa.String))
    op.add_column("assets", sa.Column("lora", sa.JSON))
