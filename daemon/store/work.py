"""Whether the queue is being worked off: it outlives the server, so that the next one goes on or does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from daemon.store.database import Database
from daemon.store.queue import touch
from daemon.store.records import Item, LockState
from daemon.store.rows import item_of
from daemon.store.tables import queue, running, state, work


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue at a glance.

    Attributes:
        running: what runs, or None.
        waiting: how many items wait.
        flags: `loop`, `autostart` and `stop_on_failure`.
        lock: the control lock; None if nobody holds it.
        queue_uid: another one after every change of the queue.
        history_uid: another one after every change of the history.
        lock_uid: another one after every change of the lock.
    """

    running: Item | None
    waiting: int
    flags: dict[str, bool]
    lock: LockState | None
    queue_uid: str
    history_uid: str
    lock_uid: str


class Work(Database):
    """How the queue is worked off."""

    def working(self) -> tuple[bool, bool]:
        """Whether the queue is being worked off, and whether it stops after what runs."""
        with self._look() as connection:
            row = connection.execute(sa.select(work.c.working, work.c.stopping)).one()
        return bool(row.working), bool(row.stopping)

    def set_working(self, working: bool, stopping: bool) -> None:
        """Notes whether the queue is being worked off, and whether it stops after what runs."""
        with self._change() as connection:
            connection.execute(sa.update(work).values(working=working, stopping=stopping))

    def configure(self, flags: Mapping[str, bool]) -> None:
        """Sets flags as the settings say, unless they said the same when they were set last.

        So what a person set later stays until the settings are changed, however often the server starts.
        """
        with self._change() as connection:
            if connection.execute(sa.select(work.c.configured)).scalar_one() != dict(flags):
                connection.execute(sa.update(work).values(configured=dict(flags)))
                connection.execute(sa.update(state).values(**flags))
                touch(connection)

    def overview(self) -> Overview:
        """The queue at a glance, all of one moment."""
        with self._look() as connection:
            row = connection.execute(sa.select(state)).one()
            runs = connection.execute(sa.select(running)).first()
            waiting = connection.scalar(sa.select(sa.func.count()).select_from(queue)) or 0
        held = row.lock_holder is not None
        return Overview(
            running=item_of(runs, None) if runs else None,
            waiting=waiting,
            flags={"loop": row.loop, "autostart": row.autostart, "stop_on_failure": row.stop_on_failure},
            lock=LockState(row.lock_holder, row.lock_note, row.lock_since) if held else None,
            queue_uid=row.queue_uid,
            history_uid=row.history_uid,
            lock_uid=row.lock_uid,
        )
