"""The log of accesses, and retention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from daemon.errors import StoreError
from daemon.store import Store, tables


def test_accesses_are_noted(store: Store) -> None:
    """Newest first, page by page, also those of nobody."""
    before = datetime.now(UTC)
    for number in range(5):
        store.log_access(f"n{number}", "POST", "/api/v1/queue", 401, "::1", "t" if number else None)
    newest, *rest = store.accesses(limit=2)
    assert (newest.name, newest.method, newest.path, newest.status, newest.address, newest.token_id) == (
        *("n4", "POST", "/api/v1/queue", 401, "::1", "t"),
    )
    assert before <= newest.time <= datetime.now(UTC)
    older = store.accesses(before=rest[-1].id)
    assert [access.name for access in older] == ["n2", "n1", "n0"]
    assert older[-1].token_id is None


def test_retention(store: Store) -> None:
    """What is older than asked for goes, the rest stays; nothing goes unasked."""
    day = timedelta(days=1)
    now = datetime.now(UTC)
    for number in range(4):
        store.log_access("n", "POST", "/", 200, "::1")
        store.add("p", {}, uid=f"i{number}")
        store.take()
        store.finish(f"i{number}", "success")
    with store._change() as connection:
        for table, column in ((tables.accesses, "time"), (tables.history, "ended_at")):
            for number, row in enumerate(connection.execute(sa.select(table.c.id).order_by(table.c.id)).all()):
                aged = sa.update(table).where(table.c.id == row.id).values({column: now - (3 - number) * day})
                connection.execute(aged)
    before = store.history_uid
    assert store.prune() == (0, 0)
    assert store.prune(accesses_before=now - 1.5 * day) == (2, 0)
    assert store.history_uid == before
    assert (len(store.accesses()), store.history_size()) == (2, 4)
    assert store.prune(now - 9 * day, now - 0.5 * day) == (0, 3)
    assert [entry.uid for entry in store.history()] == ["i3"]
    assert store.history_uid != before


def test_a_time_without_zone_is_refused(store: Store) -> None:
    """It could be hours off."""
    store.log_access("n", "POST", "/", 200, "::1")
    with pytest.raises(StoreError, match="no time zone"):
        store.prune(accesses_before=datetime(2030, 1, 1))
    assert len(store.accesses()) == 1
