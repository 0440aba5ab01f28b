"""What the daemon remembers besides runs: queue, history, tokens, accesses and the control lock."""

from daemon.store.records import Access, ExitStatus, HistoryEntry, Item, LockState, Place, Token
from daemon.store.roles import ROLES, scopes_of
from daemon.store.store import Store

__all__ = [
    "ROLES",
    "Access",
    "ExitStatus",
    "HistoryEntry",
    "Item",
    "LockState",
    "Place",
    "Store",
    "Token",
    "scopes_of",
]
