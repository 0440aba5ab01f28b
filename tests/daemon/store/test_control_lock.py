"""The control lock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon.errors import LockHeld, StoreError
from daemon.store import Store


def test_one_holder_at_a_time(store: Store) -> None:
    """The other one is told who holds it, since when and what for."""
    assert store.lock_state() is None
    taken = store.lock("Ada", "alignment")
    assert taken == store.lock_state()
    for action in (lambda: store.lock("Bob", "mine"), lambda: store.unlock("Bob")):
        with pytest.raises(LockHeld) as caught:
            action()
        assert (caught.value.holder, caught.value.since, caught.value.note) == ("Ada", taken.since, "alignment")
        assert f"Ada holds the control lock since {taken.since:%Y-%m-%d %H:%M:%S} UTC (alignment)" in str(caught.value)
        assert isinstance(caught.value, StoreError)
    assert store.lock_state() == taken
    store.unlock("Ada")
    assert store.lock_state() is None
    assert store.lock("Bob").holder == "Bob"


def test_the_holder_may_take_it_again(store: Store) -> None:
    """The note changes, the time does not."""
    first = store.lock("Ada", "alignment")
    again = store.lock("Ada", "measurement")
    assert (again.holder, again.note, again.since) == ("Ada", "measurement", first.since)


def test_by_force(store: Store) -> None:
    """Anybody may be freed of it; that nobody holds it is no mistake."""
    store.unlock("Bob")
    store.lock("Ada")
    store.unlock("Bob", force=True)
    assert store.lock_state() is None
    store.unlock("Bob", force=True)


def test_its_uid(store: Store) -> None:
    """It changes with the lock, and only then; the queue's does not."""
    queue = store.queue_uid
    seen = [store.lock_uid]
    store.unlock("Ada")
    assert store.lock_uid == seen[0]
    for action in (lambda: store.lock("Ada"), lambda: store.lock("Ada", "note"), lambda: store.unlock("Ada")):
        action()
        seen.append(store.lock_uid)
    assert len(set(seen)) == 4
    assert store.queue_uid == queue


def test_threads_race_for_it(store: Store) -> None:
    """One of them gets it."""
    start = threading.Barrier(6)

    def race(name: str) -> str | None:
        start.wait()
        try:
            return store.lock(name).holder
        except LockHeld:
            return None

    with ThreadPoolExecutor(6) as threads:
        holders = [name for name in threads.map(race, "ABCDEF") if name]
    state = store.lock_state()
    assert state is not None
    assert holders == [state.holder]
