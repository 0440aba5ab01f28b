"""Whether the queue is being worked off, and with which settings its flags were set last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the table with its one row."""
    table = op.create_table(
        "work",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("stopping", sa.Boolean, nullable=False),
        sa.Column("configured", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work"),
    )
    op.bulk_insert(table, [{"id": 1, "working": False, "stopping": False, "configured": {}}])
