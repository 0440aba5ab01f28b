"""Migrations: from nothing, again, interrupted, and what a later version left."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from daemon.errors import StoreUnavailable
from daemon.store import Store, database, tables
from daemon.store.migrations import HEAD, migrate


def test_migrated_tables_are_the_ones_in_use(url: str) -> None:
    """From nothing, the steps make what `tables` describes: tables, columns, types, indexes, nothing else."""
    with Store(url) as store, store._look() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        assert context.get_current_revision() == HEAD
        for table in tables.metadata.sorted_tables:
            columns = {column["name"]: column["nullable"] for column in sa.inspect(connection).get_columns(table.name)}
            assert columns == {column.name: column.nullable for column in table.columns}


def test_opening_again_takes_no_step(url: str) -> None:
    """Neither rows nor the one row of `state` are made anew."""
    with Store(url) as store:
        store.add("a", {})
        uid = store.queue_uid
    for _ in range(2):
        with Store(url) as store:
            assert store.queue_uid == uid
            assert len(store.items()) == 1


def test_the_head_is_the_last_step() -> None:
    """There is one line of steps, and `HEAD` is its end."""
    config = Config()
    config.set_main_option("script_location", "daemon.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_that_fail_leave_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables or none, also in SQLite; the next try succeeds."""

    def interrupted(connection: sa.Connection) -> None:
        migrate(connection)
        assert sa.inspect(connection).has_table("queue")
        raise OSError("power")

    monkeypatch.setattr(database, "migrate", interrupted)
    with pytest.raises(OSError, match="power"):
        Store(url).open()
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    monkeypatch.undo()
    with Store(url) as store:
        assert store.items() == []


def test_a_database_of_a_later_version(url: str) -> None:
    """It is refused with what to do, and not touched."""
    with Store(url) as store, store._change() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"step 9999.*update Beampilot"):
            Store(url).open()
