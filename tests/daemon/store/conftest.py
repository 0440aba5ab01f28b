"""Stores in databases of their own: SQLite always, PostgreSQL where the environment names one for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from daemon.store import Store
from daemon.store.tables import metadata

POSTGRESQL = os.environ.get("BEAMPILOT_TEST_POSTGRESQL")
"""URL of a database that tests may empty."""


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRESQL else [])])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with nothing in it, of each kind."""
    if request.param == "sqlite" or POSTGRESQL is None:
        return f"sqlite:///{tmp_path / 'data' / 'beampilot.sqlite3'}"
    engine = sa.create_engine(POSTGRESQL)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    return POSTGRESQL


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a file that is not there yet."""
    return f"sqlite:///{tmp_path / 'data' / 'beampilot.sqlite3'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An open store with nothing in it."""
    with Store(url) as store:
        yield store
