"""What is known of a LoRA: the models it is for, its trigger words, its rank."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The new columns of assets."""
    op.add_column("assets", sa.Column("family", sa.String))
    op.add_column("assets", sa.Column("lora", sa.JSON))
