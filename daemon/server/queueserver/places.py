"""Where in the queue: positions and neighbours, as the clients of a queue server name them."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.server.queueserver.refused import RefusedError


def find(uids: Sequence[str], pos: object = None, uid: object = None) -> int:
    """Where an item is.

    Args:
        uids: of the queue, front first.
        pos: "front", "back" (also if neither is given) or a position, negative ones from the back.
        uid: of the item, instead of a position.

    Raises:
        RefusedError: when there is none, or both are given.
    """
    if pos is not None and uid is not None:
        raise RefusedError("give pos or uid, not both")
    if uid is not None:
        if uid not in uids:
            raise RefusedError(f"no item with the UID {uid!r} waits in the queue")
        return uids.index(str(uid))
    place = {"front": 0, "back": -1, None: -1}.get(pos, pos) if isinstance(pos, str | None) else pos
    if not isinstance(place, int) or isinstance(place, bool):
        raise RefusedError(f"pos is {pos!r}: use 'front', 'back' or a number")
    if not -len(uids) <= place < len(uids):
        raise RefusedError(f"there is nothing at {pos!r} in a queue of {len(uids)}")
    return place % len(uids)


def gap(
    uids: Sequence[str], running: str | None, pos: object = None, before: object = None, after: object = None
) -> int:
    """How many items are to be in front of a new one.

    Args:
        uids: of the queue, front first.
        running: of the item that runs; what comes after it comes to the front.
        pos: "front", "back" (also if nothing is given) or a position; what is beyond an end means that end.
        before: the item that comes behind it.
        after: the item that comes before it.

    Raises:
        RefusedError: when that item does not wait, or more than one is given.
    """
    if sum(each is not None for each in (pos, before, after)) > 1:
        raise RefusedError("give one of pos, before_uid and after_uid")
    if after is not None:
        return 0 if after == running else find(uids, uid=after) + 1
    if before is not None:
        if before == running:
            raise RefusedError("nothing can be put before the item that runs")
        return find(uids, uid=before)
    if isinstance(pos, int) and not isinstance(pos, bool):
        return min(pos, len(uids)) if pos >= 0 else max(len(uids) + pos + 1, 0)
    ends = {None: len(uids), "back": len(uids), "front": 0}
    if isinstance(pos, str | None) and pos in ends:
        return ends[pos]
    raise RefusedError(f"pos is {pos!r}: use 'front', 'back' or a number")


def moved(
    uids: Sequence[str], batch: Sequence[str], pos: object = None, before: object = None, after: object = None
) -> list[str]:
    """The queue after some items were moved.

    Args:
        uids: of the queue, front first.
        batch: of the items to move, in the order in which they are to be.
        pos: where the first of them comes: "front", "back" or the position that it then has.
        before: the item before which they come.
        after: the item after which they come.

    Raises:
        RefusedError: when there is no such place or item, or no place or more than one is given.
    """
    if sum(each is not None for each in (pos, before, after)) != 1:
        raise RefusedError("say where to: one of pos_dest, before_uid and after_uid")
    if len(set(batch)) < len(batch):
        raise RefusedError("the same UID stands there more than once")
    for uid in batch:
        find(uids, uid=uid)
    neighbour = before if before is not None else after
    if neighbour is not None and neighbour in batch:
        raise RefusedError(f"the item {neighbour!r} is to be moved itself")
    order, index = list(uids), find(uids, pos=pos) if batch and neighbour is None else 0
    for number, uid in enumerate(batch):
        order.remove(uid)
        if number:
            index = order.index(batch[number - 1]) + 1
        elif neighbour is not None:
            index = find(order, uid=neighbour) + (before is None)
        order.insert(index, uid)
    return order
