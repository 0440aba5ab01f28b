"""The queue is worked off, whatever dies; every item ends in exactly one way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from daemon.errors import EngineRefused
from daemon.server import make_app
from daemon.settings import Settings
from daemon.store import Item, Store

Until = Callable[..., Awaitable[None]]
Serve = Callable[..., None]
Played: TypeAlias = Any
"""The engine of `conftest.py`, whose class cannot be imported from here."""


@pytest.fixture
def dead_pid() -> int:
    """A process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def submitted(client: httpx.AsyncClient, **more: Any) -> Awaitable[httpx.Response]:
    """Submit a scan."""
    return client.post("/queue", json={"plan": "grid_scan", **more})


def test_items_run_one_after_the_other(serve: Serve, app: FastAPI, engine: Played, store: Store, until: Until) -> None:
    """Each is handed over with its parameters and metadata, and its end is kept."""

    async def body(client: httpx.AsyncClient) -> None:
        first = (await submitted(client, parameters={"points": 4}, metadata={"sample": "film"})).json()
        second = (await submitted(client)).json()
        assert (await client.post("/queue/start")).status_code == 200
        await until(lambda: engine.state["item"] == first["uid"])
        await until(lambda: app.state.queue.watch.state == "running")
        status = (await client.get("/status")).json()
        assert status["item"]["uid"] == first["uid"]
        assert (status["queue_running"], status["queue_length"], status["engine_state"]) == (True, 1, "running")
        engine.end(points=4)
        await until(lambda: engine.state["item"] == second["uid"])
        engine.end()
        await until(lambda: not store.running())
        entries = (await client.get("/history")).json()["entries"]
        assert [(each["uid"], each["exit_status"], each["points"]) for each in entries] == [
            (second["uid"], "success", 6),
            (first["uid"], "success", 4),
        ]
        start = engine.named("start")[0]
        assert (start["parameters"], start["metadata"]) == ({"points": 4}, {"sample": "film"})
        await until(lambda: not app.state.queue.running)

    serve(body)


def test_it_is_never_idle_between_the_start_and_the_execution(
    serve: Serve, engine: Played, until: Until, app: FastAPI
) -> None:
    """Whoever sees the reply to start never sees a queue at rest before the item runs."""

    async def body(client: httpx.AsyncClient) -> None:
        await submitted(client)
        await client.post("/queue/start")
        queue = app.state.queue
        assert queue.running
        assert queue.starting
        while engine.state["item"] is None:
            assert queue.running
            assert queue.starting
            await asyncio.sleep(0)
        await until(lambda: not queue.starting)
        assert queue.running_uid == engine.state["item"]

    serve(body)


@pytest.mark.parametrize(("stop", "left"), [(True, 1), (False, 0)])
def test_a_failure_stops_the_queue_if_it_should(
    serve: Serve, engine: Played, store: Store, until: Until, stop: bool, left: int
) -> None:
    """By a flag, which an abort does not ask for."""

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.patch("/queue/flags", json={"stop_on_failure": stop})).json()["stop_on_failure"] is stop
        for _ in range(2):
            await submitted(client)
        await client.post("/queue/start")
        await until(lambda: engine.state["item"])
        engine.end("fail", "the motor stalled")
        await until(lambda: len(store.history()) == 1 and (left or engine.state["item"]))
        assert store.history()[0].reason == "the motor stalled"
        assert len(store.items()) == left

    serve(body)


def test_an_abort_stops_the_queue_whatever_the_flag_says(
    serve: Serve, engine: Played, store: Store, until: Until
) -> None:
    """Whoever aborts does not want the next item to begin; its reason is in the history."""

    async def body(client: httpx.AsyncClient) -> None:
        await client.patch("/queue/flags", json={"stop_on_failure": False})
        for _ in range(2):
            await submitted(client)
        await client.post("/queue/start")
        await until(lambda: engine.state["item"])
        assert (await client.post("/plan/abort", json={"reason": "wrong sample"})).status_code == 200
        await until(lambda: store.history() and not store.running())
        assert (store.history()[0].exit_status, store.history()[0].reason) == ("abort", "wrong sample")
        await asyncio.sleep(0.3)
        assert len(store.items()) == 1

    serve(body)


def test_a_refused_item_fails_with_the_reason(serve: Serve, engine: Played, store: Store, until: Until) -> None:
    """The instrument may have changed since it was checked."""

    async def body(client: httpx.AsyncClient) -> None:
        await submitted(client)
        fields = [{"field": "points", "message": "too many"}]
        engine.refuse["start"] = EngineRefused("PlanRejected", "it does not fit", fields)
        await client.post("/queue/start")
        await until(store.history)
        assert store.history()[0].exit_status == "fail"
        assert store.history()[0].reason == "it does not fit (points: too many)"

    serve(body)


def test_a_dead_engine_interrupts_the_item(
    serve: Serve, engine: Played, store: Store, until: Until, dead_pid: int
) -> None:
    """Noticed although nobody answers any more; the queue stops."""

    async def body(client: httpx.AsyncClient) -> None:
        engine.state["pid"] = dead_pid
        for _ in range(2):
            await submitted(client)
        await client.post("/queue/start")
        await until(lambda: engine.state["item"])
        await asyncio.sleep(0.25)
        engine.dead = True
        await until(store.history)
        entry = store.history()[0]
        assert (entry.exit_status, entry.reason) == ("interrupted", f"the engine (pid {dead_pid}) died")
        assert entry.run_path == "/data/runs/1.zarr"
        engine.be_born()
        await asyncio.sleep(0.3)
        assert engine.state["item"] is None
        assert (await client.get("/status")).json()["queue_running"] is False

    serve(body)


def test_an_engine_that_was_replaced_unnoticed_interrupts_the_item(
    serve: Serve, engine: Played, store: Store, until: Until
) -> None:
    """Its epoch tells."""

    async def body(client: httpx.AsyncClient) -> None:
        await submitted(client)
        await client.post("/queue/start")
        await until(lambda: engine.state["item"])
        engine.be_born()
        await until(store.history)
        assert store.history()[0].exit_status == "interrupted"

    serve(body)


def test_an_engine_that_is_slow_interrupts_nothing(serve: Serve, engine: Played, store: Store, until: Until) -> None:
    """While its process lives, it may answer again."""

    async def body(client: httpx.AsyncClient) -> None:
        await submitted(client)
        await client.post("/queue/start")
        await until(lambda: engine.state["item"])
        engine.dead = True
        await asyncio.sleep(0.5)
        assert store.running() is not None
        assert (await client.get("/healthz")).status_code == 503
        engine.dead = False
        engine.end()
        await until(store.history)
        assert store.history()[0].exit_status == "success"

    serve(body)


def test_a_campaign_goes_on_in_the_next_engine_if_it_should(
    settings: Settings, store: Store, engine: Played, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item stays the one that runs, and has one entry in the end."""
    import daemon.server.outcome as outcome

    monkeypatch.setattr(outcome, "_points", lambda run: 3)
    queue = settings.queue.model_copy(update={"autocontinue": True})
    app = make_app(settings.model_copy(update={"queue": queue}), store, engine)

    async def whole() -> None:
        async with app.router.lifespan_context(app):
            service = app.state.queue
            item = await service.add("grid_scan", {}, {}, "back", "test")
            await service.start()
            await until(lambda: engine.state["item"])
            await asyncio.sleep(0.25)
            engine.be_born()
            await until(lambda: engine.named("continue"))
            assert engine.named("continue") == [{"run": "/data/runs/1.zarr", "item": item.uid, "metadata": {}}]
            assert store.running() is not None
            await asyncio.sleep(0.25)
            engine.end(points=20)
            await until(store.history)
            (entry,) = store.history()
            assert (entry.exit_status, entry.points, entry.uid) == ("success", 20, item.uid)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("points", "refusal", "status"),
    [(0, None, "success"), (60, "NothingLeft", "success"), (3, "PlanRejected", "interrupted")],
)
def test_what_cannot_be_continued_begins_anew_or_ends(
    settings: Settings,
    store: Store,
    engine: Played,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    points: int,
    refusal: str | None,
    status: str,
) -> None:
    """No point yet: from the beginning. No point left: it was finished. No campaign: interrupted, and why."""
    import daemon.server.outcome as outcome

    monkeypatch.setattr(outcome, "_points", lambda run: points)
    if refusal is not None:
        engine.refuse["continue"] = EngineRefused(refusal, "no, because")
    queue = settings.queue.model_copy(update={"autocontinue": True})
    app = make_app(settings.model_copy(update={"queue": queue}), store, engine)

    async def whole() -> None:
        async with app.router.lifespan_context(app):
            service = app.state.queue
            await service.add("grid_scan", {}, {"who": "me"}, "back", "test")
            await service.start()
            await until(lambda: engine.state["item"])
            await asyncio.sleep(0.25)
            engine.be_born()
            engine.state |= {"item": None, "run": None}
            if refusal is None:
                await until(lambda: len(engine.named("start")) == 2)
                assert engine.named("start")[0] == engine.named("start")[1]
                await asyncio.sleep(0.25)
                engine.end(points=20)
            await until(store.history)
            (entry,) = store.history()
            assert entry.exit_status == status
            assert refusal is None or (entry.points == points and "died" in entry.reason)
            assert refusal != "PlanRejected" or "no, because" in entry.reason

    asyncio.run(whole())


@pytest.mark.parametrize("ended", [False, True])
def test_a_server_that_starts_anew_adopts_what_runs(
    serve: Serve, engine: Played, store: Store, until: Until, ended: bool
) -> None:
    """Whether it ended in the meantime or goes on; then the queue goes on, too."""
    item = store.add("grid_scan", {})
    store.add("grid_scan", {})
    store.take()
    store.set_working(True, False)
    engine._act("start", {"item": item.uid})
    if ended:
        engine.end(points=9)

    async def body(client: httpx.AsyncClient) -> None:
        if not ended:
            await asyncio.sleep(0.3)
            assert (await client.get("/status")).json()["item"]["uid"] == item.uid
            engine.end(points=9)
        await until(lambda: engine.state["item"] not in (None, item.uid))
        assert [(entry.uid, entry.points) for entry in store.history()] == [(item.uid, 9)]

    serve(body)


def test_an_item_that_never_began_is_put_back_and_begun(
    serve: Serve, engine: Played, store: Store, until: Until
) -> None:
    """The former server died between taking it and handing it over."""
    item = store.add("grid_scan", {})
    store.take()
    store.set_working(True, False)

    async def body(client: httpx.AsyncClient) -> None:
        await until(lambda: engine.state["item"] == item.uid)
        assert store.history() == []

    serve(body)


def test_stop_lets_the_item_end_and_can_be_taken_back(serve: Serve, engine: Played, store: Store, until: Until) -> None:
    """Stopping asks for no further item; asking twice is a conflict."""

    async def body(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await submitted(client)
        await client.post("/queue/start")
        assert (await client.post("/queue/start")).status_code == 409
        await until(lambda: engine.state["item"])
        await client.post("/queue/stop")
        assert (await client.get("/queue")).json()["queue_stop_pending"] is True
        assert (await client.post("/queue/stop/cancel")).status_code == 200
        await client.post("/queue/stop")
        engine.end()
        await until(lambda: store.history() and not store.running())
        await asyncio.sleep(0.3)
        assert len(store.items()) == 2
        assert (await client.post("/queue/stop")).status_code == 409

    serve(body)


def test_autostart_begins_by_itself(serve: Serve, engine: Played, until: Until) -> None:
    """As soon as the queue holds an item."""

    async def body(client: httpx.AsyncClient) -> None:
        await client.patch("/queue/flags", json={"autostart": True})
        item = (await submitted(client)).json()
        await until(lambda: engine.state["item"] == item["uid"])

    serve(body)


def test_a_plan_is_executed_past_the_queue(serve: Serve, engine: Played, store: Store, until: Until) -> None:
    """Only when nothing runs; the queue stays as it is."""

    async def body(client: httpx.AsyncClient) -> None:
        await submitted(client)
        made = await client.post("/queue/execute", json={"plan": "grid_scan"})
        assert made.status_code == 201
        await until(lambda: engine.state["item"] == made.json()["uid"])
        assert (await client.post("/queue/execute", json={"plan": "grid_scan"})).status_code == 409
        engine.end()
        await until(store.history)
        await asyncio.sleep(0.3)
        assert len(store.items()) == 1
        assert engine.state["item"] is None

    serve(body)


def test_an_item_is_exchanged_in_its_place(serve: Serve, store: Store, app: FastAPI) -> None:
    """Others keep theirs."""

    async def body(client: httpx.AsyncClient) -> None:
        uids = [(await submitted(client)).json()["uid"] for _ in range(3)]
        new = Item.new("grid_scan", {"points": 2})
        changed = await app.state.queue.exchange(uids[1], new)
        assert [item.uid for item in store.items()] == [uids[0], new.uid, uids[2]]
        assert (changed.uid, changed.position) == (new.uid, 1)

    serve(body)


@pytest.mark.parametrize(("working", "stopping"), [(False, False), (True, True)])
def test_a_queue_that_was_to_stop_stops_after_a_restart_too(
    serve: Serve, engine: Played, store: Store, until: Until, working: bool, stopping: bool
) -> None:
    """Whether a plan was executed past it, or somebody had asked for its stop."""
    item = store.add("grid_scan", {})
    store.add("grid_scan", {})
    store.take()
    store.set_working(working, stopping)
    engine._act("start", {"item": item.uid})

    async def body(client: httpx.AsyncClient) -> None:
        engine.end()
        await until(store.history)
        await asyncio.sleep(0.3)
        assert (engine.state["item"], len(store.items())) == (None, 1)
        assert store.working() == (False, False)

    serve(body)


def test_a_queue_goes_on_between_items_too(serve: Serve, engine: Played, store: Store, until: Until) -> None:
    """The former server died when one had ended and the next not begun."""
    item = store.add("grid_scan", {})
    store.set_working(True, False)

    async def body(client: httpx.AsyncClient) -> None:
        await until(lambda: engine.state["item"] == item.uid)
        assert (await client.get("/status")).json()["queue_running"] is True

    serve(body)


def test_the_settings_set_the_flags_once(settings: Settings, store: Store, engine: Played) -> None:
    """What a person set later stays when the server starts anew, until the settings say something else."""

    def start(**changes: bool) -> None:
        async def whole() -> None:
            queue = settings.queue.model_copy(update=changes)
            app = make_app(settings.model_copy(update={"queue": queue}), store, engine)
            async with app.router.lifespan_context(app):
                await app.state.queue.watch.look()

        asyncio.run(whole())

    start(stop_on_failure=False)
    assert store.flags()["stop_on_failure"] is False
    store.set_flags(stop_on_failure=True)
    start(stop_on_failure=False)
    assert store.flags()["stop_on_failure"] is True
    start(autostart=True)
    assert store.flags()["autostart"] is True
