"""Removes now and then what the settings do not keep: runs, logs, history and the access log."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from daemon.errors import BeampilotError

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.store import Store

FIRST = 60.0
"""Time after the start, when everything else is done, s."""
PERIOD = 3600.0
"""... and from then on, s."""

log = logging.getLogger(__name__)


async def keep_house(settings: Settings, store: Store) -> None:
    """Removes what is old, for ever; what fails is told and tried again."""
    await asyncio.sleep(FIRST)
    while True:
        try:
            await asyncio.to_thread(clean, settings, store)
        except (BeampilotError, OSError):
            log.exception("old runs or entries could not be removed")
        await asyncio.sleep(PERIOD)


def clean(settings: Settings, store: Store, now: datetime | None = None) -> None:
    """Removes what is old now.

    Args:
        settings: of the daemon.
        store: history and access log.
        now: the time, with its zone.
    """
    from daemon.retention import remove_old

    today, keep = now or datetime.now(UTC), settings.retention

    def before(days: float | None) -> datetime | None:
        return None if days is None else today - timedelta(days=days)

    remove_old(settings.data, keep, today.timestamp())
    store.prune(before(keep.accesses_days), before(keep.history_days))
