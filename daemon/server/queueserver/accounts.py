"""Who one is, and keys. A key is asked for in every request, so there are no sessions to begin or end."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from daemon.server.access import SINGLE_USER, Principal, key_in
from daemon.server.queueserver.own import SPACE
from daemon.server.queueserver.verbs import Call, Reply, Verbs
from daemon.store.roles import ROLES

if TYPE_CHECKING:
    from daemon.store import Token

verbs = Verbs("accounts")

ANYBODY = ""
"""The scope that every key has."""
PROVIDER = "api_key"
FOREVER = 10 * 365 * 24 * 3600
"""How long a key without an end is said to be good for, s."""
LONGEST = 255
"""Longest name of a key, characters."""
NEW_KEY = {
    "expires_in": {"type": ["integer", "null"], "minimum": 1, "maximum": FOREVER},
    "scopes": {"type": ["array", "null"], "items": {"type": "string"}},
    "note": {"type": ["string", "null"], "maxLength": LONGEST},
}
"""Parameters of a new key: JSON schemas."""


@verbs.verb("GET", "/auth/whoami", ANYBODY, bare=True)
async def whoami(call: Call) -> Reply:
    """Who one is, what one may do, and one's keys."""
    tokens = [token for token in await _tokens(call) if token.name == call.principal.name]
    return _principal(call.principal.name, call.principal.role, tokens)


@verbs.verb("GET", "/auth/scopes", ANYBODY, bare=True)
async def api_scopes(call: Call) -> Reply:
    """What one may do."""
    return {"roles": [call.principal.role], "scopes": sorted(call.principal.scopes)}


@verbs.verb("GET", "/auth/apikey", ANYBODY, bare=True)
async def apikey_info(call: Call) -> Reply:
    """The key that came with the request."""
    for token in await _tokens(call):
        if token.id == call.principal.token_id:
            return _key(token)
    return {
        "first_eight": _uuid(call.principal.name).hex[:8],
        "expiration_time": None,
        "note": "the single user's key",
        "scopes": sorted(call.principal.scopes),
        "latest_activity": None,
    }


@verbs.verb("POST", "/auth/apikey", "admin:apikeys", takes=tuple(NEW_KEY), types=NEW_KEY, statuses=(400,), bare=True)
async def apikey_new(call: Call) -> Reply:
    """A new key, which may do no more than one's own."""
    return await _new_key(call, call.principal.name, call.principal.role)


@verbs.verb("DELETE", "/auth/apikey", "admin:apikeys", query=("first_eight",), statuses=(404,))
async def apikey_delete(call: Call) -> Reply:
    """Revoke a key, named by its first eight characters in the query."""
    first = call.request.query_params.get("first_eight", "")
    found = [token for token in await _tokens(call) if len(first) == 8 and _key(token)["first_eight"] == first]
    if not found:
        raise HTTPException(404, f"there is no such key: {first!r}")
    for token in found:
        await asyncio.to_thread(call.store.revoke_token, token.id)
    return {}


@verbs.verb("GET", "/auth/principal", "admin:read:principals", bare=True)
async def principal_list(call: Call) -> list[Reply]:
    """Everybody who has a key."""
    by_name = {call.principal.name: (call.principal.role, [])} | await _by_name(call)
    return [_principal(name, role, tokens) for name, (role, tokens) in by_name.items()]


@verbs.verb("GET", "/auth/principal/{principal}", "admin:read:principals", statuses=(404,), bare=True)
async def principal_info(call: Call) -> Reply:
    """Somebody who has a key."""
    name, role, tokens = await _somebody(call)
    return _principal(name, role, tokens)


@verbs.verb(
    "POST",
    "/auth/principal/{principal}/apikey",
    "admin:apikeys",
    takes=tuple(NEW_KEY),
    types=NEW_KEY,
    statuses=(400, 404),
    bare=True,
)
async def apikey_for_principal(call: Call) -> Reply:
    """A new key for somebody who has one."""
    name, role, _ = await _somebody(call)
    return await _new_key(call, name, role)


@verbs.verb("POST", "/auth/session/refresh", ANYBODY, takes=("refresh_token",), bare=True)
async def session_refresh(call: Call) -> Reply:
    """Go on with a key that is used as a token: it stays as it is, so only one's own can be given."""
    key = call.payload.get("refresh_token")
    if key != key_in(call.request.headers["authorization"]):
        raise HTTPException(401, "there are no sessions: a key is its own refresh token")
    tokens = {token.id: token for token in await _tokens(call)}
    end = tokens[call.principal.token_id].expires_at if call.principal.token_id in tokens else None
    seconds = FOREVER if end is None else max(0, int((end - datetime.now(UTC)).total_seconds()))
    ends = {"expires_in": seconds, "refresh_token_expires_in": seconds}
    return {"access_token": key, "refresh_token": key, "token_type": "bearer", **ends}


@verbs.verb("DELETE", "/auth/session/revoke/{session}", ANYBODY, statuses=(404,))
async def session_revoke(call: Call) -> Reply:
    """End a session; there are none."""
    raise HTTPException(404, "there are no sessions: revoke the key instead")


@verbs.verb("POST", "/auth/logout", ANYBODY, bare=True)
async def logout(call: Call) -> Reply:
    """Forget who one is: nothing was remembered."""
    return {}


async def _tokens(call: Call) -> list[Token]:
    """All keys that let somebody in now."""
    now = datetime.now(UTC)
    return [token for token in await asyncio.to_thread(call.store.tokens) if token.valid(now)]


async def _by_name(call: Call) -> dict[str, tuple[str, list[Token]]]:
    found: dict[str, tuple[str, list[Token]]] = {}
    for token in await _tokens(call):
        found.setdefault(token.name, (token.role, []))[1].append(token)
    return found


async def _somebody(call: Call) -> tuple[str, str, list[Token]]:
    wanted = call.request.path_params["principal"]
    known = {call.principal.name: (call.principal.role, [])} | await _by_name(call)
    for name, (role, tokens) in known.items():
        if str(_uuid(name)) == wanted:
            return name, role, tokens
    raise HTTPException(404, f"nobody has the UUID {wanted}")


async def _new_key(call: Call, name: str, role: str) -> Reply:
    """Make a key; what it may do is what its role may."""
    chosen = _role(call.principal, role, call.payload.get("scopes"))
    seconds = call.payload.get("expires_in")
    whole = isinstance(seconds, int) and not isinstance(seconds, bool)
    if not (seconds is None or (whole and 0 < seconds <= FOREVER)):
        raise HTTPException(422, f"expires_in is {seconds!r}: give seconds, or null for a key without an end")
    end = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
    note = call.payload.get("note")
    if not (note is None or (isinstance(note, str) and len(note) <= LONGEST)):
        raise HTTPException(422, f"note must be text of {LONGEST} characters at the most, or null")
    if note == SINGLE_USER:
        raise HTTPException(422, f"{SINGLE_USER} is the name of the key in the data folder: use another note")
    secret, token = await asyncio.to_thread(call.store.create_token, note or name, chosen, end)
    return {**_key(token), "note": note, "secret": secret}


def _role(principal: Principal, role: str, scopes: object) -> str:
    """The role that may most of what a new key is to, and nothing else.

    Args:
        principal: who makes the key.
        role: that the key gets if it is to inherit everything.
        scopes: that it is to have; None or `["inherit"]` for all.

    Raises:
        HTTPException: 400 when there is no such role, or it may more than whoever makes the key.
    """
    wanted = ROLES[role] if scopes in (None, [], ["inherit"]) else frozenset(map(str, _list(scopes)))
    fits = [(len(has), name) for name, has in ROLES.items() if has <= wanted and has <= principal.scopes]
    if not fits or wanted - principal.scopes:
        raise HTTPException(400, f"a key has the scopes of one of the roles {', '.join(ROLES)}, and no more than yours")
    return max(fits)[1]


def _list(scopes: object) -> list[Any]:
    if not isinstance(scopes, list):
        raise HTTPException(422, "scopes must be a list of text")
    return scopes


def _uuid(name: str) -> uuid.UUID:
    return uuid.uuid5(SPACE, name)


def _key(token: Token) -> Reply:
    return {
        "first_eight": token.id.replace("-", "")[:8].ljust(8, "0"),
        "expiration_time": None if token.expires_at is None else token.expires_at.isoformat(),
        "note": token.name,
        "scopes": sorted(token.scopes),
        "latest_activity": None,
    }


def _principal(name: str, role: str, tokens: list[Token]) -> Reply:
    return {
        "uuid": str(_uuid(name)),
        "type": "user",
        "identities": [{"id": name, "provider": PROVIDER, "latest_login": None}],
        "api_keys": [_key(token) for token in tokens],
        "sessions": [],
        "latest_activity": None,
        "roles": [role],
        "scopes": sorted(ROLES[role]),
        "api_key_scopes": None,
    }
