"""What is told over WebSockets without being asked."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

KEY = {"Authorization": "ApiKey the key of the single user"}
WRONG = {"Authorization": "ApiKey wrong"}
TOUR = {"item_type": "plan", "name": "tour"}

Listen = Callable[..., connect]
Serve = Callable[[Callable[[Listen, httpx.AsyncClient], Awaitable[None]]], None]


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:  # noqa: ANN401
    """Serve on a port of its own; gives host and port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def serve(make_door: Callable[[], Any]) -> Serve:
    """Plays a scenario with WebSockets and HTTP."""

    def play(scenario: Callable[[Listen, httpx.AsyncClient], Awaitable[None]]) -> None:
        async def run() -> None:
            async with served(make_door()) as host, httpx.AsyncClient(base_url=f"http://{host}", headers=KEY) as client:

                def listen(path: str, headers: dict[str, str] = KEY) -> connect:
                    return connect(f"ws://{host}/api{path}", additional_headers=headers)

                await scenario(listen, client)

        asyncio.run(run())

    return play


async def told(listener: ClientConnection) -> dict[str, Any]:
    """The next message."""
    async with asyncio.timeout(10):
        return json.loads(await listener.recv())


@pytest.mark.parametrize("path", ["/status/ws", "/info/ws"])
def test_the_status_is_told_at_once_and_when_it_changes(serve: Serve, path: str) -> None:
    """Each message has the time and the whole status."""

    async def scenario(listen: Listen, client: httpx.AsyncClient) -> None:
        async with listen(path) as listener:
            first = await told(listener)
            assert first["time"] > 0
            uid = first["msg"]["status"]["plan_queue_uid"]
            assert (await client.post("/api/queue/item/add", json={"item": TOUR})).json()["success"]
            while (status := (await told(listener))["msg"]["status"])["plan_queue_uid"] == uid:
                pass
            assert status["items_in_queue"] == 1

    serve(scenario)


def test_the_console_is_told_from_now_on(serve: Serve, tmp_path: Path) -> None:
    """What the engine said before is not told again."""
    log = tmp_path / "logs" / "engine.jsonl"
    log.parent.mkdir(exist_ok=True)

    def say(event: str) -> None:
        message = {"time": "2026-11-21T08:00:00Z", "level": "info", "logger": "engine", "event": event}
        with log.open("a") as file:
            file.write(json.dumps(message) + "\n")

    async def scenario(listen: Listen, client: httpx.AsyncClient) -> None:
        say("before")
        async with listen("/console_output/ws") as listener:
            telling = asyncio.create_task(told(listener))
            while not telling.done():
                say("now")
                await asyncio.sleep(0.1)
            assert telling.result()["msg"].endswith("now\n")

    serve(scenario)


@pytest.mark.parametrize("path", ["/status/ws", "/info/ws", "/console_output/ws"])
def test_a_key_is_needed_in_the_header(serve: Serve, path: str) -> None:
    """Without one, and with a wrong one, the socket is closed before anything is told."""

    async def scenario(listen: Listen, client: httpx.AsyncClient) -> None:
        for headers in ({}, WRONG, {"Authorization": "Basic eDp5"}):
            with pytest.raises(InvalidStatus) as said:
                await listen(path, headers)
            assert said.value.response.status_code == 403

    serve(scenario)


def test_too_many_wrong_keys_have_to_wait(serve: Serve) -> None:
    """Also over WebSockets: after them, the right one is not looked at either."""

    async def scenario(listen: Listen, client: httpx.AsyncClient) -> None:
        for headers in [*[WRONG] * 12, KEY]:
            with pytest.raises(InvalidStatus):
                await listen("/status/ws", headers)
        assert (await client.get("/api/status")).status_code == 429

    serve(scenario)


def test_nothing_is_left_of_a_client_that_goes(serve: Serve) -> None:
    """Its socket's tasks end with it, and the server answers others."""

    async def scenario(listen: Listen, client: httpx.AsyncClient) -> None:
        before = len(asyncio.all_tasks())
        for _ in range(5):
            async with listen("/status/ws") as listener:
                await told(listener)
        async with asyncio.timeout(10):
            while len(asyncio.all_tasks()) > before + 2:
                await asyncio.sleep(0.05)
        assert (await client.get("/api/status")).status_code == 200

    serve(scenario)
