"""The queue by example: places, errors, and what is kept of an item."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.errors import ItemNotFound, ItemRejected, ItemRunning
from daemon.store import Item, Place, Store


def order(store: Store) -> str:
    """The plans in the queue, front first; each is one letter here."""
    items = store.items()
    assert [item.position for item in items] == list(range(len(items)))
    return "".join(item.plan for item in items)


def fill(store: Store, plans: str) -> dict[str, str]:
    """Adds items with one-letter plans; their uids by plan."""
    return {item.plan: item.uid for item in store.add_many([Item.new(plan, {}) for plan in plans])}


def test_an_item_is_kept_whole(store: Store) -> None:
    """Parameters and metadata come back as they were; time and name of who added it are noted."""
    before = datetime.now(UTC)
    parameters = {"axes": {"stage_x": {"low": -1.5e-300, "high": 2**70}}, "ziel": "µm\0\ud800", "on": [True, None]}
    item = store.add("grid_scan", parameters, {"sample": "Si-Ge"}, by="Ada")
    assert before <= item.added_at <= datetime.now(UTC)
    assert item == Item(item.uid, "grid_scan", parameters, {"sample": "Si-Ge"}, "Ada", item.added_at, 0)
    assert store.items() == [item] == [store.get(item.uid)]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("front", "xyabc"),
        ("back", "abcxy"),
        (0, "xyabc"),
        (1, "axybc"),
        (3, "abcxy"),
        (99, "abcxy"),
        (-1, "abcxy"),
        (-2, "abxyc"),
        (-99, "xyabc"),
        ({"before": "b"}, "axybc"),
        ({"after": "b"}, "abxyc"),
        ({"after": "c"}, "abcxy"),
    ],
)
def test_places(store: Store, place: Place, expected: str) -> None:
    """Items are added, and moved, to the same places; what is given back is where they are."""
    uids = fill(store, "abc")
    if isinstance(place, dict):
        place = {side: uids[plan] for side, plan in place.items()}
    added = store.add_many([Item.new("x", {}), Item.new("y", {})], place)
    assert order(store) == expected
    assert added == store.items()[expected.index("x") :][:2]
    store.move_many([item.uid for item in added], "back" if place == "front" else "front")
    moved = store.move_many([item.uid for item in added], place)
    assert order(store) == expected
    assert moved == added


def test_an_item_beside_itself_stays(store: Store) -> None:
    """One item is moved nowhere; several beside one of themselves cannot be."""
    uids = fill(store, "abc")
    for side in ("before", "after"):
        for plan, uid in uids.items():
            assert store.move(uid, {side: uid}).plan == plan
            assert order(store) == "abc"
        with pytest.raises(ItemRejected, match="one of themselves"):
            store.move_many([uids["a"], uids["c"]], {side: uids["a"]})


@pytest.mark.parametrize(
    "place", ["middle", None, 1.5, {}, {"beside": "b"}, {"before": "a", "after": "b"}, {"before": 1}]
)
def test_no_place(store: Store, place: object) -> None:
    """What is no place is refused with those that are, and changes nothing."""
    fill(store, "ab")
    with pytest.raises(ItemRejected, match='"front", "back"'):
        store.add("x", {}, at=place)  # type: ignore[arg-type] # the mistake
    assert order(store) == "ab"


def test_what_is_not_there(store: Store) -> None:
    """Each action names the item that it does not find, and changes nothing."""
    uids = fill(store, "ab")
    before = store.queue_uid
    actions = [
        lambda: store.get("gone"),
        lambda: store.edit("gone", {}),
        lambda: store.move("gone", "front"),
        lambda: store.move(uids["b"], {"before": "gone"}),
        lambda: store.move_many([uids["b"], "gone"], "front"),
        lambda: store.remove("gone"),
        lambda: store.remove_many([uids["a"], "gone"]),
        lambda: store.duplicate("gone"),
        lambda: store.add("x", {}, at={"after": "gone"}),
        lambda: store.put_back("gone"),
        lambda: store.finish("gone", "success"),
    ]
    for action in actions:
        with pytest.raises(ItemNotFound, match="gone"):
            action()
    assert order(store) == "ab"
    assert store.queue_uid == before


def test_what_runs_is_not_changed(store: Store) -> None:
    """Nor is another item of its name added; but it can be looked at."""
    uid = fill(store, "ab")["a"]
    taken = store.take()
    assert taken == store.get(uid) == store.running()
    for action in (store.remove, store.duplicate, lambda u: store.edit(u, {}), lambda u: store.move(u, "back")):
        with pytest.raises(ItemRunning, match=uid):
            action(uid)
    with pytest.raises(ItemRejected, match=uid):
        store.add("x", {}, uid=uid)
    assert order(store) == "b"


def test_all_or_none(store: Store) -> None:
    """One item that cannot be kept keeps the others out; also when a whole queue is replaced."""
    a = fill(store, "a")["a"]
    bad = [
        [Item.new("x", {}), Item.new("y", {"n": float("nan")})],
        [Item.new("x", {}), Item.new("y", {"n": object()})],
        [Item.new("x", {}), Item.new("y", {}, uid="s" * 256)],
        [Item.new("x", {}, uid="same"), Item.new("y", {}, uid="same")],
    ]
    for items in bad:
        for action in (store.add_many, store.set_items):
            with pytest.raises(ItemRejected):
                action(items)
        assert order(store) == "a"
    with pytest.raises(ItemRejected, match=a):
        store.add_many([Item.new("x", {}), Item.new("y", {}, uid=a)])
    with pytest.raises(ItemRejected, match="named twice"):
        store.remove_many([a, a])
    assert order(store) == "a"


def test_set_items_replaces_the_queue(store: Store) -> None:
    """Items that stay keep their uids; the order is the one given."""
    fill(store, "abc")
    a, _, c = store.items()
    assert [item.uid for item in store.set_items([c, Item.new("x", {}, uid="new"), a])] == [c.uid, "new", a.uid]
    assert order(store) == "cxa"
    assert store.set_items([]) == [] == store.items()


def test_editing(store: Store) -> None:
    """Parameters and metadata are replaced one by one; the rest stays."""
    item = store.add("scan", {"a": 1, "b": 2}, {"sample": "s"})
    assert store.edit(item.uid, parameters={"a": 3}).parameters == {"a": 3}
    edited = store.edit(item.uid, metadata={})
    assert edited == store.get(item.uid)
    assert (edited.parameters, edited.metadata, edited.added_at) == ({"a": 3}, {}, item.added_at)
    with pytest.raises(ItemRejected, match="parameters cannot be kept as JSON"):
        store.edit(item.uid, parameters={"a": float("inf")})


def test_a_copy_stands_behind_its_original(store: Store) -> None:
    """It has another uid and the same contents."""
    first = store.add("a", {"n": 1}, {"m": 2}, by="Ada")
    store.add("b", {})
    copy = store.duplicate(first.uid)
    assert order(store) == "aab"
    assert copy.uid != first.uid
    assert (copy.plan, copy.parameters, copy.metadata, copy.added_by) == ("a", {"n": 1}, {"m": 2}, "Ada")
    assert store.duplicate(first.uid, by="Bob").added_by == "Bob"


def test_removing_what_may_be_missing(store: Store) -> None:
    """Those that are there are removed and given back, in the order of the question."""
    uids = fill(store, "abc")
    gone = store.remove_many([uids["c"], "gone", uids["a"]], missing_ok=True)
    assert [item.plan for item in gone] == ["c", "a"]
    assert [item.position for item in gone] == [None, None]
    assert order(store) == "b"


def test_flags(store: Store) -> None:
    """They have defaults, are set one by one, and an unknown one is refused."""
    assert store.flags() == {"loop": False, "autostart": False, "stop_on_failure": True}
    before = store.queue_uid
    assert store.set_flags(loop=True, stop_on_failure=False)["loop"] is True
    assert store.flags() == {"loop": True, "autostart": False, "stop_on_failure": False}
    assert store.queue_uid != before
    with pytest.raises(ItemRejected, match="no flag lop: it has loop"):
        store.set_flags(lop=True)


def test_thousands_of_items_move_at_once(store: Store) -> None:
    """More than a database takes as values of one statement by one, and in the order asked for."""
    items = store.add_many([Item.new("n", {"n": number}) for number in range(3000)])
    uids = [item.uid for item in items]
    store.move_many(uids[::-2], 1)
    expected = [uids[0], *uids[::-2], *uids[2::2]]
    assert [item.uid for item in store.items()] == expected
    store.remove_many(uids[1:])
    assert store.items() == [items[0]]
