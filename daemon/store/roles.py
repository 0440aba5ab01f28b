"""Roles, and what each may do: the scopes that doors of the server ask for."""

from __future__ import annotations

from daemon.errors import StoreError

OBSERVER = frozenset(
    {
        "read:status",
        "read:queue",
        "read:history",
        "read:resources",
        "read:config",
        "read:monitor",
        "read:console",
        "read:testing",
    }
)
"""Sees everything, changes nothing."""

OPERATOR = OBSERVER | {
    "write:queue:edit",
    "write:queue:control",
    "write:plan:control",
    "write:execute",
    "write:history:edit",
    "write:lock",
}
"""Measures."""

ADMINISTRATOR = OPERATOR | {
    "admin:apikeys",
    "admin:read:principals",
    "admin:metrics",
    "write:manager:control",
    "write:config",
    "write:permissions",
    "write:manager:stop",
}
"""Also says who may do what."""

ROLES: dict[str, frozenset[str]] = {"observer": OBSERVER, "operator": OPERATOR, "administrator": ADMINISTRATOR}


def scopes_of(role: str) -> frozenset[str]:
    """What a role may do.

    Raises:
        StoreError: if there is no such role; the text names those that are.
    """
    try:
        return ROLES[role]
    except KeyError:
        raise StoreError(f"there is no role {role!r}: use one of {', '.join(ROLES)}") from None
