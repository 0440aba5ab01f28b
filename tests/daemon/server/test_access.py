"""Who may do what: keys before bodies, scopes, limits, the lock and the access log."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from daemon.server.access import key_in, single_user_key
from daemon.server.gate import BODY
from daemon.server.limits import WRONG, WrongKeys
from daemon.settings import Settings
from daemon.store import ROLES, Store

Serve = Callable[..., None]


def header(key: str, scheme: str = "ApiKey") -> dict[str, str]:
    """The header with a key."""
    return {"Authorization": f"{scheme} {key}"}


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Method, path and scope of every operation under /api/v1 that needs one."""
    for path, methods in app.openapi()["paths"].items():
        for method, about in methods.items() if path.startswith("/api/v1/") else ():
            if "x-scope" in about:
                yield method.upper(), path, about["x-scope"]


async def raw(app: FastAPI, method: str, path: str, headers: dict[str, str], body: list[bytes]) -> tuple[int, int]:
    """Ask an application; give the status and how many parts of the body were read."""
    taken, statuses = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": body[taken - 1], "more_body": taken < len(body)}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("10.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return statuses[0], taken


def test_no_body_is_read_of_somebody_who_may_not(app: FastAPI, store: Store) -> None:
    """Neither without a key, nor with a wrong one, nor with one that lacks the scope."""
    secret, _ = store.create_token("eve", "observer")
    body = [b'{"plan": ', b'"grid_scan"}']

    async def ask() -> list[tuple[int, int]]:
        keys = [{}, header("wrong"), header(secret)]
        return [await raw(app, "POST", "/api/v1/queue", headers, body) for headers in keys]

    assert asyncio.run(ask()) == [(401, 0), (401, 0), (403, 0)]


def test_everything_but_health_and_description_needs_a_key(app: FastAPI, serve: Serve) -> None:
    """Missing keys are told so however often; nothing is done."""
    asked = list(operations(app))
    assert len(asked) > 30

    async def body(client: httpx.AsyncClient) -> None:
        for method, path, _ in asked:
            answer = await client.request(method, f"http://test{path}")
            assert answer.status_code == 401, (method, path)
        assert (await client.get("http://test/openapi.json")).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("http://test/api/status")).status_code == 401
        assert (await client.get("/nothing")).status_code == 401

    serve(body, key=None)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_may_exactly_what_its_scopes_say(app: FastAPI, serve: Serve, store: Store, role: str) -> None:
    """403 names the scope that is missing; anything else means that the gate was passed."""
    secret, _ = store.create_token("x", role)

    async def body(client: httpx.AsyncClient) -> None:
        for method, path, scope in operations(app):
            if path.endswith("/report"):
                continue
            answer = await client.request(method, f"http://test{path}", headers=header(secret))
            assert (answer.status_code == 403) == (scope != "" and scope not in ROLES[role]), (
                method,
                path,
                answer.text,
            )
            if answer.status_code == 403:
                assert scope in answer.json()["detail"]

    serve(body, key=None)


def test_keys_end(serve: Serve, store: Store) -> None:
    """Expired and revoked ones are wrong; both schemes are understood."""
    good, token = store.create_token("good", "observer")
    old, _ = store.create_token("old", "observer", datetime.now(UTC) + timedelta(seconds=0.2))

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.get("/status", headers=header(good, "bearer"))).status_code == 200
        assert (await client.get("/status", headers=header(old))).status_code == 200
        await asyncio.sleep(0.25)
        assert (await client.get("/status", headers=header(old))).status_code == 401
        revoked = await client.delete(f"/tokens/{token.id}")
        assert revoked.json()["revoked_at"]
        assert (await client.get("/status", headers=header(good))).status_code == 401
        assert (await client.get("/status", headers=header(good, "Basic"))).status_code == 401

    serve(body)


def test_a_token_is_made_and_shown_once(serve: Serve) -> None:
    """Its secret is in no listing."""

    async def body(client: httpx.AsyncClient) -> None:
        made = await client.post("/tokens", json={"name": "ada", "role": "operator"})
        assert made.status_code == 201
        secret = made.json()["secret"]
        assert secret not in (await client.get("/tokens")).text
        assert (await client.get("/queue", headers=header(secret))).status_code == 200
        for wrong in ({"name": "single-user"}, {"name": "a", "role": "king"}, {"name": " a"}):
            assert (await client.post("/tokens", json=wrong)).status_code == 422
        late = {"name": "a", "expires_at": "2020-01-01T00:00:00Z"}
        assert (await client.post("/tokens", json=late)).json()["detail"][0]["field"] == "expires_at"

    serve(body)


def test_wrong_keys_have_to_wait_and_missing_ones_have_not(serve: Serve, app: FastAPI, store: Store) -> None:
    """A right key from the same address has to wait, too, or guessing would tell; unless it was right there before."""
    secret, _ = store.create_token("newcomer", "operator")

    async def body(client: httpx.AsyncClient) -> None:
        assert (await client.get("/status")).status_code == 200
        for _ in range(3 * WRONG):
            assert (await client.get("/status", headers={"Authorization": ""})).status_code == 401
        for _ in range(WRONG):
            assert (await client.get("/status", headers=header("wrong"))).status_code == 401
        answer = await client.get("/status", headers=header(secret))
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert (await client.get("/status")).status_code == 200  # it was right before
        assert (await raw(app, "GET", "/api/v1/status", header("another"), [b""]))[0] == 401

    serve(body)


def test_wrong_keys_are_forgotten() -> None:
    """After the window; and the table of addresses has an end."""
    now = [0.0]
    wrong = WrongKeys(2, 10.0, lambda: now[0])
    wrong.count("a")
    now[0] = 4.0
    wrong.count("a")
    assert (wrong.wait("a"), wrong.wait("b")) == (6, 0)
    now[0] = 10.5
    assert wrong.wait("a") == 0
    for number in range(20_000):
        wrong.count(str(number))
    assert len(wrong._times) <= 10_000


def test_a_body_has_an_end(app: FastAPI, serve: Serve) -> None:
    """By its header, or while it is read."""

    async def body(client: httpx.AsyncClient) -> None:
        large = json.dumps({"plan": "x" * BODY})
        assert (await client.post("/queue", content=large)).status_code == 413
        key = {**header("the single user's key"), "Content-Type": "application/json"}
        parts = [b"x" * 300_000] * 20
        assert await raw(app, "POST", "/api/v1/queue", key, parts) == (413, 4)

    serve(body)


def test_the_lock_holds_others_back(serve: Serve, store: Store) -> None:
    """They are told who and since when; reading goes on, and an administrator can break it."""
    ada, bob = (store.create_token(name, "operator")[0] for name in ("ada", "bob"))

    async def body(client: httpx.AsyncClient) -> None:
        taken = await client.post("/lock", json={"note": "alignment"}, headers=header(ada))
        assert taken.json()["lock"]["holder"] == "ada"
        new = {"plan": "grid_scan"}
        assert (await client.post("/queue", json=new, headers=header(ada))).status_code == 201
        for method, path in (("POST", "/queue"), ("POST", "/plan/pause"), ("DELETE", "/queue")):
            refused = await client.request(method, path, json=new, headers=header(bob))
            assert refused.status_code == 423
            assert "ada holds the control lock since 20" in refused.json()["detail"]
            assert "alignment" in refused.json()["detail"]
        for end in ("abort", "halt"):  # what goes wrong can be ended by whoever may control plans
            assert (await client.post(f"/plan/{end}", headers=header(bob))).status_code in (200, 409)
        assert (await client.get("/queue", headers=header(bob))).status_code == 200
        assert (await client.get("/status", headers=header(bob))).json()["lock"]["holder"] == "ada"
        assert (await client.delete("/lock", headers=header(bob))).status_code == 423
        assert (await client.delete("/lock?force=true", headers=header(bob))).status_code == 403
        assert (await client.delete("/lock")).status_code == 423
        assert (await client.delete("/lock?force=true")).status_code == 200
        assert (await client.post("/queue", json=new, headers=header(bob))).status_code == 201

    serve(body)


def test_every_write_is_in_the_access_log(serve: Serve, store: Store) -> None:
    """Also those that were refused; with a name, never with a key."""
    secret, token = store.create_token("ada", "operator")

    async def body(client: httpx.AsyncClient) -> None:
        await client.post("/queue", json={"plan": "grid_scan"}, headers=header(secret))
        await client.post("/tokens", json={"name": "x"}, headers=header(secret))
        await client.post("/queue/start", headers=header("wrong"))
        await client.get("/status", headers=header(secret))
        page = (await client.get("/accesses?limit=2")).json()
        assert [(each["name"], each["path"], each["status"]) for each in page["accesses"]] == [
            ("", "/api/v1/queue/start", 401),
            ("ada", "/api/v1/tokens", 403),
        ]
        (last,) = (await client.get(f"/accesses?before={page['next']}")).json()["accesses"]
        assert (last["path"], last["status"], last["token_id"]) == ("/api/v1/queue", 201, token.id)
        assert last["address"] == "127.0.0.1"

    serve(body)


def test_the_single_users_key_is_made_once(settings: Settings) -> None:
    """Nobody else can read it; that of the settings wins."""
    assert single_user_key(settings) == "the single user's key"
    without = settings.model_copy(update={"server": settings.server.model_copy(update={"api_key": None})})
    key = single_user_key(without)
    file = settings.data / "api_key"
    assert len(key) >= 32
    assert file.read_text().strip() == key == single_user_key(without)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "key"), [("ApiKey a", "a"), ("bearer  b ", "b"), ("Basic c", None), ("ApiKey", None), ("", None)]
)
def test_keys_in_headers(text: str, key: str | None) -> None:
    """Schemes are not case sensitive."""
    assert key_in(text) == key
