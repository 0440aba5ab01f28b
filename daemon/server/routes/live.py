"""WebSockets: `/ws/status`, `/ws/documents` and `/ws/frames`.

The first message of each is `{"authorization": "ApiKey …"}`; for documents also `"after": "EPOCH:SEQUENCE"`, the last
one that the client knows. A socket is closed with 4401 where the key is missing or wrong, 4403 where the scope is
missing or the page comes from another server, and 4429 after too many wrong keys.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

from fastapi import APIRouter, WebSocket

from daemon.numbers import parse_number
from daemon.server.live.documents import as_json
from daemon.server.live.session import BAD, Closed, Session, converse

router = APIRouter()

SCOPES = {"/ws/status": "read:status", "/ws/documents": "read:monitor", "/ws/frames": "read:monitor"}
"""What each needs."""

SILENCE = 1.0
"""A status is sent this often even if nothing changes, s."""
FASTEST = 0.05
"""... and never more often than this, s."""


@router.websocket("/ws/status")
async def status(socket: WebSocket) -> None:
    """The status, at once, whenever it changes, and every second."""
    await converse(socket, SCOPES["/ws/status"], _status)


@router.websocket("/ws/documents")
async def documents(socket: WebSocket) -> None:
    """Every document as `["EPOCH:SEQUENCE", name, document]`, complete and in order."""
    await converse(socket, SCOPES["/ws/documents"], _documents)


@router.websocket("/ws/frames")
async def frames(socket: WebSocket) -> None:
    """The newest frame of every camera, as `daemon.server.live.frames` describes; each client as fast as it can."""
    await converse(socket, SCOPES["/ws/frames"], _frames)


async def _status(session: Session) -> None:

    queue = session.socket.app.state.queue
    with queue.changed.listener() as listener:
        while True:
            await session.send((await queue.status()).model_dump_json())
            await asyncio.sleep(FASTEST)
            await listener.wait(SILENCE)


async def _documents(session: Session) -> None:
    given = session.asked.get("after")
    try:
        after = None if given is None else parse_number(str(given))
    except ValueError as error:
        raise Closed(BAD, f"after: {error}"[:100]) from None
    hub = session.socket.app.state.documents
    async with aclosing(hub.follow(after)) as batches:
        async for batch in batches:
            for one in batch:
                await session.send(as_json(one).decode())


async def _frames(session: Session) -> None:
    hub = session.socket.app.state.frames
    told: set[str] = set()
    async with aclosing(hub.follow()) as batches:
        async for batch in batches:
            for preview in batch:
                if preview.camera not in told:
                    told.add(preview.camera)
                    await session.send(json.dumps({"camera": preview.camera, "number": hub.number(preview.camera)}))
                await session.send(preview.message)
                if session.asked.get("acknowledge"):
                    await session.answered()
