"""Who asks, and what they may do: keys, scopes and the control lock."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fastapi import HTTPException, Request
from starlette.requests import HTTPConnection

from daemon.errors import LockHeld
from daemon.store.roles import scopes_of

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.store import Token

KEY_FILE = "api_key"
"""File in the data folder with the single user's key."""
SINGLE_USER = "single-user"
"""Name of whoever has the single user's key."""
ADMINISTRATOR = "administrator"
PRINCIPAL = "beampilot.principal"
"""Where the principal of a request stands in its ASGI scope."""
UNLOCKED = frozenset({"write:lock", "write:manager:stop"})
"""Scopes to write that the control lock does not hold back."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose key was accepted.

    Attributes:
        name: of the token, or `single-user`; it stands in the access log and on the control lock.
        role: observer, operator or administrator.
        scopes: what they may do.
        token_id: of the token; None for the single user's key.
    """

    name: str
    role: str
    scopes: frozenset[str]
    token_id: str | None = None

    def may(self, scope: str) -> bool:
        """Whether they have a scope; everybody has the empty one."""
        return not scope or scope in self.scopes


class Tokens(Protocol):
    """Where tokens are kept."""

    def find_token(self, secret: str) -> Token | None:
        """The valid token with this secret."""
        ...


class LockGuard(Protocol):
    """Where the control lock is kept."""

    async def check_lock(self, name: str) -> None:
        """Raises LockHeld unless `name` may write."""
        ...


class Keys:
    """Finds out whose key one is.

    Args:
        tokens: where tokens are kept; asked from a thread.
        single_user_key: the key that is an administrator's.
    """

    def __init__(self, tokens: Tokens, single_user_key: str) -> None:
        self._tokens = tokens
        self._single = single_user_key.encode()

    def principal(self, secret: str) -> Principal | None:
        """Whose key this is, None if nobody's; blocks while the database is asked."""
        if hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), self._single):
            return Principal(SINGLE_USER, ADMINISTRATOR, scopes_of(ADMINISTRATOR))
        token = self._tokens.find_token(secret)
        return None if token is None else Principal(token.name, token.role, token.scopes, token.id)


def single_user_key(settings: Settings) -> str:
    """The key of the settings, or that of the data folder, which is made where there is none.

    Raises:
        OSError: when the file can neither be read nor written.
    """
    if settings.server.api_key is not None:
        return settings.server.api_key
    file = settings.data / KEY_FILE
    with contextlib.suppress(FileNotFoundError):
        if key := file.read_text(encoding="utf-8").strip():
            file.chmod(0o600)
            return key
    key = secrets.token_urlsafe(32)
    _write_private(file, key)
    return key


def _write_private(file: Path, text: str) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    new.replace(file)


def key_in(authorization: str) -> str | None:
    """The key in an `Authorization` header (or first message of a WebSocket), None where it has none."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() or None if scheme.lower() in ("apikey", "bearer") else None


def principal_of(connection: HTTPConnection) -> Principal:
    """Whoever asks; the gate has put them there before a route is reached.

    Raises:
        HTTPException: 401 where nobody has.
    """
    found = connection.scope.get(PRINCIPAL)
    if found is None:
        raise HTTPException(401, "give a key as `Authorization: ApiKey …`", {"WWW-Authenticate": "ApiKey"})
    return found


class Needs:
    """A dependency: whoever asks has a scope, and nobody else holds the control lock.

    It gives the principal, so a route takes it as a parameter: `by: Annotated[Principal, Depends(needs("…"))]`.

    Args:
        scope: what is needed.
        locked: whether the control lock holds it back; by default, if it writes.

    Attributes:
        scope: what is needed.
        locked: whether the control lock holds it back.
    """

    def __init__(self, scope: str, locked: bool | None = None) -> None:
        self.scope = scope
        self.locked = scope.startswith("write:") and scope not in UNLOCKED if locked is None else locked

    async def __call__(self, request: Request) -> Principal:
        """Check; the principal.

        Raises:
            HTTPException: 401, 403 with the scope that is missing, or 423 with the lock's holder.
        """
        principal = principal_of(request)
        if not principal.may(self.scope):
            raise HTTPException(403, f"{principal.name} ({principal.role}) lacks the scope {self.scope}")
        if self.locked:
            guard: LockGuard = request.app.state.queue
            try:
                await guard.check_lock(principal.name)
            except LockHeld as error:
                raise HTTPException(423, str(error)) from None
        return principal


def needs(scope: str, locked: bool | None = None) -> Callable[[Request], Awaitable[Principal]]:
    """The dependency that asks for a scope; see `Needs`."""
    return Needs(scope, locked)
