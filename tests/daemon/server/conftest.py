"""A server in this process, with the real store and an engine that a test plays."""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from daemon.errors import EngineRefused, EngineUnreachable
from daemon.server import make_app
from daemon.settings import Settings, load_settings
from daemon.store import Store

KEY = "the single user's key"
PLAN = {
    "name": "grid_scan",
    "description": "Measures a grid.",
    "schema": {"type": "object", "properties": {"points": {"type": "integer"}}},
    "defaults": {"points": 6},
}
STAGE = {
    "name": "stage",
    "class": "devices.stage.Stage",
    "kind": "stage",
    "axes": [{"name": "stage_x", "units": "µm", "low": 0.0, "high": 150.0, "position": 3.0}],
}


class FakeEngine:
    """An engine as its clients see it; a test moves it on.

    Attributes:
        state: what it says about itself.
        calls: commands that came, with their arguments.
        dead: whether it does not answer.
        answers: what it answers commands with that do nothing here.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.dead = False
        self.refuse: dict[str, EngineRefused] = {}
        self.at_once = False
        self.answers: dict[str, Any] = {}
        self.state: dict[str, Any] = {
            "pid": os.getpid(),
            "epoch": 1000,
            "sequence": 0,
            "state": "idle",
            "analyst_pid": 4321,
            "analyst_alive": True,
            "analyst_age": 0.1,
            "analyst_restarts": 0,
            "loop_age": 0.0,
            "plan": None,
            "item": None,
            "run": None,
            "last": None,
            "time": 0.0,
        }

    async def call(self, command: str, *, timeout: float | None = None, **arguments: object) -> Any:  # noqa: ANN401 - as the engine
        """Obey, or raise what the test wants."""
        await asyncio.sleep(0)
        if self.dead:
            raise EngineUnreachable("no engine answers")
        if command == "status":
            return copy.deepcopy(self.state)
        self.calls.append((command, arguments))
        if command in self.refuse:
            raise self.refuse[command]
        answers = {"plans": [PLAN], "devices": [STAGE], **self.answers}
        return answers.get(command) or self._act(command, arguments)

    def _act(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if command in ("start", "continue"):
            path = arguments.get("run", "/data/runs/1.zarr")
            run = {"uid": f"run-{len(self.calls)}", "path": path, "points": 0}
            self.state |= {"state": "running", "item": arguments["item"], "run": run, "last": None}
            if self.at_once:
                self.end()
        elif command in ("abort", "halt"):
            self.end("abort", str(arguments.get("reason", "")))
        elif command == "pause":
            self.state["state"] = "paused"
        elif command == "resume":
            self.state["state"] = "running"
        elif command == "stop":
            self.end()
        return {}

    def end(self, exit_status: str = "success", reason: str = "", points: int = 6) -> None:
        """The plan ends."""
        run = self.state["run"] or {"uid": None, "path": None}
        last = {"item": self.state["item"], "exit_status": exit_status, "reason": reason, "points": points}
        last |= {"uid": run["uid"], "path": run["path"]}
        self.state |= {"state": "idle", "item": None, "run": None, "last": last}

    def die(self, pid: int) -> None:
        """The process is gone; `pid` is that of a process that does not run."""
        self.dead = True
        self.state["pid"] = pid

    def be_born(self) -> None:
        """Another engine answers."""
        self.dead = False
        self.state |= {"epoch": self.state["epoch"] + 1000, "pid": os.getpid(), "state": "idle"}
        self.state |= {"item": None, "run": None, "last": None}

    def named(self, command: str) -> list[dict[str, Any]]:
        """Arguments of every call of a command."""
        return [arguments for name, arguments in self.calls if name == command]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings for a data folder of the test's own."""
    for name in list(os.environ):
        if name.startswith("BEAMPILOT_"):
            monkeypatch.delenv(name)
    return load_settings(None, data=tmp_path, server={"api_key": KEY})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A real store."""
    store = Store(f"sqlite:///{tmp_path / 'test.sqlite3'}")
    store.open()
    yield store
    store.close()


@pytest.fixture
def engine() -> FakeEngine:
    """An engine that a test plays."""
    return FakeEngine()


@pytest.fixture
def app(settings: Settings, store: Store, engine: FakeEngine) -> FastAPI:
    """The application."""
    return make_app(settings, store, engine)


@asynccontextmanager
async def served(app: FastAPI, key: str | None = KEY) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose tasks run."""
    headers = {} if key is None else {"Authorization": f"ApiKey {key}"}
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1234))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as client,
    ):
        await app.state.queue.watch.look()
        yield client


Body: TypeAlias = Callable[[httpx.AsyncClient], Awaitable[None]]
Serve: TypeAlias = Callable[..., None]


@pytest.fixture
def serve(app: FastAPI) -> Serve:
    """Runs a test's body with a client of the application, whose tasks run meanwhile."""

    def run(body: Body, key: str | None = KEY) -> None:
        async def whole() -> None:
            async with asyncio.timeout(20), served(app, key) as client:
                await body(client)

        asyncio.run(whole())

    return run


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Waits until something is so."""

    async def wait(condition: Callable[[], object], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
