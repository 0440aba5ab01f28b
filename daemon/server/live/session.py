"""A WebSocket and whoever has it: the key comes in the first message, and is asked for again while it is open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import State
from starlette.websockets import WebSocket, WebSocketDisconnect

from daemon.errors import StoreError
from daemon.server.access import Principal, key_in
from daemon.server.gate import address_of

UNAUTHORIZED, FORBIDDEN, TOO_MANY, AWAY, BAD = 4401, 4403, 4429, 1013, 1007
"""Codes with which a socket is closed: HTTP's own and 4000, and two of WebSocket's."""
FIRST = 10.0
"""How long the first message may take, s."""
AGAIN = 10.0
"""A key is asked for again after so long, s: it may have been revoked."""
REASON = 100
"""Longest reason, characters: a WebSocket's may have 123 bytes."""
FIRST_MESSAGE = 'the first message is {"authorization": "ApiKey …"}'


class Closed(Exception):  # noqa: N818 - never leaves the server
    """The socket is to be closed.

    Args:
        code: of WebSocket.
        reason: what whoever has it is told.
    """

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


@dataclass
class Session:
    """An open WebSocket.

    Attributes:
        socket: it.
        key: that came in the first message.
        principal: whose key it is.
        asked: the first message.
    """

    socket: WebSocket
    key: str
    principal: Principal
    asked: dict[str, Any]
    _checked: float = field(default_factory=time.monotonic)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: str | bytes) -> None:
        """Send a text or bytes; waits for a slow client, and for nobody else.

        Raises:
            Closed: when the key is not valid any more.
        """
        if time.monotonic() - self._checked > AGAIN:
            self._checked = time.monotonic()
            state: State = self.socket.app.state
            if await asyncio.to_thread(state.keys.principal, self.key) is None:
                raise Closed(UNAUTHORIZED, "the key has expired or was revoked")
        await (self.socket.send_text(message) if isinstance(message, str) else self.socket.send_bytes(message))

    async def answered(self) -> None:
        """Wait until the client has said something since it was last waited for."""
        await self._heard.wait()
        self._heard.clear()

    def hear(self) -> None:
        """The client has said something."""
        self._heard.set()


def same_origin(socket: WebSocket) -> bool:
    """Whether no browser, or a page of our own, opens a socket: pages of others must not use a person's browser."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == socket.headers.get("host", "").lower()


async def converse(socket: WebSocket, scope: str, talk: Callable[[Session], Awaitable[None]]) -> None:
    """Serve a socket whose first message has a key with a scope, until the client goes away.

    Args:
        socket: as it came.
        scope: that is needed.
        talk: sends what there is to send; it is cancelled when the client goes away.
    """
    if not same_origin(socket):
        await socket.close(FORBIDDEN, "the page comes from another server")
        return
    await socket.accept()
    try:
        session = await _admitted(socket, scope)
        await _until_first((talk(session), _until_gone(session)))
    except Closed as error:
        await _close(socket, error.code, error.reason)
    except (WebSocketDisconnect, RuntimeError):  # RuntimeError: sent to a socket that is closed already
        return


async def _until_first(parts: Iterable[Awaitable[None]]) -> None:
    """Run parts until one ends, and end the others; what it raised is raised."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _until_gone(session: Session) -> None:
    while (await session.socket.receive())["type"] != "websocket.disconnect":
        session.hear()


async def _admitted(socket: WebSocket, scope: str) -> Session:
    """Whoever has the key in the first message.

    Raises:
        Closed: when nobody has, or they lack the scope.
    """
    try:
        async with asyncio.timeout(FIRST):
            asked = json.loads(await socket.receive_text())
    except (TimeoutError, ValueError, KeyError, RecursionError):
        raise Closed(UNAUTHORIZED, FIRST_MESSAGE) from None
    given = asked.get("authorization") if isinstance(asked, dict) else None
    key = key_in(given) if isinstance(given, str) else None
    if key is None:
        raise Closed(UNAUTHORIZED, FIRST_MESSAGE)
    principal = await _principal(socket, key)
    if not principal.may(scope):
        raise Closed(FORBIDDEN, f"{principal.name} ({principal.role}) lacks the scope {scope}"[:REASON])
    return Session(socket, key, principal, asked)


async def _principal(socket: WebSocket, key: str) -> Principal:
    state, address = socket.app.state, address_of(socket.scope)
    if seconds := state.wrong.wait(address, key):
        raise Closed(TOO_MANY, f"too many wrong keys; wait {seconds} s")
    try:
        principal = await asyncio.to_thread(state.keys.principal, key)
    except StoreError as error:
        raise Closed(AWAY, str(error)[:REASON]) from None
    if principal is None:
        state.wrong.count(address)
        raise Closed(UNAUTHORIZED, "the key is wrong, has expired or was revoked")
    state.wrong.accept(address, key)
    return principal


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.close(code, reason)
