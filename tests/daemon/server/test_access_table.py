"""The table in the docs is exactly what happens: every endpoint, with every kind of key."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from daemon.server import make_app
from daemon.server.queueserver import environment
from daemon.settings import Settings, load_settings
from daemon.store import ROLES, Store, tokens

KEY = "the single user's key"
ROW = re.compile(r"^\| (\w+) \| `(\S+)` \| (no key|any key|`[\w:]+`) \| (\S+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
PATHS = {"uid": "nobody", "token": "nobody", "name": "nothing", "number": "9", "principal": "nobody", "session": "none"}
STRANGERS = ("none", "wrong", "expired", "revoked")
KNOWN = ("observer", "operator", "administrator", "single-user")
Played: TypeAlias = Any
"""The engine of `conftest.py`, whose class cannot be imported from here."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table.

    Attributes:
        method: of HTTP, or WebSocket.
        path: with names of parameters.
        scope: as the table has it.
        allowed: roles that the table lets in.
    """

    method: str
    path: str
    scope: str
    allowed: frozenset[str]

    @property
    def url(self) -> str:
        """The path with something for each parameter."""
        return re.sub(r"\{(\w+)\}", lambda match: PATHS.get(match[1], "nothing"), self.path)


@pytest.fixture(scope="module")
def table(project_root: Path) -> list[Row]:
    """The table as the page has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(project_root / "docs")
        from reference_doors import access

        found = ROW.findall(access())
    return [
        Row(
            method,
            path,
            scope.strip("`"),
            frozenset(role for role, yes in zip(ROLES, has, strict=True) if yes == "yes"),
        )
        for method, path, scope, *has in found
    ]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with patience: the table is full of wrong keys."""
    for name in list(os.environ):
        if name.startswith("BEAMPILOT_"):
            monkeypatch.delenv(name)
    return load_settings(None, data=tmp_path, server={"api_key": KEY, "wrong_keys": 10**6})


@pytest.fixture
def keys(store: Store) -> dict[str, str]:
    """A key of each kind; none for `none`."""
    made = {role: store.create_token(role, role)[0] for role in ROLES}
    revoked, token = store.create_token("revoked", "administrator")
    store.revoke_token(token.id)
    expired, _ = store.create_token("expired", "administrator", datetime.now(UTC) - timedelta(seconds=1))
    return {**made, "single-user": KEY, "wrong": "bp_wrong", "expired": expired, "revoked": revoked, "none": ""}


@pytest.fixture
def harmless(engine: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is killed: the engine says it is a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    engine.state["pid"] = process.pid
    monkeypatch.setattr(environment, "LEAVE", 0.01)


def header(key: str) -> dict[str, str]:
    """The header with a key; none where there is none."""
    return {"Authorization": f"ApiKey {key}"} if key else {}


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        await app.state.queue.watch.look()
        yield client


def verdict(status: int) -> str:
    """What a status says of a key."""
    return {401: "stranger", 403: "lacks it"}.get(status, "let in")


def expected(row: Row, kind: str) -> str:
    """What the table says of a key."""
    if row.scope == "no key":
        return "let in"
    if kind in STRANGERS:
        return "stranger"
    return "let in" if kind.replace("single-user", "administrator") in row.allowed else "lacks it"


def test_the_table_has_every_endpoint(table: list[Row], app: FastAPI) -> None:
    """Those of the OpenAPI, each once, and the WebSockets."""
    described = [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]
    shown = [(row.method, row.path) for row in table if row.method != "WebSocket"]
    assert sorted(shown) == sorted(described)
    assert len(shown) > 100
    assert sorted(row.path for row in table if row.method == "WebSocket") == sorted(sockets(app.routes))
    assert [row.path for row in table if row.scope == "no key"] == ["/api/v1/healthz"]


def sockets(routes: Any, prefix: str = "") -> Iterator[str]:  # noqa: ANN401 - routes of any kind
    """Paths of all WebSockets of an app."""
    from starlette.routing import WebSocketRoute

    for route in routes:
        inner = getattr(route, "original_router", None)
        if isinstance(route, WebSocketRoute):
            yield prefix + route.path
        elif inner is not None:
            yield from sockets(inner.routes, prefix + getattr(route.include_context, "prefix", ""))


@pytest.mark.timeout(120)
def test_http_is_as_the_table_says(
    table: list[Row],
    app: FastAPI,
    keys: Mapping[str, str],
    harmless: None,
    store: Store,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every method and path with every key; what is allowed is allowed, whatever else it is answered."""
    caplog.set_level(logging.DEBUG)
    wrong, writes = [], []

    async def body() -> None:
        async with client_of(app) as client:
            for row in table:
                for kind in (*STRANGERS, *KNOWN) if row.method != "WebSocket" else ():
                    # Where a key is refreshed, it is its own refresh token.
                    content = {"refresh_token": keys[kind]} if row.path.endswith("/refresh") else {}
                    answer = await client.request(row.method, row.url, json=content, headers=header(keys[kind]))
                    if verdict(answer.status_code) != expected(row, kind):
                        wrong.append((row.method, row.path, kind, answer.status_code, answer.text[:200]))
                    assert not [name for name in answer.headers if name.startswith("access-control")]
                    assert answer.status_code < 500, (row, kind, answer.text)
                    if answer.status_code == 401 and kind == "none":
                        assert answer.headers["www-authenticate"] == "ApiKey"
                    if row.method != "GET":
                        writes.append((kind if kind in KNOWN else "", row.method, row.url, answer.status_code))
                if (lock := store.lock_state()) is not None:
                    store.unlock(lock.holder, force=True)

    asyncio.run(body())
    assert not wrong
    logged = [(each.name, each.method, each.path, each.status) for each in reversed(store.accesses(10_000))]
    assert logged == writes
    secrets = [secret for kind, secret in keys.items() if secret]
    assert not [record for record in caplog.records if any(secret in record.getMessage() for secret in secrets)]
    assert not [row for row in logged if any(secret in str(row) for secret in secrets)]


def test_websockets_are_as_the_table_says(table: list[Row], app: FastAPI, keys: Mapping[str, str]) -> None:
    """Under /api/v1 the key comes in the first message, under /api in the header."""
    wrong = []

    async def body() -> None:
        async with client_of(app):
            for row in table:
                for kind in (*STRANGERS, *KNOWN) if row.method == "WebSocket" else ():
                    found = await opened(app, row.path, keys[kind])
                    if found != expected(row, kind):
                        wrong.append((row.path, kind, found))

    asyncio.run(body())
    assert not wrong


def test_websockets_refuse_pages_of_other_servers(table: list[Row], app: FastAPI, keys: Mapping[str, str]) -> None:
    """Before they are open; under /api no page can send the header with the key."""

    async def body() -> list[str]:
        async with client_of(app):
            sockets = [row.path for row in table if row.method == "WebSocket" and row.path.startswith("/api/v1/")]
            assert len(sockets) == 3
            return [await opened(app, path, keys["administrator"], origin="https://evil.example") for path in sockets]

    assert asyncio.run(body()) == ["lacks it"] * 3


async def opened(app: FastAPI, path: str, key: str, origin: str | None = None) -> str:
    """What becomes of a WebSocket."""
    said: asyncio.Queue[Any] = asyncio.Queue()
    said.put_nowait({"type": "websocket.connect"})
    ours = path.startswith("/api/v1/")
    if ours:
        said.put_nowait({"type": "websocket.receive", "text": f'{{"authorization": "ApiKey {key}"}}'})
    answers: asyncio.Queue[Any] = asyncio.Queue()
    headers = [(b"host", b"test")] + ([(b"origin", origin.encode())] if origin else [])
    if not ours and key:
        headers.append((b"authorization", f"ApiKey {key}".encode()))
    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    scope |= {
        "scheme": "ws",
        "server": ("test", 80),
        "client": ("127.0.0.1", 1),
        "subprotocols": [],
        "headers": headers,
    }
    task = asyncio.create_task(app({**scope, "asgi": {"version": "3.0"}}, said.get, answers.put))
    try:
        return await _became(answers, ours)
    finally:
        said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _became(answers: asyncio.Queue[Any], ours: bool) -> str:
    try:
        while True:
            async with asyncio.timeout(0.3):
                answer = await answers.get()
            if answer["type"] == "websocket.close" and not ours:
                return "lacks it" if "scope" in answer["reason"] and "lacks" in answer["reason"] else "stranger"
            if answer["type"] == "websocket.close":
                return {4401: "stranger", 4403: "lacks it"}[answer["code"]]
            if answer["type"] == "websocket.send" or not ours:
                return "let in"
    except TimeoutError:  # open, and nothing to be told
        return "let in"


def test_a_body_without_an_end_is_not_waited_for(table: list[Row], app: FastAPI, keys: Mapping[str, str]) -> None:
    """Whoever may not ask is told so at once, at every endpoint, and not a byte of theirs is read."""

    async def endless() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    async def body() -> None:
        async with client_of(app) as client, asyncio.timeout(30):
            for row in table:
                for kind in ("none", "wrong", "observer") if row.method not in ("GET", "WebSocket") else ():
                    if expected(row, kind) != "let in":
                        answer = await client.request(
                            row.method, row.url, headers=header(keys[kind]), content=endless()
                        )
                        assert answer.status_code in (401, 403)

    asyncio.run(body())


def test_a_key_in_the_address_is_no_key(app: FastAPI, keys: Mapping[str, str]) -> None:
    """Addresses end up in logs and histories."""

    async def body() -> None:
        async with client_of(app) as client:
            for name in ("api_key", "key", "token", "authorization"):
                for path in ("/api/v1/status", "/api/status"):
                    assert (await client.get(path, params={name: keys["single-user"]})).status_code == 401
            preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            answer = await client.options("/api/v1/queue", headers={**preflight, **header(KEY)})
            assert answer.status_code == 405
            assert not [name for name in answer.headers if name.startswith("access-control")]

    asyncio.run(body())


def test_keys_are_compared_in_constant_time(app: FastAPI, keys: Mapping[str, str], monkeypatch: Any) -> None:  # noqa: ANN401
    """The single user's key, and the digests of tokens."""
    from daemon.server import access

    compared: list[Any] = []
    real: Callable[..., bool] = hmac.compare_digest

    def spy(first: Any, second: Any) -> bool:  # noqa: ANN401 - as hmac's
        compared.append(first)
        return real(first, second)

    for module in (access, tokens):
        monkeypatch.setattr(module, "hmac", type("Spied", (), {"compare_digest": staticmethod(spy)}))
    assert app.state.keys.principal(keys["operator"]).role == "operator"
    assert len(compared) == 2
    assert app.state.keys.principal(keys["single-user"]).role == "administrator"
    assert len(compared) == 3


def test_ten_wrong_keys_are_the_default(settings: Settings, store: Store, engine: Played, tmp_path: Path) -> None:
    """Ten are told that they are wrong, the next has to wait; missing ones never have to."""
    plain = load_settings(None, data=tmp_path, server={"api_key": KEY})
    app = make_app(plain, store, engine)

    async def body() -> None:
        async with client_of(app) as client:
            for _ in range(30):
                assert (await client.get("/api/v1/status")).status_code == 401
            answers = [await client.get("/api/status", headers=header("wrong")) for _ in range(11)]
            assert [answer.status_code for answer in answers] == [401] * 10 + [429]
            assert int(answers[-1].headers["retry-after"]) > 0
            assert (await client.get("/api/v1/status")).status_code == 401

    asyncio.run(body())
