"""Old entries go, and nothing that goes wrong ends the server's task."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.errors import StoreError
from daemon.retention_settings import RetentionSettings
from daemon.server import housekeeping
from daemon.settings import load_settings
from daemon.store import Store

FUTURE = datetime.now(UTC) + timedelta(days=400)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store with one access and one item that has ended."""
    with Store(f"sqlite:///{tmp_path}/store.sqlite3") as opened:
        opened.log_access("somebody", "POST", "/api/v1/queue", 201, "127.0.0.1")
        opened.add("grid_scan", {})
        item = opened.take()
        assert item is not None
        opened.finish(item.uid, "success")
        yield opened


def test_the_settings_say_how_long_what_is_kept(tmp_path: Path, store: Store) -> None:
    """By default the history stays for ever, and the access log for a year."""
    settings = load_settings(data=tmp_path)
    housekeeping.clean(settings, store)
    assert len(store.accesses()) == len(store.history()) == 1
    housekeeping.clean(settings, store, FUTURE)
    assert (len(store.accesses()), len(store.history())) == (0, 1)
    short = settings.model_copy(update={"retention": RetentionSettings(history_days=30)})
    housekeeping.clean(short, store, FUTURE)
    assert store.history() == []


def test_a_failure_is_told_and_tried_again(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A database that is away for a while must not end the keeping of house."""
    calls = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise StoreError("the database is away")

    monkeypatch.setattr(housekeeping, "clean", fail)
    monkeypatch.setattr(housekeeping, "FIRST", 0.0)
    monkeypatch.setattr(housekeeping, "PERIOD", 0.01)

    async def some_rounds() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(housekeeping.keep_house(load_settings(data=tmp_path), store), 0.3)

    asyncio.run(some_rounds())
    assert len(calls) > 1
    assert "could not be removed" in caplog.text
