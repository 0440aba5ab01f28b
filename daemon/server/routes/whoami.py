"""`/whoami`: who a key belongs to, and what it may do."""

from __future__ import annotations

from daemon.server.models import Answer
from daemon.server.routing import Asker, make_router, route

router = make_router("tokens")


class PrincipalAnswer(Answer):
    """Whoever asks."""

    name: str
    """Of the token, or `single-user`; it stands in the access log and on the control lock."""
    role: str
    """observer, operator or administrator."""
    scopes: list[str]
    """What they may do."""
    token_id: str | None
    """Of the token; null for the single user's key."""


@router.get("/whoami", **route(""))
async def get_whoami(by: Asker) -> PrincipalAnswer:
    """Who the key of this request belongs to, and what they may do; any key will do."""
    return PrincipalAnswer(name=by.name, role=by.role, scopes=sorted(by.scopes), token_id=by.token_id)
