"""What waits in the queue, inside of one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa

from daemon.errors import ItemNotFound, ItemRejected, ItemRunning
from daemon.store.ordering import make_room, position_of, rank_of
from daemon.store.records import Item, Place, new_uid
from daemon.store.rows import item_of, values_of
from daemon.store.tables import queue, running, state


def touch(connection: sa.Connection) -> None:
    """Notes that the queue has changed."""
    connection.execute(sa.update(state).values(queue_uid=new_uid()))


def insert(connection: sa.Connection, items: Sequence[Item], at: Place) -> list[Item]:
    """Puts checked items in the queue beside each other.

    Raises:
        ItemRejected: if a uid is taken.
    """
    if not items:
        return []
    uids = [item.uid for item in items]
    taken = [uid for uid, times in Counter(uids).items() if times > 1]
    for table in (queue, running):
        taken += connection.scalars(sa.select(table.c.uid).where(table.c.uid.in_(uids))).all()
    if taken:
        raise ItemRejected(f"there is an item {', '.join(sorted(taken))} already: give each its own uid")
    first = make_room(connection, len(items), at)
    rows = [{**values_of(item), "rank": first + number} for number, item in enumerate(items)]
    connection.execute(sa.insert(queue), rows)
    touch(connection)
    return neighbours(connection, first, len(items))


def require(connection: sa.Connection, uids: Sequence[str]) -> None:
    """Refuses to go on unless every one waits in the queue, and is named once.

    Raises:
        ItemNotFound: if the queue does not hold one of them.
        ItemRunning: if one of them runs.
        ItemRejected: if one is named twice.
    """
    if len(set(uids)) != len(uids):
        raise ItemRejected("an item is named twice")
    here = set(connection.scalars(sa.select(queue.c.uid).where(queue.c.uid.in_(uids))))
    for uid in uids:
        if uid not in here:
            if connection.scalar(sa.select(running.c.uid)) == uid:
                raise ItemRunning(f"item {uid} is running: it cannot be changed")
            raise ItemNotFound(f"the queue holds no item {uid}")


def read(connection: sa.Connection, uid: str) -> Item:
    """An item that waits.

    Raises:
        ItemNotFound: if the queue does not hold it.
    """
    rank = rank_of(connection, uid)
    return neighbours(connection, rank, 1)[0]


def neighbours(connection: sa.Connection, first: int, count: int) -> list[Item]:
    """So many items from a rank on, with their positions."""
    chosen = sa.select(queue).where(queue.c.rank >= first).order_by(queue.c.rank).limit(count)
    position = position_of(connection, first)
    return [item_of(row, position + number) for number, row in enumerate(connection.execute(chosen))]
