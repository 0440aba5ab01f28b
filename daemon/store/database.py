"""The database: opened, brought up to date, and changed in transactions that come one after the other."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from daemon.errors import StoreUnavailable
from daemon.store import tables
from daemon.store.migrations import migrate

BUSY_TIMEOUT = 10.0
"""How long a change waits for that of another process, s."""

WRITES = "beampilot_writes"


class Database:
    """A database that threads share.

    SQLite is kept in WAL mode, so that readers and the one writer do not wait for each other, and each
    commit is on the disk before it is acknowledged.

    Args:
        url: SQLAlchemy's, as `sqlite:////data/beampilot.sqlite3` or `postgresql+psycopg://host/name`.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine: sa.Engine | None = None
        self._turn = threading.Lock()

    def open(self) -> Self:
        """Connects, and takes the migrations that are due; again is harmless.

        Raises:
            StoreUnavailable: if the database cannot be reached, or is of a later version of Beampilot.
        """
        if self._engine is not None:
            return self
        self._engine = _make_engine(self._url)
        try:
            with self._change(lock=False) as connection:
                migrate(connection)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Lets go of all connections; again is harmless."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _shown(self) -> str:
        return sa.make_url(self._url).render_as_string(hide_password=True)

    @contextlib.contextmanager
    def _look(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, all at one moment."""
        with self._errors(), self._opened().begin() as connection:
            yield connection

    @contextlib.contextmanager
    def _change(self, *, lock: bool = True) -> Iterator[sa.Connection]:
        """A transaction that writes: on the disk after the block, or undone if it raises.

        Args:
            lock: whether it takes the row of `state`, and so waits for others that do.
        """
        with self._errors(), self._turn:
            engine = self._opened().execution_options(**{WRITES: True})
            with engine.begin() as connection:
                if lock:
                    connection.execute(sa.select(tables.state.c.id).with_for_update())
                yield connection

    def _opened(self) -> sa.Engine:
        if self._engine is None:
            raise StoreUnavailable(f"the database {self._shown} is not open")
        return self._engine

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            why = getattr(error, "orig", None) or error
            raise StoreUnavailable(f"the database {self._shown} cannot be used: {why}") from error


def _make_engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed)
        return sa.create_engine(parsed, json_serializer=to_json, pool_pre_ping=True)
    except ArgumentError as error:
        raise StoreUnavailable(f"server.database is no URL of a database: {error}") from error
    except ModuleNotFoundError as error:
        raise StoreUnavailable(f"server.database needs the Python package {error.name!r}: install it") from error


def _sqlite(url: sa.URL) -> sa.Engine:
    options: dict[str, Any] = {}
    if url.database in {None, "", ":memory:"}:
        # It lives as long as its connection: threads take turns with the one there is.
        options = {"pool_size": 1, "max_overflow": 0}
    else:
        path = Path(str(url.database))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        except OSError as error:
            raise StoreUnavailable(f"cannot make the database {path}: {error.strerror or error}") from error
    engine = sa.create_engine(
        url,
        json_serializer=to_json,
        poolclass=sa.QueuePool,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT},
        **options,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, record: object) -> None:
    # The driver would begin transactions by itself, late and without the lock for writing.
    connection.isolation_level = None
    for setting in (
        f"busy_timeout = {round(1000 * BUSY_TIMEOUT)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def to_json(value: object) -> str:
    """JSON that every database takes.

    Raises:
        ValueError: for infinities and NaN, which JSON lacks.
        TypeError: for what is no plain type.
    """
    return json.dumps(value, allow_nan=False)
