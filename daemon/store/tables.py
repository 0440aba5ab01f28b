"""The tables of the database, and the column types that make every database answer alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept and given back in UTC also where the database knows no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for us."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that every database takes: PostgreSQL refuses NUL, and nothing encodes half a surrogate pair."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Text with what cannot be stored replaced by "?" or the sign for it."""
        return None if value is None else plain(value)


def plain(text: str) -> str:
    """Text without NUL and lone surrogates."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")


metadata = sa.MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s"},
)

Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Of a column that counts up by itself; SQLite does so only with its own integers."""


def _item_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("plan", Words, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("added_by", Words, nullable=False),
        sa.Column("added_at", Moment, nullable=False),
    ]


state = sa.Table(
    "state",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("queue_uid", sa.String(36), nullable=False),
    sa.Column("history_uid", sa.String(36), nullable=False),
    sa.Column("lock_uid", sa.String(36), nullable=False),
    sa.Column("loop", sa.Boolean, nullable=False),
    sa.Column("autostart", sa.Boolean, nullable=False),
    sa.Column("stop_on_failure", sa.Boolean, nullable=False),
    sa.Column("lock_holder", Words),
    sa.Column("lock_note", Words),
    sa.Column("lock_since", Moment),
)
"""One row; whoever changes queue, history or lock takes it first, so that changes come one after the other."""

work = sa.Table(
    "work",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("working", sa.Boolean, nullable=False),
    sa.Column("stopping", sa.Boolean, nullable=False),
    sa.Column("configured", sa.JSON, nullable=False),
)
"""One row: whether the queue is being worked off, and what the settings said of its flags when they were set last."""

queue = sa.Table(
    "queue",
    metadata,
    sa.Column("uid", sa.String(255), primary_key=True),
    sa.Column("rank", sa.BigInteger, nullable=False, index=True),
    *_item_columns(),
)
"""What waits; `rank` orders it and has gaps."""

running = sa.Table(
    "running",
    metadata,
    sa.Column("slot", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.String(255), nullable=False),
    sa.Column("from_queue", sa.Boolean, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    *_item_columns(),
)
"""What runs: slot 1 or nothing, for there is one instrument."""

history = sa.Table(
    "history",
    metadata,
    sa.Column("id", Number, primary_key=True),
    sa.Column("uid", sa.String(255), nullable=False, index=True),
    *_item_columns(),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment, nullable=False, index=True),
    sa.Column("exit_status", sa.String(16), nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("run_uid", Words),
    sa.Column("run_path", Words),
    sa.Column("points", sa.Integer, nullable=False),
    sa.Column("search", Words, nullable=False),
    sqlite_autoincrement=True,
)
"""What was done; `search` is everything in it that a person may look for, case-folded."""

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", Words, nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("prefix", sa.String(16), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("revoked_at", Moment),
)
"""SHA-256 of each secret; found by its first digits, so that the whole can be compared in constant time."""

accesses = sa.Table(
    "accesses",
    metadata,
    sa.Column("id", Number, primary_key=True),
    sa.Column("time", Moment, nullable=False, index=True),
    sa.Column("token_id", Words),
    sa.Column("name", Words, nullable=False),
    sa.Column("method", Words, nullable=False),
    sa.Column("path", Words, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("address", Words, nullable=False),
    sqlite_autoincrement=True,
)
"""Who asked for what; tokens are named, not referred to, for the log outlives them."""
