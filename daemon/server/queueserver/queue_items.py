"""The items of the queue: add, change, remove, move, and run one at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from daemon.errors import BeampilotError
from daemon.server.queueserver.items import Wanted, shown, wanted
from daemon.server.queueserver.places import find, gap, moved
from daemon.server.queueserver.refused import RefusedError, reason
from daemon.server.queueserver.verbs import Call, Reply, Verbs

if TYPE_CHECKING:
    from daemon.store import Item
    from daemon.store.records import Place

verbs = Verbs("items")

# Clients send them, and the principal and its role take their place.
WHO = ("user", "user_group")


@verbs.verb(
    "POST",
    "/queue/item/add",
    "write:queue:edit",
    takes=("item", "pos", "before_uid", "after_uid", *WHO),
    locked="queue",
    empty={"qsize": None, "item": None},
    failure="Failed to add an item: ",
)
async def item_add(call: Call) -> Reply:
    """Check an item and put it into the queue, under a UID of its own."""
    item = call.required("item")
    try:
        new = wanted(item)
        at = await _place(call)
        added = await call.queue.add(new.plan, new.parameters, new.metadata, at, call.principal.name)
    except BeampilotError as error:
        raise RefusedError(reason(error), item=item) from error
    return {"item": shown(added), "qsize": len(await call.queue.items())}


@verbs.verb(
    "POST",
    "/queue/item/add/batch",
    "write:queue:edit",
    takes=("items", "pos", "before_uid", "after_uid", *WHO),
    locked="queue",
    empty={"qsize": None, "items": [], "results": []},
    failure="Failed to add all items: ",
)
async def item_add_batch(call: Call) -> Reply:
    """Check items and put them into the queue beside each other: all, or none if one of them is wrong."""
    items = _list(call, "items")
    at = await _place(call)
    found = [await _checked(call, item) for item in items]
    results = [{"success": not isinstance(each, str), "msg": each if isinstance(each, str) else ""} for each in found]
    good = [each for each in found if isinstance(each, Wanted)]
    qsize = len(await call.queue.items())
    if len(good) < len(items):
        wrong = len(items) - len(good)
        raise RefusedError(f"{wrong} of {len(items)} items are wrong", items=items, results=results, qsize=qsize)
    added = await call.queue.add_many([_item(call, each) for each in good], at)
    return {"items": [shown(item) for item in added], "results": results, "qsize": qsize + len(added)}


@verbs.verb(
    "GET",
    "/queue/item/get",
    "read:queue",
    takes=("pos", "uid"),
    empty={"item": {}},
    failure="Failed to get an item: ",
)
async def item_get(call: Call) -> Reply:
    """An item that waits, by position (the back is taken if none is given) or UID."""
    return {"item": shown(await _found(call))}


@verbs.verb(
    "POST",
    "/queue/item/update",
    "write:queue:edit",
    takes=("item", "replace", *WHO),
    locked="queue",
    empty={"qsize": None, "item": None},
    failure="Failed to update an item: ",
)
async def item_update(call: Call) -> Reply:
    """Put an item in the place of the one with its UID; with `replace`, under a new UID."""
    item = call.required("item")
    try:
        new = wanted(item)
        if new.uid is None:
            raise RefusedError("the item has no item_uid, which says which one to update")
        changed = await _update(call, new, new.uid)
    except BeampilotError as error:
        raise RefusedError(reason(error), item=item) from error
    return {"item": shown(changed), "qsize": len(await call.queue.items())}


@verbs.verb(
    "POST",
    "/queue/item/remove",
    "write:queue:edit",
    takes=("pos", "uid"),
    locked="queue",
    empty={"qsize": None, "item": {}},
    failure="Failed to remove an item: ",
)
async def item_remove(call: Call) -> Reply:
    """Take an item out of the queue, by position (the back is taken if none is given) or UID."""
    item = await _found(call)
    await call.queue.remove(item.uid)
    return {"item": shown(item), "qsize": len(await call.queue.items())}


@verbs.verb(
    "POST",
    "/queue/item/remove/batch",
    "write:queue:edit",
    takes=("uids", "ignore_missing"),
    locked="queue",
    empty={"qsize": None, "items": []},
    failure="Failed to remove a batch of items: ",
)
async def item_remove_batch(call: Call) -> Reply:
    """Take items out of the queue; unless `ignore_missing` is false, those that are not there do not matter."""
    uids = _uids(call)
    ignore = bool(call.payload.get("ignore_missing", True))
    removed = await call.queue.remove_many(list(dict.fromkeys(uids)) if ignore else uids, missing_ok=ignore)
    return {"items": [shown(item) for item in removed], "qsize": len(await call.queue.items())}


@verbs.verb(
    "POST",
    "/queue/item/move",
    "write:queue:edit",
    takes=("pos", "uid", "pos_dest", "before_uid", "after_uid"),
    locked="queue",
    empty={"qsize": None, "item": {}},
    failure="Failed to move the item: ",
)
async def item_move(call: Call) -> Reply:
    """Move an item to a position, or before or after another."""
    if call.payload.get("pos") is None and call.payload.get("uid") is None:
        raise RefusedError("say which item: pos or uid")
    uid = (await _found(call)).uid
    to = call.payload
    if uid in (to.get("before_uid"), to.get("after_uid")):  # It is beside itself already.
        return {"item": shown(await _found(call)), "qsize": len(await call.queue.items())}
    items, qsize = await _move(call, [uid])
    return {"item": items[0], "qsize": qsize}


@verbs.verb(
    "POST",
    "/queue/item/move/batch",
    "write:queue:edit",
    takes=("uids", "pos_dest", "before_uid", "after_uid", "reorder"),
    locked="queue",
    empty={"qsize": None, "items": []},
    failure="Failed to move the batch of items: ",
)
async def item_move_batch(call: Call) -> Reply:
    """Move items beside each other, in the order given, or with `reorder` in the order of the queue: all or none."""
    uids = _uids(call)
    if call.payload.get("reorder"):
        order = await _order(call)
        uids.sort(key=lambda uid: order.index(uid) if uid in order else len(order))
    items, qsize = await _move(call, uids)
    return {"items": items, "qsize": qsize}


@verbs.verb(
    "POST",
    "/queue/item/execute",
    "write:execute",
    takes=("item", *WHO),
    locked="environment",
    empty={"qsize": None, "item": None},
    failure="Failed to start execution of the item: ",
)
async def item_execute(call: Call) -> Reply:
    """Run an item at once, past the queue; only when nothing runs."""
    item = call.required("item")
    try:
        new = wanted(item)
        run = await call.queue.execute(new.plan, new.parameters, new.metadata, call.principal.name)
    except BeampilotError as error:
        raise RefusedError(reason(error), item=item) from error
    return {"item": shown(run), "qsize": len(await call.queue.items())}


def _item(call: Call, new: Wanted, uid: str | None = None) -> Item:
    from daemon.store import Item

    return Item.new(new.plan, new.parameters, new.metadata, call.principal.name, uid)


async def _checked(call: Call, item: object) -> Wanted | str:
    """What is wanted, or why it is wrong."""
    try:
        new = wanted(item)
        await call.queue.check(new.plan, new.parameters)
    except BeampilotError as error:
        return f"Failed to add a plan: {reason(error)}"
    return new


async def _update(call: Call, new: Wanted, uid: str) -> Item:
    old = (await call.queue.items())[find(await _order(call), uid=uid)]
    replace = bool(call.payload.get("replace"))
    if not replace and new.plan == old.plan:
        return await call.queue.edit(uid, new.parameters, new.metadata)
    await call.queue.check(new.plan, new.parameters)
    return await call.queue.exchange(uid, _item(call, new, None if replace else uid))


async def _order(call: Call) -> list[str]:
    return [item.uid for item in await call.queue.items()]


async def _found(call: Call) -> Item:
    items = await call.queue.items()
    return items[find([item.uid for item in items], call.payload.get("pos"), call.payload.get("uid"))]


async def _place(call: Call) -> Place:
    """Where new items are to be."""
    order, running, to = await _order(call), call.queue.running_uid, call.payload
    index = gap(order, running, to.get("pos"), to.get("before_uid"), to.get("after_uid"))
    return _before(order, index)


def _before(order: Sequence[str], index: int) -> Place:
    """The place behind that many items, named by a neighbour: positions change while the queue is worked off."""
    if index >= len(order):
        return "back"
    return {"before": order[index]} if index else "front"


async def _move(call: Call, uids: list[str]) -> tuple[list[dict[str, Any]], int]:
    order, to = await _order(call), call.payload
    new = moved(order, uids, to.get("pos_dest"), to.get("before_uid"), to.get("after_uid"))
    if not uids or new == order:
        items = {item.uid: item for item in await call.queue.items()}
        return [shown(items[uid]) for uid in uids if uid in items], len(order)
    last = new.index(uids[-1]) + 1
    items = await call.queue.move_many(uids, {"before": new[last]} if last < len(new) else "back")
    return [shown(item) for item in items], len(order)


def _list(call: Call, name: str) -> list[Any]:
    found = call.required(name)
    if not isinstance(found, list):
        raise RefusedError(f"{name} must be a list")
    return found


def _uids(call: Call) -> list[str]:
    uids = _list(call, "uids")
    if not all(isinstance(uid, str) for uid in uids):
        raise RefusedError("uids must be a list of text")
    return uids
