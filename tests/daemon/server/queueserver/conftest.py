"""The door of the queue server, with an engine that does what a test tells it to."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from daemon.errors import EngineRefused, EngineUnreachable
from daemon.server import make_app
from daemon.settings import load_settings
from daemon.store import Store

KEY = "the key of the single user"
SCHEMA = {
    "type": "object",
    "$defs": {"Range": {"type": "object", "properties": {"low": {"type": "number"}}}},
    "properties": {
        "axes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Range"}, "description": "Axes to scan."},
        "detectors": {"type": "array", "items": {"type": "string"}, "default": ["detector"]},
        "points": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 60},
        "design": {"type": "string", "enum": ["sobol", "random"], "default": "sobol"},
        "exposure_time": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
    },
    "required": ["axes"],
}
PLANS = [
    {"name": "grid_scan", "description": "Points on a grid.", "schema": SCHEMA, "defaults": {}},
    {"name": "tour", "description": "", "schema": {"type": "object", "properties": {}}, "defaults": {}},
]
DEVICES = [
    {
        "name": "stage",
        "class": "devices.stage.Stage",
        "kind": "stage",
        "axes": [
            {"name": "stage_x", "units": "um", "low": 0.0, "high": 150.0, "position": 1.0},
            {"name": "stage_y", "units": "um", "low": 0.0, "high": 150.0, "position": 2.0},
        ],
    },
    {"name": "detector", "class": "devices.area_detector.AreaDetector", "kind": "camera", "axes": []},
    {"name": "shutter", "class": "devices.shutter.Shutter", "kind": "shutter", "axes": []},
]


@dataclass
class FakeEngine:
    """An engine without an instrument.

    Attributes:
        away: whether it does not answer.
        epoch: of its process.
        state: of its RunEngine.
        item: that it executes.
        run: of that item.
        last: that it executed.
        slow: how long it takes to accept an item, s.
        stubborn: whether it refuses to end a plan.
        called: names of the commands that came, but for questions.
    """

    away: bool = False
    epoch: int = 1
    state: str = "idle"
    item: str | None = None
    run: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    slow: float = 0.0
    stubborn: bool = False
    called: list[str] = field(default_factory=list)

    async def call(self, command: str, *, timeout: float | None = None, **arguments: Any) -> Any:  # noqa: ANN401
        """Obey."""
        if self.away:
            raise EngineUnreachable("no engine answers")
        await asyncio.sleep(0)
        if command in ("status", "plans", "devices", "check"):
            return getattr(self, f"_{command}")(**arguments)
        self.called.append(command)
        if command == "start":
            await asyncio.sleep(self.slow)
        answer = getattr(self, f"_{command}", None)
        return answer(**arguments) if answer else {}

    def finish(self, exit_status: str = "success", reason: str = "") -> None:
        """The plan ends."""
        run = self.run or {"uid": None, "path": None, "points": 0}
        self.last = {"item": self.item, **run, "exit_status": exit_status, "reason": reason}
        self.state, self.item, self.run = "idle", None, None

    def _status(self) -> dict[str, Any]:
        analyst = {"analyst_pid": 1, "analyst_restarts": 0, "analyst_alive": True, "analyst_age": 0.1}
        return {
            "pid": os.getpid(),
            "epoch": self.epoch,
            "sequence": 0,
            "state": self.state,
            "loop_age": 0.0,
            "plan": "tour" if self.item else None,
            "item": self.item,
            "run": self.run,
            "last": self.last,
            "time": time.time(),
            **analyst,
        }

    def _plans(self) -> list[dict[str, Any]]:
        return PLANS

    def _devices(self) -> list[dict[str, Any]]:
        return DEVICES

    def _check(self, plan: str, parameters: dict[str, Any]) -> dict[str, Any]:
        known = {each["name"]: each for each in PLANS}
        if plan not in known:
            raise EngineRefused("PlanRejected", f"there is no plan {plan!r}", [])
        if wrong := [name for name in parameters if name not in known[plan]["schema"]["properties"]]:
            fields = [{"field": wrong[0], "message": "this plan has no such parameter"}]
            raise EngineRefused("PlanRejected", "the parameters are wrong", fields)
        return {}

    def _start(self, plan: str, parameters: dict[str, Any], item: str, metadata: dict[str, Any]) -> dict[str, Any]:
        self.state, self.item = "running", item
        self.run = {"uid": f"run-of-{item}", "path": "/data/runs/2026-11-21/17-0011aabb.zarr", "points": 3}
        return {}

    def _pause(self, defer: bool) -> dict[str, Any]:
        if not defer:
            self.state = "paused"
        return {}

    def _resume(self) -> dict[str, Any]:
        self.state = "running"
        return {}

    def _stop(self) -> dict[str, Any]:
        if self.stubborn:
            raise EngineRefused("EngineError", "not now", [])
        self.finish("success")
        return {}

    def _abort(self, reason: str) -> dict[str, Any]:
        self.finish("abort", reason)
        return {}

    def _halt(self) -> dict[str, Any]:
        self.finish("abort", "ended at once")
        return {}

    def _shutdown(self) -> dict[str, Any]:
        self.away = True
        return {}


@dataclass
class Door:
    """The door, open.

    Attributes:
        client: with the single user's key.
        engine: behind it.
        store: behind it.
        data: the data folder.
    """

    client: httpx.AsyncClient
    engine: FakeEngine
    store: Store
    data: Path

    async def __call__(self, method: str, path: str, *, key: str = KEY, **payload: Any) -> dict[str, Any]:
        """Call a verb; its reply."""
        headers = {"Authorization": f"ApiKey {key}"}
        response = await self.client.request(method, f"/api{path}", json=payload, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def get(self, path: str, **payload: Any) -> dict[str, Any]:
        """Call a verb that reads."""
        return await self("GET", path, **payload)

    async def post(self, path: str, **payload: Any) -> dict[str, Any]:
        """Call a verb that writes, which must succeed."""
        reply = await self("POST", path, **payload)
        assert reply["success"], reply["msg"]
        return reply

    async def refused(self, path: str, *, method: str = "POST", **payload: Any) -> str:
        """Call a verb that must not succeed; why it did not."""
        reply = await self(method, path, **payload)
        assert reply["success"] is False, reply
        assert reply["msg"]
        return reply["msg"]

    async def add(self, *names: str) -> list[str]:
        """Put items into the queue, each with its name in its metadata; their UIDs."""
        items = [{"item_type": "plan", "name": "tour", "meta": {"name": name}} for name in names]
        return [item["item_uid"] for item in (await self.post("/queue/item/add/batch", items=items))["items"]]

    async def names(self) -> str:
        """Names of the items that wait, front first."""
        return "".join(item["meta"]["name"] for item in (await self.get("/queue/get"))["items"])

    async def until(self, true: Callable[[dict[str, Any]], bool], seconds: float = 30.0) -> dict[str, Any]:
        """Wait for a status."""
        deadline = time.monotonic() + seconds
        while not true(status := await self.get("/status")):
            assert time.monotonic() < deadline, status
            await asyncio.sleep(0.02)
        return status

    async def state(self, *states: str) -> dict[str, Any]:
        """Wait until the manager is in one of some states."""
        return await self.until(lambda status: status["manager_state"] in states)


Scenario = Callable[[Door], Awaitable[None]]


def open_store(data: Path) -> Store:
    """The store of a data folder."""
    store = Store(f"sqlite:///{data / 'beampilot.sqlite3'}")
    store.open()
    return store


def app_over(data: Path, store: Store, engine: FakeEngine) -> FastAPI:
    """The application over a data folder."""
    settings = load_settings(data=data)
    server = settings.server.model_copy(update={"api_key": KEY})
    return make_app(settings.model_copy(update={"server": server}), store, engine)


@asynccontextmanager
async def opened(data: Path, engine: FakeEngine) -> AsyncIterator[Door]:
    """The door over a data folder."""
    store = open_store(data)
    app = app_over(data, store, engine)
    transport = httpx.ASGITransport(app)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as client,
        ):
            door = Door(client, engine, store, data)
            await door.until(lambda status: status["worker_environment_exists"] or engine.away)
            yield door
    finally:
        store.close()


@pytest.fixture
def drive(tmp_path: Path) -> Callable[..., None]:
    """Play a scenario at the open door."""

    def play(scenario: Scenario, engine: FakeEngine | None = None) -> None:
        async def run() -> None:
            async with opened(tmp_path, engine or FakeEngine()) as door:
                await scenario(door)

        asyncio.run(run())

    return play


@pytest.fixture
def make_door(tmp_path: Path) -> Iterator[Callable[[], FastAPI]]:
    """Makes the application, for tests that bring a client of their own."""
    store = open_store(tmp_path)
    yield lambda: app_over(tmp_path, store, FakeEngine())
    store.close()
