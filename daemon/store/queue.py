"""The queue: what waits, in the order in which it will be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from daemon.errors import ItemRejected
from daemon.store.database import Database
from daemon.store.ordering import place_all
from daemon.store.records import Item, Place
from daemon.store.rows import checked, item_of, plain_mapping
from daemon.store.tables import queue, running, state
from daemon.store.waiting import insert, neighbours, read, require, touch

FLAGS = ("loop", "autostart", "stop_on_failure")


class Queue(Database):
    """Items in their order, and the flags of how they are worked off."""

    @property
    def queue_uid(self) -> str:
        """Another one after every change of the queue, of what runs, or of the flags."""
        with self._look() as connection:
            return connection.execute(sa.select(state.c.queue_uid)).scalar_one()

    def add(
        self,
        plan: str,
        parameters: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        by: str = "",
        at: Place = "back",
        uid: str | None = None,
    ) -> Item:
        """Puts a plan in the queue.

        Args:
            plan: its name.
            parameters: of the plan; plain JSON types.
            metadata: for the start document; plain JSON types.
            by: who adds it.
            at: where.
            uid: of the item; a new one by default.

        Raises:
            ItemRejected: if it cannot be stored, its uid is taken, or there is no such place.
            ItemNotFound: if the item beside which it should be is not in the queue.
        """
        return self.add_many([Item.new(plan, parameters, metadata, by, uid)], at)[0]

    def add_many(self, items: Iterable[Item], at: Place = "back") -> list[Item]:
        """Puts items in the queue beside each other, all or none (see `add`); their positions do not count."""
        new = [checked(item) for item in items]
        with self._change() as connection:
            return insert(connection, new, at)

    def set_items(self, items: Iterable[Item]) -> list[Item]:
        """Puts items in the place of the whole queue, all or none (see `add`)."""
        new = [checked(item) for item in items]
        with self._change() as connection:
            connection.execute(sa.delete(queue))
            touch(connection)
            return insert(connection, new, "back")

    def items(self) -> list[Item]:
        """The queue, front first."""
        with self._look() as connection:
            rows = connection.execute(sa.select(queue).order_by(queue.c.rank)).all()
        return [item_of(row, position) for position, row in enumerate(rows)]

    def get(self, uid: str) -> Item:
        """An item of the queue, or the one that runs.

        Raises:
            ItemNotFound: if it is neither.
        """
        with self._look() as connection:
            row = connection.execute(sa.select(running).where(running.c.uid == uid)).first()
            return item_of(row, None) if row else read(connection, uid)

    def edit(
        self, uid: str, parameters: Mapping[str, Any] | None = None, metadata: Mapping[str, Any] | None = None
    ) -> Item:
        """Replaces the parameters, the metadata, or both, of an item that waits.

        Raises:
            ItemNotFound: if the queue does not hold it.
            ItemRunning: if it runs.
            ItemRejected: if they cannot be stored.
        """
        given = {"parameters": parameters, "metadata": metadata}
        values = {name: plain_mapping(name, value) for name, value in given.items() if value is not None}
        with self._change() as connection:
            require(connection, [uid])
            if values:
                connection.execute(sa.update(queue).where(queue.c.uid == uid).values(**values))
                touch(connection)
            return read(connection, uid)

    def move(self, uid: str, to: Place) -> Item:
        """Moves an item; a position is the one that it has afterwards (see `move_many`)."""
        return self.move_many([uid], to)[0]

    def move_many(self, uids: Sequence[str], to: Place) -> list[Item]:
        """Moves items beside each other, in the order given, all or none.

        Args:
            uids: which.
            to: where the first will be; a position is the one that it has afterwards.

        Raises:
            ItemNotFound: if the queue does not hold one of them, or the one beside which they should be.
            ItemRunning: if one of them runs.
            ItemRejected: if one is named twice, or they should be beside one of themselves.
        """
        with self._change() as connection:
            require(connection, uids)
            if not uids:
                return []
            first = place_all(connection, uids, to)
            touch(connection)
            return neighbours(connection, first, len(uids))

    def remove(self, uid: str) -> Item:
        """Takes an item that waits out of the queue, for good (see `remove_many`)."""
        return self.remove_many([uid])[0]

    def remove_many(self, uids: Sequence[str], *, missing_ok: bool = False) -> list[Item]:
        """Takes items out of the queue, for good, all or none.

        Args:
            uids: which.
            missing_ok: whether it does not matter if some are not in the queue.

        Raises:
            ItemNotFound: if the queue does not hold one of them.
            ItemRunning: if one of them runs.
            ItemRejected: if one is named twice.
        """
        with self._change() as connection:
            if not missing_ok:
                require(connection, uids)
            rows = connection.execute(sa.select(queue).where(queue.c.uid.in_(uids)))
            gone = {row.uid: item_of(row, None) for row in rows}
            if gone:
                connection.execute(sa.delete(queue).where(queue.c.uid.in_(list(gone))))
                touch(connection)
            return [gone[uid] for uid in dict.fromkeys(uids) if uid in gone]

    def duplicate(self, uid: str, by: str | None = None) -> Item:
        """Puts a copy of an item that waits right behind it.

        Args:
            uid: of the original.
            by: who asks for it; by default whoever added the original.

        Raises:
            ItemNotFound: if the queue does not hold it.
            ItemRunning: if it runs.
        """
        with self._change() as connection:
            require(connection, [uid])
            old = read(connection, uid)
            new = Item.new(old.plan, old.parameters, old.metadata, old.added_by if by is None else by)
            return insert(connection, [new], {"after": uid})[0]

    def clear(self) -> int:
        """Empties the queue; what runs goes on.

        Returns:
            How many items it held.
        """
        with self._change() as connection:
            count = connection.execute(sa.delete(queue)).rowcount
            if count:
                touch(connection)
            return count

    def flags(self) -> dict[str, bool]:
        """Of the queue: `loop`, `autostart` and `stop_on_failure`."""
        with self._look() as connection:
            row = connection.execute(sa.select(*(state.c[name] for name in FLAGS))).one()
        return dict(row._mapping)

    def set_flags(self, **flags: bool) -> dict[str, bool]:
        """Sets some of the flags, and gives all back.

        Raises:
            ItemRejected: if there is no such flag.
        """
        if unknown := sorted(set(flags) - set(FLAGS)):
            raise ItemRejected(f"the queue has no flag {', '.join(unknown)}: it has {', '.join(FLAGS)}")
        if flags:
            with self._change() as connection:
                connection.execute(sa.update(state).values(**{name: bool(on) for name, on in flags.items()}))
                touch(connection)
        return self.flags()
