"""Who changed what: the log of accesses, and what becomes of old entries."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from daemon.store.database import Database
from daemon.store.history import forget
from daemon.store.records import Access, now, zoned
from daemon.store.tables import accesses, history


class AccessLog(Database):
    """Requests that were to change something, each in one line."""

    def log_access(
        self,
        name: str,
        method: str,
        path: str,
        status: int,
        address: str,
        token_id: str | None = None,
    ) -> None:
        """Notes a request.

        Args:
            name: of the client.
            method: of HTTP.
            path: that was asked for.
            status: of the answer.
            address: of the client.
            token_id: of its token; None for the single-user key, or if it was not let in.
        """
        values = {"name": name, "method": method, "path": path, "status": status, "address": address}
        with self._change(lock=False) as connection:
            connection.execute(sa.insert(accesses).values(time=now(), token_id=token_id, **values))

    def accesses(self, limit: int = 100, before: int | None = None) -> list[Access]:
        """Accesses, newest first.

        Args:
            limit: how many at most.
            before: only those older than the one with this id.
        """
        chosen = sa.select(accesses).order_by(accesses.c.id.desc()).limit(limit)
        if before is not None:
            chosen = chosen.where(accesses.c.id < before)
        with self._look() as connection:
            return [Access(**row._mapping) for row in connection.execute(chosen)]

    def prune(self, accesses_before: datetime | None = None, history_before: datetime | None = None) -> tuple[int, int]:
        """Forgets what is older than may be kept.

        Args:
            accesses_before: accesses until then, with its time zone; None keeps all.
            history_before: items that ended until then, with its time zone; None keeps all.

        Returns:
            How many accesses and how many items were forgotten.

        Raises:
            StoreError: if a time has no zone.
        """
        lines = items = 0
        with self._change() as connection:
            if accesses_before is not None:
                lines = connection.execute(sa.delete(accesses).where(accesses.c.time < zoned(accesses_before))).rowcount
            if history_before is not None:
                items = forget(connection, history.c.ended_at < zoned(history_before))
        return lines, items
