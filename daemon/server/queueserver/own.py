"""What the door of the queue server keeps itself: the lock with its key, and how plans were ended."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection

from daemon.server.queueserver.endings import Endings
from daemon.server.queueserver.lock_key import KeyedLock

SPACE = uuid.UUID("6c1f0a52-6f0f-4b0e-9c5c-2f6f2a7f9d11")
"""Namespace of the identifiers that are made from contents."""


@dataclass
class Own:
    """What this door keeps itself.

    Attributes:
        lock: the lock with its key.
        endings: how plans were told to end.
        pause_asked: item that was told to pause at its next checkpoint; None if none was.
        tasks_uid: of the results of tasks, of which there are none.
    """

    lock: KeyedLock
    endings: Endings
    pause_asked: str | None = None
    tasks_uid: str = field(default_factory=lambda: str(uuid.uuid4()))


def own(connection: HTTPConnection) -> Own:
    """What the door of this application keeps; made when it is asked for first."""
    state = connection.app.state
    if not hasattr(state, "queueserver"):
        data = state.queue.settings.data
        state.queueserver = Own(KeyedLock(state.store, data), Endings(data))
    return state.queueserver


def uid_of(*contents: Any) -> str:
    """An identifier that changes when the contents do."""
    return str(uuid.uuid5(SPACE, repr(contents)))
