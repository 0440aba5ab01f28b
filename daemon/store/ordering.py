"""The order of the queue: ranks in the database, positions without gaps for everybody else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from daemon.errors import ItemNotFound, ItemRejected
from daemon.store.records import Place
from daemon.store.tables import queue


def make_room(connection: sa.Connection, count: int, place: Place, moving: Collection[str] = ()) -> int:
    """Makes room for neighbours in the queue, and says which ranks are theirs.

    Args:
        connection: in a transaction that has taken the row of `state`.
        count: how many.
        place: of the first of them, among the others.
        moving: uids of items that are to be put there, and so do not count as others.

    Returns:
        The first of `count` free ranks.

    Raises:
        ItemNotFound: if the item beside which they should be is not in the queue.
        ItemRejected: if that item is one of those that move, or the place is none.
    """
    others = queue.c.uid.not_in(list(moving)) if moving else sa.true()
    if place == "front":
        first = connection.scalar(sa.select(sa.func.min(queue.c.rank)).where(others))
        return 0 if first is None else first - count
    behind = None if place == "back" else _behind(connection, place, moving, others)
    if behind is None:
        last = connection.scalar(sa.select(sa.func.max(queue.c.rank)).where(others))
        return 0 if last is None else last + 1
    connection.execute(sa.update(queue).where(queue.c.rank >= behind).values(rank=queue.c.rank + count))
    return behind


def _behind(
    connection: sa.Connection, place: Place, moving: Collection[str], others: sa.ColumnElement[bool]
) -> int | None:
    """Rank of the item that will come right after the place; None at the back."""
    ranks = sa.select(queue.c.rank).where(others).order_by(queue.c.rank).limit(1)
    if isinstance(place, int):
        size = connection.scalar(sa.select(sa.func.count()).select_from(queue).where(others)) or 0
        index = place if place >= 0 else size + 1 + place
        return connection.scalar(ranks.offset(min(max(index, 0), size)))
    side, uid = _anchor(place)
    if uid in moving and len(moving) > 1:
        raise ItemRejected(f"items cannot be put {side} one of themselves ({uid})")
    rank = rank_of(connection, uid)
    # An item beside itself stays where it is.
    return rank if side == "before" and uid not in moving else connection.scalar(ranks.where(queue.c.rank > rank))


def _anchor(place: object) -> tuple[str, str]:
    if isinstance(place, Mapping) and len(place) == 1:
        ((side, uid),) = place.items()
        if side in {"before", "after"} and isinstance(uid, str):
            return side, uid
    raise ItemRejected(
        f'{place!r} is no place in the queue: use "front", "back", a position, {{"before": uid}} or {{"after": uid}}'
    )


def rank_of(connection: sa.Connection, uid: str) -> int:
    """Rank of an item in the queue.

    Raises:
        ItemNotFound: if the queue does not hold it.
    """
    rank = connection.scalar(sa.select(queue.c.rank).where(queue.c.uid == uid))
    if rank is None:
        raise ItemNotFound(f"the queue holds no item {uid}")
    return rank


def position_of(connection: sa.Connection, rank: int) -> int:
    """Position of a rank, counted from 0."""
    return connection.scalar(sa.select(sa.func.count()).select_from(queue).where(queue.c.rank < rank)) or 0


def place_all(connection: sa.Connection, uids: Sequence[str], place: Place) -> int:
    """Puts items of the queue beside each other, in the order given.

    Args:
        connection: in a transaction that has taken the row of `state`.
        uids: which; all in the queue, each once.
        place: of the first of them, among the others.

    Returns:
        The rank of the first.
    """
    first = make_room(connection, len(uids), place, frozenset(uids))
    connection.execute(
        sa.update(queue).where(queue.c.uid == sa.bindparam("which")).values(rank=sa.bindparam("to")),
        [{"which": uid, "to": first + number} for number, uid in enumerate(uids)],
    )
    return first
