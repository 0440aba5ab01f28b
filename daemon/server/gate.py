"""The gate before every route: keys are checked and bodies limited before anything is read; writes are written down.

It is ASGI middleware, not a dependency, because FastAPI reads a body before it asks the first dependency.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon.errors import StoreError
from daemon.server.access import PRINCIPAL, Keys, Principal, key_in
from daemon.server.limits import WrongKeys
from daemon.server.problems import failed

if TYPE_CHECKING:
    from daemon.server.metrics import Requests
    from daemon.store import Store

log = logging.getLogger(__name__)

OPEN = frozenset({"/openapi.json", "/api/v1/healthz"})
"""What answers without a key, beside the static files of the page."""
GUARDED = "/api"
"""Everything below needs a key."""
BODY = 1024 * 1024
"""Largest body, bytes."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Lets requests through whose key is known.

    A wrong key is told so, and too many of them have to wait; a missing one never has. WebSockets are let through:
    their key comes in the first message.

    Args:
        app: what is behind.
        keys: whose key is whose.
        store: keeps the access log.
        wrong: patience with wrong keys.
        requests: counts answers.
    """

    def __init__(self, app: ASGIApp, keys: Keys, store: Store, wrong: WrongKeys, requests: Requests) -> None:
        self._app = app
        self._keys = keys
        self._store = store
        self._wrong = wrong
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, noted = time.perf_counter(), Noted(send)
        try:
            await self._serve(scope, receive, noted)
        finally:
            self._requests.count(scope["method"], noted.status, began)

    async def _serve(self, scope: Scope, receive: Receive, noted: Noted) -> None:
        path, address = scope["path"], address_of(scope)
        if path in OPEN or not is_below(path, GUARDED):
            await self._limited(scope, receive, noted)
            return
        try:
            principal, refusal = await self._check(Headers(scope=scope), address)
        except StoreError as error:
            principal, refusal = None, failed(503, str(error))
        if refusal is not None:
            await refusal(scope, receive, noted)
        else:
            scope[PRINCIPAL] = principal
            await self._limited(scope, receive, noted)
        if scope["method"] not in READS:
            await self._note(principal, scope, noted.status, address)

    async def _check(self, headers: Headers, address: str) -> tuple[Principal | None, ASGIApp | None]:
        """Whose key came, or the answer where it is nobody's."""
        given = headers.get("authorization")
        key = None if given is None else key_in(given)
        if key is None:
            return None, failed(401, "give a key as `Authorization: ApiKey …` or `Bearer …`", CHALLENGE)
        if seconds := self._wrong.wait(address, key):
            return None, failed(429, f"too many wrong keys; wait {seconds} s", {"Retry-After": str(seconds)})
        principal = await asyncio.to_thread(self._keys.principal, key)
        if principal is None:
            self._wrong.count(address)
            return None, failed(401, "the key is wrong, has expired or was revoked", CHALLENGE)
        self._wrong.accept(address, key)
        return principal, None

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with a body that may not grow beyond the limit, whatever its header says."""
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > BODY:
            await failed(413, TOO_LARGE, {"Connection": "close"})(scope, receive, send)
            return
        await Limit(receive, send).serve(self._app, scope)

    async def _note(self, principal: Principal | None, scope: Scope, status: int, address: str) -> None:
        token, name = (None, "") if principal is None else (principal.token_id, principal.name)
        try:
            await asyncio.to_thread(
                self._store.log_access, name, scope["method"], scope["path"], status, address, token
            )
        except StoreError:
            log.exception("the access log cannot be written")


CHALLENGE = {"WWW-Authenticate": "ApiKey"}
TOO_LARGE = f"a body may have {BODY:,} bytes at the most"


class TooLarge(Exception):  # noqa: N818 - never leaves this module
    """A body grew beyond the limit."""


class Noted:
    """Sends on, and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        """Send on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class Limit:
    """Counts a body while it comes in."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = Noted(send)
        self._size = 0
        self._exceeded = False
        self._answered = False

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Have an app answer, or answer 413 in its place."""
        with contextlib.suppress(TooLarge):
            await app(scope, self._take, self._give)
        if self._exceeded and not self._answered:
            await failed(413, TOO_LARGE, {"Connection": "close"})(scope, self._receive, self._send)

    async def _take(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > BODY:
            self._exceeded = True
            raise TooLarge
        return message

    async def _give(self, message: Message) -> None:
        if self._exceeded:  # the app made an error of its own out of ours
            return
        self._answered = True
        await self._send(message)


def address_of(scope: Scope) -> str:
    """The address that a connection came from."""
    client = scope.get("client")
    return client[0] if client else ""


def is_below(path: str, root: str) -> bool:
    """Whether a path is a root or below it."""
    return path == root or path.startswith(f"{root}/")
