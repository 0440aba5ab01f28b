"""What was done, newest first."""

from __future__ import annotations

import sqlalchemy as sa

from daemon.errors import ItemNotFound
from daemon.store.database import Database
from daemon.store.records import HistoryEntry, new_uid
from daemon.store.rows import entry_of
from daemon.store.tables import history, plain, state


class History(Database):
    """Items that are done; `Running.finish` adds them."""

    @property
    def history_uid(self) -> str:
        """Another one after every change of the history."""
        with self._look() as connection:
            return connection.execute(sa.select(state.c.history_uid)).scalar_one()

    def history(self, limit: int = 100, before: int | None = None, search: str | None = None) -> list[HistoryEntry]:
        """Entries, newest first.

        Args:
            limit: how many at most.
            before: only those older than the entry with this id.
            search: only those with this text, in whatever case, anywhere: plan, parameters, metadata, who
                added it, reason, run.
        """
        chosen = sa.select(history).order_by(history.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(history.c.id < before)
        if search:
            chosen = chosen.where(history.c.search.contains(plain(search).casefold(), autoescape=True))
        with self._look() as connection:
            return [entry_of(row) for row in connection.execute(chosen)]

    def history_entry(self, id: int) -> HistoryEntry:  # noqa: A002 - the record's own word
        """One entry.

        Raises:
            ItemNotFound: if there is none.
        """
        with self._look() as connection:
            row = connection.execute(sa.select(history).where(history.c.id == id)).first()
        if row is None:
            raise ItemNotFound(f"the history holds no entry {id}")
        return entry_of(row)

    def history_size(self) -> int:
        """How many entries there are."""
        with self._look() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(history)) or 0

    def clear_history(self) -> int:
        """Forgets all entries; runs on disk stay.

        Returns:
            How many there were.
        """
        with self._change() as connection:
            return forget(connection, sa.true())


def forget(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Deletes some entries, and says how many."""
    count = connection.execute(sa.delete(history).where(which)).rowcount
    if count:
        connection.execute(sa.update(state).values(history_uid=new_uid()))
    return count
