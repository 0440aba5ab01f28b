"""The queue against a plain list: whatever is done, in whatever order, both say the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon.errors import ItemNotFound, ItemRejected, ItemRunning
from daemon.store import Item, Place, Store


def placed(others: list[str], block: Sequence[str], place: Place) -> list[str]:
    """The list with a block put in a place, by slicing alone."""
    if isinstance(place, int):
        cut = place if place >= 0 else max(0, len(others) + 1 + place)
    elif isinstance(place, str):
        cut = 0 if place == "front" else len(others)
    else:
        ((side, uid),) = place.items()
        cut = others.index(uid) + (side == "after")
    return [*others[:cut], *block, *others[cut:]]


class QueueMachine(RuleBasedStateMachine):
    """A store and, beside it, two lists, what runs, and whether it loops."""

    waiting: list[str]
    done: list[str]

    @initialize()
    def begin(self) -> None:
        """An empty store in memory."""
        self.store = Store("sqlite://").open()
        self.waiting, self.done = [], []
        self.runs: str | None = None
        self.from_queue = self.loop = False
        self.number = 0
        self.seen = (self.store.queue_uid, self.state())

    def teardown(self) -> None:
        """Lets go of the database."""
        self.store.close()

    def state(self) -> tuple[object, ...]:
        """All that `queue_uid` stands for."""
        return tuple(self.waiting), self.runs, self.loop

    def fresh(self, count: int) -> list[str]:
        """Uids that were never used."""
        self.number += count
        return [f"item-{n}" for n in range(self.number - count, self.number)]

    def place(self, data: st.DataObject, others: Sequence[str]) -> Place:
        """Any place among others."""
        ends: list[Place] = ["front", "back", *range(-8, 9)]
        beside: list[Place] = [{side: uid} for side in ("before", "after") for uid in others]
        return data.draw(st.sampled_from(ends) | st.sampled_from(beside or ends), "place")

    def some(self, data: st.DataObject) -> list[str]:
        """Some of those that wait, in any order."""
        if not self.waiting:
            return []
        return data.draw(st.lists(st.sampled_from(self.waiting), unique=True, max_size=4), "items")

    @rule(data=st.data(), count=st.integers(0, 4))
    def add(self, data: st.DataObject, count: int) -> None:
        """Adds a block."""
        uids, place = self.fresh(count), self.place(data, self.waiting)
        added = self.store.add_many([Item.new("p", {"n": uid}, uid=uid) for uid in uids], place)
        self.waiting = placed(self.waiting, uids, place)
        assert [item.position for item in added] == [self.waiting.index(uid) for uid in uids]

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Moves some beside each other."""
        uids = self.some(data)
        others = [uid for uid in self.waiting if uid not in uids]
        place = self.place(data, others)
        moved = self.store.move_many(uids, place)
        self.waiting = placed(others, uids, place)
        assert [item.position for item in moved] == [self.waiting.index(uid) for uid in uids]

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Removes some."""
        uids = self.some(data)
        assert [item.uid for item in self.store.remove_many(uids)] == uids
        self.waiting = [uid for uid in self.waiting if uid not in uids]

    @rule(data=st.data(), new=st.integers(0, 2))
    def replace(self, data: st.DataObject, new: int) -> None:
        """Puts other items, and some of the same, in the place of the queue."""
        uids = [*self.some(data), *self.fresh(new)]
        self.store.set_items(Item.new("p", {}, uid=uid) for uid in uids)
        self.waiting = uids

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        """Copies one."""
        uid = data.draw(st.sampled_from(self.waiting), "item")
        self.waiting = placed(self.waiting, [self.store.duplicate(uid).uid], {"after": uid})

    @rule()
    def clear(self) -> None:
        """Removes all that wait."""
        assert self.store.clear() == len(self.waiting)
        self.waiting = []

    @rule(loop=st.booleans())
    def set_loop(self, loop: bool) -> None:
        """Loops, or not; setting a flag counts as a change even if it was so."""
        self.store.set_flags(loop=loop)
        self.loop = loop
        self.seen = (self.store.queue_uid, self.state())

    @rule()
    def take(self) -> None:
        """Takes the front one, unless one runs."""
        if self.runs is not None:
            with pytest.raises(ItemRunning, match=self.runs):
                self.store.take()
            return
        taken = self.store.take()
        assert (taken.uid if taken else None) == (self.waiting[0] if self.waiting else None)
        if taken:
            self.runs, self.from_queue = self.waiting.pop(0), True

    @precondition(lambda self: self.runs is None)
    @rule(data=st.data())
    def run_at_once(self, data: st.DataObject) -> None:
        """Runs one past the others: a new one, or one that waits."""
        uid = data.draw(st.sampled_from([*self.waiting, *self.fresh(1)]), "item")
        self.store.set_running(Item.new("p", {}, uid=uid))
        self.runs, self.from_queue = uid, uid in self.waiting
        self.waiting = [other for other in self.waiting if other != uid]

    @precondition(lambda self: self.runs is not None)
    @rule()
    def put_back(self) -> None:
        """Puts what runs back."""
        assert self.runs is not None
        assert self.store.put_back(self.runs).position == 0
        self.waiting, self.runs = [self.runs, *self.waiting], None

    @precondition(lambda self: self.runs is not None)
    @rule(status=st.sampled_from(["success", "fail", "abort", "interrupted"]))
    def finish(self, status: str) -> None:
        """What runs ends; in loop mode a copy waits at the back, if the queue is where it came from."""
        assert self.runs is not None
        entry = self.store.finish(self.runs, status)  # type: ignore[arg-type]
        assert (entry.uid, entry.exit_status) == (self.runs, status)
        self.done.insert(0, self.runs)
        if self.loop and self.from_queue:
            self.waiting.append(self.store.items()[-1].uid)
            assert self.waiting[-1] != self.runs
        self.runs = None

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        """What cannot be done changes nothing."""
        uids = [*self.some(data), "gone"]
        with pytest.raises(ItemNotFound):
            self.store.move_many(uids, "front")
        with pytest.raises(ItemNotFound):
            self.store.remove_many(uids)
        if self.waiting:
            with pytest.raises(ItemRejected):
                self.store.add_many([Item.new("p", {}), Item.new("p", {}, uid=self.waiting[0])])

    @invariant()
    def same(self) -> None:
        """Order, positions, what runs and what was done agree; `queue_uid` changes when they do, and only then."""
        if not hasattr(self, "store"):
            return
        items = self.store.items()
        assert [item.uid for item in items] == self.waiting
        assert [item.position for item in items] == list(range(len(items)))
        running = self.store.running()
        assert (running.uid if running else None) == self.runs
        assert [entry.uid for entry in self.store.history(limit=1000)] == self.done
        uid, state = self.store.queue_uid, self.state()
        if state != self.seen[1]:
            assert uid != self.seen[0]
        self.seen = (uid, state)


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
