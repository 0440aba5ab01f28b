"""The endpoints: what they answer, how errors name fields, and that the OpenAPI is complete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from daemon.errors import EngineRefused
from daemon.store import Store

Serve = Callable[..., None]
Played: TypeAlias = Any
"""The engine of `conftest.py`, whose class cannot be imported from here."""
REFUSAL = EngineRefused(
    "PlanRejected", "axes.stage_x.low is below the limit", [{"field": "axes.stage_x.low", "message": "below 0"}]
)


def test_the_queue_is_edited(serve: Serve, engine: Played) -> None:
    """Add at a place, change, move, duplicate, remove, clear; every change has another uid."""

    async def body(client: httpx.AsyncClient) -> None:
        async def plans() -> list[Any]:
            return [item["parameters"].get("n") for item in (await client.get("/queue")).json()["items"]]

        async def add(number: int, at: object = "back") -> str:
            new = {"plan": "grid_scan", "parameters": {"n": number}, "at": at}
            answer = await client.post("/queue", json=new)
            assert answer.status_code == 201
            return answer.json()["uid"]

        first, _, third = await add(1), await add(2), await add(3, "front")
        await add(4, 1)
        assert await plans() == [3, 4, 1, 2]
        before = (await client.get("/queue")).json()["queue_uid"]
        moved = await client.post(f"/queue/{third}/move", json={"to": "back"})
        assert moved.json()["position"] == 3
        assert (await client.get("/queue")).json()["queue_uid"] != before
        changed = await client.patch(f"/queue/{first}", json={"parameters": {"n": 5}})
        assert (changed.json()["parameters"], changed.json()["added_by"]) == ({"n": 5}, "single-user")
        await client.post(f"/queue/{first}/duplicate")
        assert await plans() == [4, 5, 5, 2, 3]
        await client.delete(f"/queue/{first}")
        assert await plans() == [4, 5, 2, 3]
        page = (await client.get("/queue?limit=2&offset=1")).json()
        assert ([item["parameters"]["n"] for item in page["items"]], page["total"]) == ([5, 2], 4)
        await client.delete("/queue")
        assert await plans() == []
        assert [call["parameters"] for call in engine.named("check")][-1] == {"n": 5}

    serve(body)


def test_items_are_checked_when_they_come_and_when_they_change(serve: Serve, engine: Played, store: Store) -> None:
    """The answer names the field; what is wrong is not kept."""

    async def body(client: httpx.AsyncClient) -> None:
        item = (await client.post("/queue", json={"plan": "grid_scan"})).json()
        engine.refuse["check"] = REFUSAL
        for answer in (
            await client.post("/queue", json={"plan": "grid_scan", "parameters": {}}),
            await client.patch(f"/queue/{item['uid']}", json={"parameters": {}}),
            await client.post("/queue/execute", json={"plan": "grid_scan"}),
        ):
            assert answer.status_code == 422
            (problem,) = answer.json()["detail"]
            assert problem["field"].endswith("axes.stage_x.low")
            assert problem["message"] == "below 0"
        assert len(store.items()) == 1

    serve(body)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("{}", "plan"),
        ('{"plan": 3}', "plan"),
        ('{"plan": "x", "more": 1}', "more"),
        ('{"plan": "x", "at": "middle"}', "at"),
        ('{"plan": "x", "parameters": []}', "parameters"),
    ],
)
def test_bodies_that_are_wrong_name_the_field(serve: Serve, content: str, field: str) -> None:
    """Each with a message."""

    async def body(client: httpx.AsyncClient) -> None:
        answer = await client.post("/queue", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert any(problem["field"].startswith(field) and problem["message"] for problem in answer.json()["detail"])

    serve(body)


def test_without_an_engine_it_says_so(serve: Serve, engine: Played, store: Store) -> None:
    """503 where it is needed; the queue can be read and shortened all the same."""

    async def body(client: httpx.AsyncClient) -> None:
        item = (await client.post("/queue", json={"plan": "grid_scan"})).json()
        engine.dead = True
        new = {"plan": "grid_scan"}
        for method, path in (
            ("POST", "/queue"),
            ("POST", "/queue/start"),
            ("POST", "/plan/abort"),
            ("GET", "/devices"),
        ):
            answer = await client.request(method, path, json=new if path == "/queue" else None)
            assert (answer.status_code, "no engine answers" in answer.json()["detail"]) == (503, True), path
        assert (await client.get("/queue")).json()["total"] == 1
        assert (await client.delete(f"/queue/{item['uid']}")).status_code == 200
        status = (await client.get("/status")).json()
        assert status["engine_state"] is None
        assert status["processes"]["engine"]["alive"] is False

    serve(body)


def test_health_names_what_is_wrong(serve: Serve, engine: Played, app: FastAPI) -> None:
    """Engine and analyst, dead or stalled."""

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.get("/healthz")).json()["healthy"] is True
        for change, word in (({"analyst_alive": False}, "analyst"), ({"analyst_alive": True, "loop_age": 9.0}, "loop")):
            engine.state |= change
            await app.state.queue.watch.look()
            answer = await client.get("/healthz")
            assert answer.status_code == 503
            assert any(word in problem for problem in answer.json()["problems"])

    serve(body)


def test_plans_devices_and_their_listings(serve: Serve) -> None:
    """With an ETag; a plan that is not there names those that are."""

    async def body(client: httpx.AsyncClient) -> None:
        (plan,) = (await client.get("/plans")).json()["plans"]
        assert (plan["name"], plan["schema"]["type"], plan["defaults"]) == ("grid_scan", "object", {"points": 6})
        assert (await client.get("/plans/grid_scan")).json() == plan
        assert "grid_scan" in (await client.get("/plans/x")).json()["detail"]
        (device,) = (await client.get("/devices")).json()["devices"]
        assert (device["class"], device["axes"][0]["units"]) == ("devices.stage.Stage", "µm")
        for path in ("/plans", "/devices", "/queue", "/history", "/runs"):
            tag = (await client.get(path)).headers["etag"]
            assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
            assert (await client.get(path, headers={"If-None-Match": '"x"'})).status_code == 200

    serve(body)


def test_history_in_pages(serve: Serve, store: Store) -> None:
    """The newest first; a search finds text anywhere."""
    for number in range(5):
        store.add("grid_scan", {"n": number}, {"sample": f"film {number}"})
        item = store.take()
        assert item is not None
        store.finish(item.uid, "success", points=number)

    async def body(client: httpx.AsyncClient) -> None:
        page = (await client.get("/history?limit=2")).json()
        assert [entry["points"] for entry in page["entries"]] == [4, 3]
        page = (await client.get(f"/history?limit=3&before={page['next']}")).json()
        assert [entry["points"] for entry in page["entries"]] == [2, 1, 0]
        assert (await client.get("/history?search=FILM%203")).json()["entries"][0]["points"] == 3
        number = page["entries"][0]["id"]
        assert (await client.get(f"/history/{number}")).json()["points"] == 2
        assert (await client.get("/history/999")).status_code == 404
        for wrong in (f"/history/{number}%0A", "/history/1_0", "/history?limit=2%0A"):  # Python would take them
            assert (await client.get(wrong)).status_code == 422
        await client.delete("/history")
        assert (await client.get("/history")).json()["entries"] == []

    serve(body)


def test_metrics_are_prometheus_text(serve: Serve, engine: Played) -> None:
    """Every sample has a type, and no name comes twice."""

    async def body(client: httpx.AsyncClient) -> None:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = answer.text.splitlines()
        types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
        assert len(types) == len(set(types))
        for line in lines:
            if not line.startswith("#"):
                name, value = line.rpartition(" ")[::2]
                assert name.partition("{")[0] in types
                float(value)
        assert 'beampilot_engine_state{state="idle"} 1' in lines

    serve(body)


def test_the_openapi_documents_every_answer(app: FastAPI) -> None:
    """Each operation has a summary, a schema for what it gives, and the refusals of the gate."""
    paths = {path: about for path, about in app.openapi()["paths"].items() if path.startswith("/api/v1/")}
    assert len(paths) > 25
    for path, methods in paths.items():
        for method, about in methods.items():
            assert about["summary"], path
            if "x-scope" not in about:
                continue
            answers = set(about["responses"])
            assert {"401", "403", "429", "503"} <= answers, (method, path)
            if method != "get":
                assert "413" in answers, (method, path)
            if about["x-locked"]:
                assert "423" in answers, (method, path)
            if about.get("parameters") or about.get("requestBody"):
                assert "422" in answers, (method, path)
            done = next(about["responses"][code] for code in ("200", "201") if code in answers)
            assert done["content"], (method, path)
