"""What all verbs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon.server.queueserver.router import GROUPS

Drive = Callable[..., None]

METHODS = """
GET /ping, GET /status, GET /config/get, POST /queue/start, POST /queue/stop, POST /queue/stop/cancel, GET /queue/get,
POST /queue/clear, POST /queue/autostart, POST /queue/mode/set, POST /queue/item/add, POST /queue/item/add/batch,
GET /queue/item/get, POST /queue/item/update, POST /queue/item/remove, POST /queue/item/remove/batch,
POST /queue/item/move, POST /queue/item/move/batch, POST /queue/item/execute, GET /history/get, POST /history/clear,
POST /environment/open, POST /environment/close, POST /environment/destroy, POST /environment/update, POST /re/pause,
POST /re/resume, POST /re/stop, POST /re/abort, POST /re/halt, POST /re/runs, GET /plans/allowed, GET /devices/allowed,
GET /plans/existing, GET /devices/existing, POST /permissions/reload, GET /permissions/get, POST /permissions/set,
POST /script/upload, POST /function/execute, GET /task/status, GET /task/result, POST /lock, POST /unlock,
GET /lock/info, POST /kernel/interrupt, POST /manager/stop, POST /test/manager/kill, POST /auth/session/refresh,
POST /auth/apikey, GET /auth/apikey, DELETE /auth/apikey, GET /auth/whoami, GET /auth/scopes, POST /auth/logout
"""
"""Of the client package bluesky-queueserver-api 0.0.13."""


def test_every_method_of_the_client_has_a_verb() -> None:
    """All of `rest_api_method_map`."""
    ours = {(verb.method, verb.path) for group in GROUPS for verb in group.members}
    theirs = {tuple(each.split()) for each in METHODS.replace("\n", " ").split(",")}
    assert len(theirs) == 55
    assert theirs <= ours


def test_every_verb_is_described_and_has_a_name_of_its_own(drive: Drive) -> None:
    """In the description of the whole API."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        found = (await door.client.get("/openapi.json")).json()["paths"]
        names = [verb["operationId"] for path in found.values() for verb in path.values()]
        assert len(names) == len(set(names))
        for group in GROUPS:
            for verb in group.members:
                assert found[f"/api{verb.path}"][verb.method.lower()]["summary"]

    drive(scenario)


def test_nobody_gets_in_without_a_key(drive: Drive) -> None:
    """And no body is read: this one would be refused for another reason."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        for group in GROUPS:
            for verb in group.members:
                path = f"/api{verb.path}".replace("{", "").replace("}", "")
                response = await door.client.request(verb.method, path, content=b"not even JSON")
                assert response.status_code == 401, path
                assert response.json()["detail"]

    drive(scenario)


def test_an_observer_sees_everything_and_changes_nothing(drive: Drive) -> None:
    """What is missing is named."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        secret, _ = door.store.create_token("watcher", "observer")
        headers = {"Authorization": f"Bearer {secret}"}
        for group in GROUPS:
            for verb in group.members:
                if not verb.scope:
                    continue
                path = f"/api{verb.path}".replace("{", "").replace("}", "")
                response = await door.client.request(verb.method, path, json={}, headers=headers)
                allowed = verb.scope.startswith("read:")
                assert (response.status_code == 200) is allowed, (path, response.text)
                assert allowed or verb.scope in response.json()["detail"]

    drive(scenario)


def test_unknown_parameters_and_broken_bodies_are_refused(drive: Drive) -> None:
    """A parameter by its name, a body with 422."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert "speed" in await door.refused("/queue/start", speed=3)
        for body in (b"{", b"[1]", b"3"):
            headers = {"Authorization": "ApiKey the key of the single user"}
            response = await door.client.request("POST", "/api/queue/start", content=body, headers=headers)
            assert response.status_code == 422
            assert "JSON" in response.json()["detail"]

    drive(scenario)


def test_the_other_door_is_not_shadowed(drive: Drive) -> None:
    """Both have a status, each its own."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        assert "engine_state" in await door.get("/v1/status")
        assert "manager_state" in await door.get("/status")

    drive(scenario)


def test_an_engine_that_is_away_is_told_of(drive: Drive) -> None:
    """The supervisor starts another, which to a client is an environment that is being created."""

    async def scenario(door: Any) -> None:  # noqa: ANN401
        door.engine.away = True
        status = await door.until(lambda status: not status["worker_environment_exists"])
        assert status["manager_state"] == "creating_environment"
        assert status["re_state"] is None
        assert await door.refused("/queue/item/add", item={"item_type": "plan", "name": "tour"})
        assert "creating_environment" in await door.refused("/queue/start")
        door.engine.away = False
        await door.state("idle")

    drive(scenario)
