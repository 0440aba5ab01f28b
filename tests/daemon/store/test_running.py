"""What runs, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.errors import ItemNotFound, ItemRejected, ItemRunning
from daemon.store import Item, Store


def test_from_the_queue_to_the_history(store: Store) -> None:
    """The front item is taken, runs alone, and is kept whole when it is done."""
    first = store.add("scan", {"points": 9}, {"sample": "Si-Ge"}, by="Ada")
    store.add("other", {})
    before = datetime.now(UTC)
    item = store.take()
    assert item is not None
    assert (item.uid, item.position, item.parameters) == (first.uid, None, {"points": 9})
    since = store.running_since()
    assert since is not None
    assert before <= since <= datetime.now(UTC)
    with pytest.raises(ItemRunning, match=f"{item.uid} .scan. is running"):
        store.take()
    entry = store.finish(item.uid, "fail", "no beam", "run-uid", "/data/run", 4)
    assert (entry.exit_status, entry.reason, entry.run_uid, entry.run_path, entry.points) == (
        *("fail", "no beam", "run-uid", "/data/run", 4),
    )
    assert entry.item == item
    assert entry.started_at == since <= entry.ended_at <= datetime.now(UTC)
    assert store.running() is None is store.running_since()
    assert store.history() == [entry]
    assert [waiting.plan for waiting in store.items()] == ["other"]


def test_an_entry_can_be_queued_again(store: Store) -> None:
    """All of the item is in it; a second time it needs another uid only while the first one waits."""
    store.add("scan", {"points": 9}, {"sample": "Si-Ge"}, by="Ada", uid="a")
    taken = store.take()
    entry = store.finish("a", "abort")
    (again,) = store.add_many([entry.item])
    assert taken is not None
    assert (again.uid, again.plan, again.parameters, again.metadata) == ("a", "scan", {"points": 9}, taken.metadata)
    with pytest.raises(ItemRejected):
        store.add_many([entry.item])
    store.take()
    assert store.finish("a", "success").id > entry.id


def test_an_empty_queue(store: Store) -> None:
    """There is nothing to take, and that changes nothing."""
    before = store.queue_uid
    assert store.take() is None
    assert store.queue_uid == before


def test_only_what_runs_can_end(store: Store) -> None:
    """And only in a way that there is."""
    store.add("a", {}, uid="a")
    store.add("b", {}, uid="b")
    with pytest.raises(ItemNotFound, match="a is not running: nothing is"):
        store.finish("a", "success")
    store.take()
    with pytest.raises(ItemNotFound, match="b is not running: a is"):
        store.put_back("b")
    with pytest.raises(ItemRejected, match="use one of success, fail, abort, interrupted"):
        store.finish("a", "done")  # type: ignore[arg-type]
    assert store.running() is not None
    assert store.history() == []


def test_loop_mode(store: Store) -> None:
    """What came from the queue goes to its back under a new uid; what was run at once does not."""
    store.set_flags(loop=True)
    store.add("a", {"n": 1}, {"m": 2}, by="Ada", uid="a")
    store.add("b", {}, uid="b")
    store.take()
    store.finish("a", "success")
    b, copy = store.items()
    assert b.uid == "b"
    assert copy.uid != "a"
    assert (copy.plan, copy.parameters, copy.metadata, copy.added_by) == ("a", {"n": 1}, {"m": 2}, "Ada")
    store.set_running(Item.new("c", {}, uid="c"))
    store.finish("c", "success")
    assert store.items() == [b, copy]


def test_run_at_once(store: Store) -> None:
    """The queue is left alone, unless the item waits in it; nothing runs beside it."""
    store.add("a", {}, uid="a")
    store.add("b", {}, uid="b")
    running = store.set_running(Item.new("c", {"n": 1}, by="Ada"))
    assert store.running() == running
    assert running.position is None
    for action in (store.take, lambda: store.set_running(Item.new("d", {}))):
        with pytest.raises(ItemRunning, match="c"):
            action()
    store.finish(running.uid, "success")
    store.set_running(store.get("b"))
    assert [item.uid for item in store.items()] == ["a"]
    with pytest.raises(ItemRejected, match="JSON"):
        store.set_running(Item.new("d", {"n": float("nan")}))


def test_put_back(store: Store) -> None:
    """It is at the front as it was, and nothing runs."""
    before = [store.add("a", {"n": 1}), store.add("b", {})]
    taken = store.take()
    assert taken is not None
    assert store.put_back(taken.uid) == before[0]
    assert store.items() == before
    assert store.running() is None
    assert store.history() == []
