"""The client for asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from daemon.engine_client import AsyncEngineClient


@pytest.mark.parametrize("turns", range(8))
def test_whoever_asks_for_ever_can_be_cancelled(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when an answer comes at that very moment: a server that ends waits for those who ask."""

    async def exchange(self: AsyncEngineClient, request: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"ok": True, "result": request["command"]}

    async def ask() -> None:
        client = AsyncEngineClient("ipc:///nowhere")
        while True:
            assert await client.call("status", timeout=1.0) == "status"

    async def cancelled() -> bool:
        task = asyncio.create_task(ask())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=0.2)
        gone = task.done()
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        return gone

    monkeypatch.setattr(AsyncEngineClient, "_exchange", exchange)
    assert asyncio.run(cancelled())
