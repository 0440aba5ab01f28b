"""What runs, from being taken out of the queue to its entry in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from daemon.errors import ItemNotFound, ItemRejected, ItemRunning
from daemon.store.database import Database
from daemon.store.records import EXIT_STATUSES, ExitStatus, HistoryEntry, Item, new_uid, now
from daemon.store.rows import checked, entry_of, item_of, search_text, values_of
from daemon.store.tables import history, queue, running, state
from daemon.store.waiting import insert, touch

SLOT = 1
"""The only row of the table: two plans would move the same motors."""


class Running(Database):
    """The one item that runs."""

    def take(self) -> Item | None:
        """Makes the front item of the queue the one that runs.

        Returns:
            It, or None if the queue is empty.

        Raises:
            ItemRunning: if one runs already.
        """
        with self._change() as connection:
            _require_idle(connection)
            row = connection.execute(sa.select(queue).order_by(queue.c.rank).limit(1)).first()
            if row is None:
                return None
            connection.execute(sa.delete(queue).where(queue.c.uid == row.uid))
            return _start(connection, item_of(row, None), from_queue=True)

    def set_running(self, item: Item) -> Item:
        """Makes an item the one that runs, at once; if it waits in the queue, it is taken out.

        Raises:
            ItemRunning: if one runs already.
            ItemRejected: if it cannot be stored.
        """
        item = checked(item)
        with self._change() as connection:
            _require_idle(connection)
            waited = connection.execute(sa.delete(queue).where(queue.c.uid == item.uid)).rowcount > 0
            return _start(connection, item, from_queue=waited)

    def running(self) -> Item | None:
        """What runs, or None."""
        with self._look() as connection:
            row = connection.execute(sa.select(running)).first()
        return item_of(row, None) if row else None

    def running_since(self) -> datetime | None:
        """When it was taken, UTC; None if nothing runs."""
        with self._look() as connection:
            return connection.scalar(sa.select(running.c.started_at))

    def put_back(self, uid: str) -> Item:
        """Puts what runs back to the front of the queue, as if it had not been taken.

        Raises:
            ItemNotFound: if it does not run.
        """
        with self._change() as connection:
            item = item_of(_stop(connection, uid), None)
            return insert(connection, [item], "front")[0]

    def finish(
        self,
        uid: str,
        exit_status: ExitStatus,
        reason: str = "",
        run_uid: str | None = None,
        run_path: str | None = None,
        points: int = 0,
    ) -> HistoryEntry:
        """Puts what runs in the history; in loop mode, a copy of what came from the queue goes to its back.

        Args:
            uid: of the item.
            exit_status: how it ended.
            reason: why it ended so.
            run_uid: of its run; None if none was begun.
            run_path: the run's folder.
            points: that the run has.

        Raises:
            ItemNotFound: if it does not run.
            ItemRejected: if there is no such exit status.
        """
        if exit_status not in EXIT_STATUSES:
            raise ItemRejected(f"{exit_status!r} is no exit status: use one of {', '.join(EXIT_STATUSES)}")
        with self._change() as connection:
            row = _stop(connection, uid)
            item = item_of(row, None)
            ending = {"exit_status": exit_status, "reason": reason, "run_uid": run_uid, "run_path": run_path}
            entry = _record(connection, item, row.started_at, {**ending, "points": points})
            if row.from_queue and connection.scalar(sa.select(state.c.loop)):
                again = Item.new(item.plan, item.parameters, item.metadata, item.added_by)
                insert(connection, [again], "back")
            return entry


def _require_idle(connection: sa.Connection) -> None:
    row = connection.execute(sa.select(running)).first()
    if row is not None:
        raise ItemRunning(f"item {row.uid} ({row.plan}) is running: wait for it, or abort it")


def _start(connection: sa.Connection, item: Item, *, from_queue: bool) -> Item:
    values = {"slot": SLOT, "from_queue": from_queue, "started_at": now()}
    connection.execute(sa.insert(running).values(**values, **values_of(item)))
    touch(connection)
    return item


def _stop(connection: sa.Connection, uid: str) -> sa.Row[Any]:
    row = connection.execute(sa.select(running)).first()
    if row is None or row.uid != uid:
        raise ItemNotFound(f"item {uid} is not running: " + (f"{row.uid} is" if row else "nothing is"))
    connection.execute(sa.delete(running))
    touch(connection)
    return row


def _record(connection: sa.Connection, item: Item, started_at: datetime, ending: dict[str, Any]) -> HistoryEntry:
    words = (item.uid, item.plan, item.added_by, item.parameters, item.metadata, *ending.values())
    values = {**values_of(item), **ending, "started_at": started_at, "ended_at": now()}
    made = connection.execute(sa.insert(history).values(**values, search=search_text(words)))
    connection.execute(sa.update(state).values(history_uid=new_uid()))
    (number,) = made.inserted_primary_key or (None,)
    return entry_of(connection.execute(sa.select(history).where(history.c.id == number)).one())
