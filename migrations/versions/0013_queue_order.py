"""Jobs keep the place their owner gave them and can be dismissed; assets record what they reproduce."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ORIGINAL = "SELECT o.{} FROM jobs j JOIN assets o ON o.id = j.parent WHERE j.id = assets.job_id"
"""The asset that an asset's job was to reproduce: a job's parent is an asset only then."""


def upgrade() -> None:
    """Add the columns, and mark the reproductions made so far; why they differ was not recorded."""
    op.add_column("jobs", sa.Column("position", sa.Double))
    op.add_column("jobs", sa.Column("dismissed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("assets", sa.Column("reproduces", sa.String))
    op.add_column("assets", sa.Column("verdict", sa.String))
    op.execute(f"UPDATE assets SET reproduces = ({_ORIGINAL.format('id')}) WHERE origin = 'made'")
    same = "EXISTS (SELECT 1 FROM assets o WHERE o.id = assets.reproduces AND o.content_sha256 = assets.content_sha256)"
    op.execute(
        f"UPDATE assets SET verdict = CASE WHEN {same} THEN 'identical to the original' "
        "ELSE 'differs from the original' END WHERE reproduces IS NOT NULL"
    )
