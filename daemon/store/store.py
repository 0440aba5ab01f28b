"""All that the daemon remembers besides runs, behind one door."""

from __future__ import annotations

from daemon.store.accesses import AccessLog
from daemon.store.control_lock import ControlLock
from daemon.store.history import History
from daemon.store.queue import Queue
from daemon.store.running import Running
from daemon.store.tokens import Tokens
from daemon.store.work import Work


class Store(Queue, Running, History, Tokens, AccessLog, ControlLock, Work):
    """Queue, running item, history, tokens, accesses and control lock, in one database.

    Every method is one transaction, is safe from any thread, and blocks until the database has answered. What
    a method acknowledged survives the end of the process and of the computer's power. Every method raises
    `StoreUnavailable` when the database cannot be used.
    """
