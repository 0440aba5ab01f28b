"""Queue, running item, history, tokens, accesses and lock."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables, and the one row of `state`."""
    _state()
    _items()
    _history()
    _tokens_and_accesses()


def _item_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
    ]


def _state() -> None:
    table = op.create_table(
        "state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("queue_uid", sa.String(36), nullable=False),
        sa.Column("history_uid", sa.String(36), nullable=False),
        sa.Column("lock_uid", sa.String(36), nullable=False),
        sa.Column("loop", sa.Boolean, nullable=False),
        sa.Column("autostart", sa.Boolean, nullable=False),
        sa.Column("stop_on_failure", sa.Boolean, nullable=False),
        sa.Column("lock_holder", sa.Text),
        sa.Column("lock_note", sa.Text),
        sa.Column("lock_since", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_state"),
    )
    row = {name: str(uuid.uuid4()) for name in ("queue_uid", "history_uid", "lock_uid")}
    op.bulk_insert(table, [{"id": 1, **row, "loop": False, "autostart": False, "stop_on_failure": True}])


def _items() -> None:
    op.create_table(
        "queue",
        sa.Column("uid", sa.String(255), nullable=False),
        sa.Column("rank", sa.BigInteger, nullable=False),
        *_item_columns(),
        sa.PrimaryKeyConstraint("uid", name="pk_queue"),
    )
    op.create_index("ix_queue_rank", "queue", ["rank"])
    op.create_table(
        "running",
        sa.Column("slot", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(255), nullable=False),
        sa.Column("from_queue", sa.Boolean, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        *_item_columns(),
        sa.PrimaryKeyConstraint("slot", name="pk_running"),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("uid", sa.String(255), nullable=False),
        *_item_columns(),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("exit_status", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run_uid", sa.Text),
        sa.Column("run_path", sa.Text),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_uid", "history", ["uid"])
    op.create_index("ix_history_ended_at", "history", ["ended_at"])


def _tokens_and_accesses() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_index("ix_tokens_prefix", "tokens", ["prefix"])
    op.create_table(
        "accesses",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("token_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accesses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_accesses_time", "accesses", ["time"])
