"""The control lock: one person at a time says what the instrument does."""

from __future__ import annotations

import sqlalchemy as sa

from daemon.errors import LockHeld
from daemon.store.database import Database
from daemon.store.records import LockState, new_uid, now
from daemon.store.tables import state


class ControlLock(Database):
    """Who alone may control the instrument; kept until unlocked, also through a restart."""

    @property
    def lock_uid(self) -> str:
        """Another one after every change of the lock."""
        with self._look() as connection:
            return connection.execute(sa.select(state.c.lock_uid)).scalar_one()

    def lock(self, holder: str, note: str = "") -> LockState:
        """Takes the lock; its holder may take it again, to change the note.

        Args:
            holder: who takes it.
            note: what for.

        Raises:
            LockHeld: if somebody else holds it.
        """
        with self._change() as connection:
            held = _held(connection, holder)
            values = {"lock_holder": holder, "lock_note": note, "lock_since": held.since if held else now()}
            _set(connection, **values)
            taken = _read(connection)
        assert taken is not None  # noqa: S101 - written just now
        return taken

    def unlock(self, holder: str, force: bool = False) -> None:
        """Lets go of the lock; harmless if nobody holds it.

        Args:
            holder: who held it.
            force: whether somebody else's may be taken away.

        Raises:
            LockHeld: if somebody else holds it.
        """
        with self._change() as connection:
            held = _read(connection) if force else _held(connection, holder)
            if held is not None:
                _set(connection, lock_holder=None, lock_note=None, lock_since=None)

    def lock_state(self) -> LockState | None:
        """Who holds the lock; None if nobody does."""
        with self._look() as connection:
            return _read(connection)


def _held(connection: sa.Connection, holder: str) -> LockState | None:
    held = _read(connection)
    if held is not None and held.holder != holder:
        raise LockHeld(held.holder, held.since, held.note)
    return held


def _read(connection: sa.Connection) -> LockState | None:
    row = connection.execute(sa.select(state.c.lock_holder, state.c.lock_note, state.c.lock_since)).one()
    return None if row.lock_holder is None else LockState(row.lock_holder, row.lock_note, row.lock_since)


def _set(connection: sa.Connection, **values: object) -> None:
    connection.execute(sa.update(state).values(**values, lock_uid=new_uid()))
