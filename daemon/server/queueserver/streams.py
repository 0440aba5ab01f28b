"""WebSockets that tell the status whenever it changes.

The key comes in the header, which no page of a browser can set, so none can use somebody's key behind their back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from daemon.server.access import Principal, key_in
from daemon.server.gate import address_of
from daemon.server.queueserver.console import FILE, Console
from daemon.server.queueserver.status import manager_status

router = APIRouter()

SCOPES = {"/status/ws": "read:monitor", "/info/ws": "read:monitor", "/console_output/ws": "read:console"}
"""What each needs."""

WRONG_KEY = 4001
"""Code with which a socket is closed whose key is wrong."""
PERIOD = 0.5
"""How often it is looked for changes at least, s."""


@router.websocket("/status/ws")
async def status_ws(websocket: WebSocket) -> None:
    """The status, at once and after every change."""
    await _serve(websocket, SCOPES["/status/ws"], _status)


@router.websocket("/info/ws")
async def info_ws(websocket: WebSocket) -> None:
    """All that there is to tell, which is the status."""
    await _serve(websocket, SCOPES["/info/ws"], _status)


@router.websocket("/console_output/ws")
async def console_output_ws(websocket: WebSocket) -> None:
    """What the engine says from now on."""
    await _serve(websocket, SCOPES["/console_output/ws"], _console)


async def _serve(
    websocket: WebSocket, scope: str, messages: Callable[[WebSocket], AsyncIterator[dict[str, Any]]]
) -> None:
    """Send messages for as long as somebody listens and their key is good."""
    principal = await _principal(websocket)
    if principal is None or not principal.may(scope):
        await websocket.close(WRONG_KEY, f"a key with the scope {scope} is needed in the header Authorization")
        return
    await websocket.accept()
    sending = asyncio.create_task(_send(websocket, messages))
    try:
        # Nothing is expected from the client; only this notices that it has gone.
        while not sending.done():
            receiving = asyncio.create_task(websocket.receive())
            await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                receiving.cancel()
            elif receiving.exception() is not None or receiving.result()["type"] == "websocket.disconnect":
                break
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _principal(websocket: WebSocket) -> Principal | None:
    """Whose key came; None if none or a wrong one did, or too many wrong ones from the same address."""
    state, address = websocket.app.state, address_of(websocket.scope)
    secret = key_in(websocket.headers.get("authorization", ""))
    if secret is None or state.wrong.wait(address, secret):
        return None
    principal = await asyncio.to_thread(state.keys.principal, secret)
    if principal is None:
        state.wrong.count(address)
    else:
        state.wrong.accept(address, secret)
    return principal


async def _send(websocket: WebSocket, messages: Callable[[WebSocket], AsyncIterator[dict[str, Any]]]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        async for message in messages(websocket):
            await websocket.send_text(json.dumps(message))


async def _status(websocket: WebSocket) -> AsyncIterator[dict[str, Any]]:
    told = None
    with websocket.app.state.queue.changed.listener() as changed:
        while True:
            status = await manager_status(websocket)
            if status["status_uid"] != told:
                told = status["status_uid"]
                yield {"time": time.time(), "msg": {"status": status}}
            await changed.wait(PERIOD)


async def _console(websocket: WebSocket) -> AsyncIterator[dict[str, Any]]:
    from daemon.logs import logs_folder

    console = Console(logs_folder(websocket.app.state.queue.settings.data) / FILE)
    mark = console.mark()
    while True:
        mark, messages = await asyncio.to_thread(console.since, mark)
        for message in messages:
            yield message
        await asyncio.sleep(PERIOD)
